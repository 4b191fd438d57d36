/* fields.c - the groups of fields in a message/delivery-status (RFC 3464 section 2.1).
 *
 * By hand, since GMime reads one header and real reports are wrong in ways that its header parser
 * would not forgive: groups without an empty line between them, lines without a field name. */
#include "internal.h"

#include "explain/mem.h"

#include <string.h>
#include <strings.h>

#define MAX_VALUE 8000

static bool is_blank(const char *line, size_t len)
{
	return strspn(line, " \t\r") >= len;
}

/* The octets of the field name in front of a colon; 0 if the line has none. */
static size_t name_length(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && line[i] > ' ' && line[i] < 0x7f && line[i] != ':')
		i++;
	size_t name = i;
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return name > 0 && i < len && line[i] == ':' ? name : 0;
}

static char *unfolded(struct arena *arena, const char *text, size_t len)
{
	if (len > MAX_VALUE)
		for (len = MAX_VALUE; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
			len--;
	char *value = arena_strndup(arena, text, len);
	char *out = value;

	for (const char *in = value; *in; in++) {
		bool blank = strchr(" \t\r\n", *in) != NULL;
		if (blank && (out == value || out[-1] == ' '))
			continue;
		*out++ = blank ? ' ' : *in;
	}
	if (out > value && out[-1] == ' ')
		out--;
	*out = '\0';
	return value;
}

static bool is_field(const char *line, const char *name)
{
	size_t len = strlen(name);

	return name_length(line, strcspn(line, "\n")) == len && strncasecmp(line, name, len) == 0;
}

/* Fields that stand once in a group, at its beginning: a second one begins the next recipient's
 * group although no empty line says so (seen of several content filters). So does the first
 * original recipient of all, with a final one right below. NEXT: the line behind the field. */
static bool begins_group(
    const struct field *fields, size_t count, const char *name, const char *next)
{
	static const char *const first[] = {"Final-Recipient", "Original-Recipient"};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (strcasecmp(name, first[i]) == 0 && fields_get(fields, count, first[i]))
			return true;
	return strcasecmp(name, first[1]) == 0 && fields_get(fields, count, first[0]) &&
	       is_field(next, first[0]);
}

size_t fields_next_group(const char **text, struct field fields[MAX_FIELDS], struct arena *arena)
{
	const char *at = *text;
	size_t count = 0;

	while (*at) {
		size_t len = strcspn(at, "\n");
		const char *next = at[len] ? at + len + 1 : at + len;
		if (is_blank(at, len)) {
			at = next;
			if (count > 0)
				break;
			continue;
		}
		size_t name = name_length(at, len);
		while (*next == ' ' || *next == '\t') {
			size_t more = strcspn(next, "\n");
			if (is_blank(next, more))
				break;
			next = next[more] ? next + more + 1 : next + more;
		}
		if (name > 0) {
			const char *key = arena_strndup(arena, at, name);
			const char *value = strchr(at + name, ':') + 1;
			if (begins_group(fields, count, key, next))
				break;
			if (count < MAX_FIELDS)
				fields[count++] = (struct field){
				    key, unfolded(arena, value, (size_t)(next - value))};
		}
		at = next;
	}
	*text = at;
	return count;
}

const char *fields_get(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(fields[i].name, name) == 0)
			return fields[i].value;
	return NULL;
}

const char *fields_typed(const char *value, struct span *type)
{
	size_t len = strcspn(value, ";");

	*type = (struct span){value, 0};
	/* A type is an atom: `x@y; z` has none. */
	if (!value[len] || strcspn(value, " @<\"") < len)
		return value;
	type->len = len;
	value += len + 1;
	return value + strspn(value, " ");
}
