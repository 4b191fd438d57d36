/* entity.c - MIME entities as they stand in the octets of a message.
 *
 * GMime decodes; header fields and where parts begin and end are found here. Everything that we
 * don't write ourselves has to leave as it came, octet by octet, and GMime does not tell where
 * parts stand. And its header parser keeps every name of a character set that it ever met, which
 * lets hostile messages fill the memory of a daemon.
 *
 * Only the first octets of a header are looked at, so that a hostile one costs little. Where
 * readers may differ, since there are two fields or parameters of a name, there is no boundary. */
#include "internal.h"

#include "explain/mem.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <gmime/gmime.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_HEADER ((size_t)256 << 10)
#define MAX_VALUE 8000
/* RFC 2046 section 5.1.1 allows 70. */
#define MAX_BOUNDARY 200

static size_t line_length(struct span span, size_t from)
{
	const char *end = memchr(span.data + from, '\n', span.len - from);

	return end ? (size_t)(end - span.data) - from + 1 : span.len - from;
}

static bool is_blank_line(const char *line, size_t len)
{
	return (len == 1 && line[0] == '\n') || (len == 2 && line[0] == '\r' && line[1] == '\n');
}

/* The octets of the header, the empty line behind it included. */
static size_t header_length(struct span whole)
{
	size_t at = 0;

	while (at < whole.len) {
		size_t len = line_length(whole, at);
		at += len;
		if (is_blank_line(whole.data + at - len, len))
			break;
	}
	return at;
}

/* The value of the field called NAME at or behind *FROM, which moves behind the field: as it
 * stands, with its line breaks. No data if there is none. */
static struct span next_field(struct span header, const char *name, size_t *from)
{
	size_t name_len = strlen(name);

	for (size_t at = *from, next; at < header.len; at = next) {
		next = at + line_length(header, at);
		if (next - at <= name_len || strncasecmp(header.data + at, name, name_len) != 0)
			continue;
		at += name_len;
		while (at < next && (header.data[at] == ' ' || header.data[at] == '\t'))
			at++;
		if (at++ == next || header.data[at - 1] != ':')
			continue;
		while (next < header.len && (header.data[next] == ' ' || header.data[next] == '\t'))
			next += line_length(header, next);
		*from = next;
		return (struct span){header.data + at, next - at};
	}
	return (struct span){NULL, 0};
}

/* LF as line end, nothing that is no UTF-8, and no other control characters. */
static void add_clean(struct strbuf *out, const char *text, size_t len)
{
	size_t valid = utf8_valid(text, len);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (i == valid) {
			strbuf_addch(out, '?');
			valid = i + 1 + utf8_valid(text + i + 1, len - i - 1);
		} else if (c == '\r') {
			if (i + 1 == len || text[i + 1] != '\n')
				strbuf_addch(out, '\n');
		} else {
			bool control = (c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
			strbuf_addch(out, control ? ' ' : text[i]);
		}
	}
}

/* A field's value on one line. */
static const char *unfold(struct span value, struct arena *arena)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	add_clean(&out, value.data, value.len < MAX_VALUE ? value.len : MAX_VALUE);
	size_t len = 0;
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] != '\n')
			out.data[len++] = out.data[i];
	while (len > 0 && (out.data[len - 1] == ' ' || out.data[len - 1] == '\t'))
		len--;
	size_t blanks = 0;
	while (blanks < len && (out.data[blanks] == ' ' || out.data[blanks] == '\t'))
		blanks++;
	const char *result = arena_strndup(arena, strbuf_str(&out) + blanks, len - blanks);
	strbuf_free(&out);
	return result;
}

