/* status.c - enhanced status codes (RFC 3463 section 2). */
#include "explain/status.h"

#include "explain/strbuf.h"

#include <ctype.h>

/* A number of one to three digits, or with ANY an `x`. Returns the octets used. */
static size_t parse_part(const char *text, size_t len, bool any, short *value)
{
	size_t at = 0;

	if (any && len > 0 && (text[0] == 'x' || text[0] == 'X')) {
		*value = STATUS_ANY;
		return 1;
	}
	for (*value = 0; at < len && at < 3 && isdigit((unsigned char)text[at]); at++)
		*value = (short)(*value * 10 + (text[at] - '0'));
	return at;
}

static size_t parse(struct status *status, const char *text, size_t len, bool any)
{
	short *const parts[] = {&status->class, &status->subject, &status->detail};
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		if (i > 0 && (at == len || text[at++] != '.'))
			return 0;
		size_t used = parse_part(text + at, len - at, any, parts[i]);
		if (used == 0)
			return 0;
		at += used;
	}
	return at;
}

static bool is_class(short class)
{
	return class == 2 || class == 4 || class == 5;
}

size_t status_parse(struct status *status, const char *text, size_t len)
{
	struct status found;
	size_t used = parse(&found, text, len, false);

	if (used == 0 || text[1] != '.' || !is_class(found.class))
		return 0;
	if (used < len && (isalnum((unsigned char)text[used]) || text[used] == '.'))
		return 0;
	*status = found;
	return used;
}

bool status_parse_pattern(struct status *pattern, const char *text, size_t len)
{
	return len > 1 && text[1] == '.' && parse(pattern, text, len, true) == len &&
	       (pattern->class == STATUS_ANY || is_class(pattern->class));
}

static bool part_matches(short pattern, short value)
{
	return pattern == STATUS_ANY || pattern == value;
}

bool status_matches(const struct status *pattern, const struct status *status)
{
	return status->class != 0 && part_matches(pattern->class, status->class) &&
	       part_matches(pattern->subject, status->subject) &&
	       part_matches(pattern->detail, status->detail);
}

int status_key(const struct status *status)
{
	return (status->class * 1000 + status->subject) * 1000 + status->detail;
}

static void add_part(struct strbuf *out, short value)
{
	if (value == STATUS_ANY)
		strbuf_addch(out, 'x');
	else
		strbuf_addu(out, (unsigned)value);
}

void status_add(struct strbuf *out, const struct status *status)
{
	add_part(out, status->class);
	strbuf_addch(out, '.');
	add_part(out, status->subject);
	strbuf_addch(out, '.');
	add_part(out, status->detail);
}