const char *entity_header(const struct entity *entity, const char *name)
{
	size_t from = 0;
	struct span value = next_field(entity->header, name, &from);

	return value.data ? unfold(value, entity->arena) : NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* A token or quoted string (RFC 2045 section 5.1) at *AT, which moves behind it. */
static char *read_value(const char **at, struct arena *arena)
{
	const char *in = skip_blanks(*at);
	bool quoted = *in == '"';
	char *value = arena_strndup(arena, in, strlen(in)), *out = value;

	for (in += quoted; *in && (quoted ? *in != '"' : !strchr("; \t(", *in)); in++) {
		if (quoted && *in == '\\' && in[1])
			in++;
		*out++ = *in;
	}
	*out = '\0';
	*at = *in == '"' && quoted ? in + 1 : in;
	return value;
}

/* The parameter NAME of a Content-Type; NULL if there is none, or more than one. */
static const char *read_parameter(const char *type, const char *name, struct arena *arena)
{
	const char *found = NULL;
	size_t len = strlen(name);

	for (const char *at = type + strcspn(type, ";"); *at; at += strcspn(at, ";")) {
		at = skip_blanks(at + 1);
		bool is_it = strncasecmp(at, name, len) == 0;
		const char *behind = is_it ? skip_blanks(at + len) : at;
		/* RFC 2231: no bounce has a boundary in pieces or in another character set. */
		if (is_it && *behind == '*')
			return NULL;
		is_it = is_it && *behind == '=';
		at = is_it ? behind : at + strcspn(at, "=;");
		if (*at != '=')
			continue;
		at++;
		if (is_it) {
			if (found)
				return NULL;
			found = read_value(&at, arena);
		} else if (*(at = skip_blanks(at)) == '"') {
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\' && at[1];
		}
	}
	return found;
}

/* "multipart/report" of the Content-Type VALUE, in lower case; "" if it is none. */
static const char *read_type(const char *value, struct arena *arena)
{
	size_t len = strcspn(value, "; \t(");
	char *type = arena_strndup(arena, value, len);

	for (char *c = type; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return strchr(type, '/') ? type : "";
}

static bool is_boundary(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len > 0 && len <= MAX_BOUNDARY;
}

static enum encoding read_encoding(const char *value)
{
	static const struct {
		const char *name;
		enum encoding encoding;
	} names[] = {{"7bit", ENCODING_IDENTITY}, {"8bit", ENCODING_IDENTITY},
	    {"binary", ENCODING_IDENTITY}, {"quoted-printable", ENCODING_QUOTED_PRINTABLE},
	    {"base64", ENCODING_BASE64}};

	if (!value)
		return ENCODING_IDENTITY;
	size_t len = strcspn(value, " \t;");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len && strncasecmp(value, names[i].name, len) == 0)
			return names[i].encoding;
	return ENCODING_UNKNOWN;
}

void entity_open(struct entity *entity, struct span whole, struct arena *arena)
{
	size_t header = header_length(whole), from = 0;

	*entity = (struct entity){.whole = whole,
	    .header = {whole.data, header < MAX_HEADER ? header : MAX_HEADER},
	    .body = {whole.data + header, whole.len - header},
	    .arena = arena,
	    .type = "text/plain"};
	entity->encoding = read_encoding(entity_header(entity, "Content-Transfer-Encoding"));
	struct span field = next_field(entity->header, "Content-Type", &from);
	if (!field.data)
		return;
	const char *value = unfold(field, arena);
	entity->type = read_type(value, arena);
	entity->charset = read_parameter(value, "charset", arena);
	if (next_field(entity->header, "Content-Type", &from).data || header > MAX_HEADER)
		return;
	const char *boundary = read_parameter(value, "boundary", arena);
	entity->boundary = is_boundary(boundary) ? boundary : NULL;
}

/* Is the line at AT a delimiter (RFC 2046 section 5.1.1)? Then *END is behind it. A longer boundary
 * is the one of another multipart. */
static bool is_delimiter(const struct entity *entity, size_t at, size_t *end, bool *closing)
{
	struct span body = entity->body;
	size_t len = strlen(entity->boundary), behind = at + 2 + len;

	if (behind > body.len || body.data[at] != '-' || body.data[at + 1] != '-' ||
	    memcmp(body.data + at + 2, entity->boundary, len) != 0)
		return false;
	*closing = behind + 2 <= body.len && memcmp(body.data + behind, "--", 2) == 0;
	behind += *closing ? 2 : 0;
	while (behind < body.len && (is_blank(body.data[behind]) || body.data[behind] == '\r'))
		behind++;
	*end = behind < body.len ? behind + 1 : behind;
	return behind == body.len || body.data[behind] == '\n';
}

/* The next delimiter line at or behind FROM, where a line begins: where it begins, with the line
 * break before it, which belongs to it; where it ends; whether it is the last one. */
static bool find_delimiter(
    const struct entity *entity, size_t from, size_t *begin, size_t *end, bool *closing)
{
	struct span body = entity->body;

	for (size_t at = from; at < body.len; at += line_length(body, at)) {
		if (!is_delimiter(entity, at, end, closing))
			continue;
		*begin = at;
		if (at > 0)
			*begin -= at > 1 && body.data[at - 2] == '\r' ? 2 : 1;
		return true;
	}
	return false;
}

size_t entity_parts(const struct entity *entity, struct span *parts, size_t max)
{
	size_t begin, end, count = 0;
	bool closing = false;

	if (!entity->boundary || !find_delimiter(entity, 0, &begin, &end, &closing))
		return 0;
	while (!closing && count < max) {
		size_t start = end;
		bool more = find_delimiter(entity, start, &begin, &end, &closing);
		if (!more)
			begin = entity->body.len;
		/* The break before a delimiter belongs to it, but so may the one behind the last.
		 */
		if (begin < start)
			begin = start;
		parts[count++] = (struct span){entity->body.data + start, begin - start};
		if (!more)
			break;
	}
	return count;
}

/* The character sets of mail, and no others: converters of the rest are hardly ever run, and some
 * had faults that end the process. */
static bool is_charset_of_mail(const char *charset)
{
	static const char *const begins[] = {"utf-8", "iso-8859-", "windows-125", "cp125", "koi8-",
	    "gb2312", "gbk", "gb18030", "big5", "euc-kr", "euc-jp", "ks_c_5601-", "shift_jis",
	    "iso-2022-jp", "iso-2022-kr", "tis-620"};

	if (strlen(charset) > 20 || strchr(charset, '/'))
		return false;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncasecmp(charset, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

bool entity_is_readable(const struct entity *entity)
{
	return entity->encoding != ENCODING_UNKNOWN &&
	       (!entity->charset || strcasecmp(entity->charset, "us-ascii") == 0 ||
	           is_charset_of_mail(entity->charset));
}

static void decode(const struct entity *entity, struct strbuf *out, size_t max)
{
	size_t len = entity->body.len < max ? entity->body.len : max;
	GMimeEncoding state;

	if (entity->encoding != ENCODING_BASE64 && entity->encoding != ENCODING_QUOTED_PRINTABLE) {
		strbuf_add(out, entity->body.data, len);
		return;
	}
	g_mime_encoding_init_decode(&state, entity->encoding == ENCODING_BASE64
	                                        ? GMIME_CONTENT_ENCODING_BASE64
	                                        : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	char *decoded = mem_alloc(g_mime_encoding_outlen(&state, len) + 1);
	strbuf_add(out, decoded, g_mime_encoding_flush(&state, entity->body.data, len, decoded));
	free(decoded);
}

static char *from_charset(const char *charset, const char *text, size_t len)
{
	/* Not GMime's, which keeps each name for ever. */
	iconv_t from = is_charset_of_mail(charset) ? iconv_open("UTF-8", charset) : (iconv_t)-1;

	if (from == (iconv_t)-1)
		return NULL;
	char *converted = g_mime_iconv_strndup(from, text, len);
	iconv_close(from);
	return converted;
}

/* Octets of no known character set: as UTF-8 if they are, else as Windows-1252, as readers do.
 * NULL: TEXT is UTF-8 as it stands. */
static char *convert(const char *charset, const char *text, size_t len)
{
	bool foreign = utf8_valid(text, len) != len;
	/* Nothing but ASCII octets, which say something else. */
	bool shifted = charset && strncasecmp(charset, "iso-2022", 8) == 0;
	char *converted = charset && (foreign || shifted) ? from_charset(charset, text, len) : NULL;

	return converted || !foreign ? converted : from_charset("windows-1252", text, len);
}

void entity_text(const struct entity *entity, struct strbuf *out, size_t max)
{
	struct strbuf octets;

	strbuf_init(&octets, 0);
	decode(entity, &octets, max);
	for (size_t i = 0; i < octets.len; i++)
		if (octets.data[i] == '\0')
			octets.data[i] = ' ';
	/* A character that was cut makes no other character set of it. */
	size_t len = octets.len, tail = 0;
	while (entity->body.len > max && tail < 3 && tail < len &&
	       ((unsigned char)octets.data[len - tail - 1] & 0xC0) == 0x80)
		tail++;
	if (entity->body.len > max && len > tail &&
	    (unsigned char)octets.data[len - tail - 1] >= 0xC0 &&
	    utf8_valid(octets.data + len - tail - 1, tail + 1) != tail + 1)
		len -= tail + 1;
	char *converted = convert(entity->charset, strbuf_str(&octets), len);
	if (converted)
		add_clean(out, converted, strlen(converted));
	else
		add_clean(out, strbuf_str(&octets), len);
	g_free(converted);
	strbuf_free(&octets);
}
