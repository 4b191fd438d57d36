/* entity.c - MIME entities as they stand in the octets of a message.
 *
 * GMime reads the values of header fields and decodes; where fields and parts begin and end is
 * found here, since everything that we don't write ourselves has to leave as it came, octet by
 * octet, and GMime does not tell where parts stand. That also keeps a returned message of megabytes
 * out of GMime, and the many fields that nobody asks for: its objects for them would be most of the
 * cost.
 *
 * Only the first octets of a header are looked at, so that a hostile one costs little. */
#include "internal.h"

#include "explain/dsn.h"
#include "explain/mem.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_HEADER ((size_t)256 << 10)
/* RFC 2046 section 5.1.1 allows 70. */
#define MAX_BOUNDARY 200

static pthread_once_t initialized = PTHREAD_ONCE_INIT;

static void initialize(void)
{
	g_mime_init();
}

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

static char *lower(struct arena *arena, const char *text)
{
	char *copy = arena_strndup(arena, text, strlen(text));

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return copy;
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

static const char *const wanted[HEADER_COUNT] = {
    "Content-Type",
    "Content-Transfer-Encoding",
    "Accept-Language",
    "Content-Language",
    "From",
    "To",
    "Return-Path",
    "X-Failed-Recipients",
    "Subject",
    "X-List-Administrivia",
    "X-MLServer",
    DSN_MARK,
};

static int find_wanted(const char *name, size_t len)
{
	for (int i = 0; i < HEADER_COUNT; i++)
		if (strlen(wanted[i]) == len && strncasecmp(name, wanted[i], len) == 0)
			return i;
	return -1;
}

static const char *keep(struct arena *arena, const char *text)
{
	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

/* The octets of the field at AT, with all its lines. */
static size_t field_length(struct span header, size_t at)
{
	size_t end = at + line_length(header, at);

	while (end < header.len && (header.data[end] == ' ' || header.data[end] == '\t'))
		end += line_length(header, end);
	return end - at;
}

/* Finds the values in HEADER of the fields that somebody asks for, the first of each but for
 * Content-Type, as GMime does. False if a line is not as RFC 5322 section 2.2 has it. */
static bool find_values(struct span header, struct span values[HEADER_COUNT])
{
	size_t len;

	for (size_t at = 0; at < header.len; at += len) {
		const char *line = header.data + at;
		size_t name = 0;
		if (is_blank_line(line, line_length(header, at)))
			return true;
		len = field_length(header, at);
		while (name < len && line[name] > ' ' && line[name] < 0x7f && line[name] != ':')
			name++;
		if (name == 0 || name == len || line[name] != ':')
			return false;
		int i = find_wanted(line, name);
		if (i >= 0 && (!values[i].data || i == HEADER_CONTENT_TYPE))
			values[i] = (struct span){line + name + 1, len - name - 1};
	}
	return true;
}

static void read_type(struct entity *entity, GMimeContentType *type, struct arena *arena)
{
	char *name = g_mime_content_type_get_mime_type(type);

	entity->type = lower(arena, name);
	g_free(name);
	entity->boundary = keep(arena, g_mime_content_type_get_parameter(type, "boundary"));
	entity->charset = keep(arena, g_mime_content_type_get_parameter(type, "charset"));
}

static void read_value(struct entity *entity, int i, struct span raw, struct arena *arena)
{
	char *unfolded = g_mime_utils_header_unfold(arena_strndup(arena, raw.data, raw.len));
	char *value = g_mime_utils_header_decode_text(NULL, unfolded);

	entity->values[i] = keep(arena, value);
	if (i == HEADER_CONTENT_TYPE) {
		GMimeContentType *type = g_mime_content_type_parse(NULL, value);
		read_type(entity, type, arena);
		g_object_unref(type);
	}
	g_free(value);
	g_free(unfolded);
}

/* What the lines of a broken header mean is for GMime to say. */
static void read_broken(struct entity *entity, struct span header, struct arena *arena)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(header.data, header.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeObject *object = g_mime_parser_construct_part(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	if (!object)
		return;
	for (int i = 0; i < HEADER_COUNT; i++)
		entity->values[i] = keep(arena, g_mime_object_get_header(object, wanted[i]));
	if (g_mime_object_get_content_type(object))
		read_type(entity, g_mime_object_get_content_type(object), arena);
	g_object_unref(object);
}

void entity_open(struct entity *entity, struct span whole, struct arena *arena)
{
	struct span values[HEADER_COUNT] = {{NULL, 0}};
	size_t header = header_length(whole), skip = 0;

	pthread_once(&initialized, initialize);
	*entity = (struct entity){.whole = whole,
	    .body = {whole.data + header, whole.len - header},
	    .type = "text/plain"};
	/* The envelope line of a mailbox file, as some delivery agents give it to filters. */
	if (header > 5 && memcmp(whole.data, "From ", 5) == 0)
		skip = line_length(whole, 0);
	size_t read = header - skip < MAX_HEADER ? header - skip : MAX_HEADER;
	struct span fields = {whole.data + skip, read};
	if (!find_values(fields, values))
		read_broken(entity, fields, arena);
	else
		for (int i = 0; i < HEADER_COUNT; i++)
			if (values[i].data)
				read_value(entity, i, values[i], arena);
	entity->encoding = read_encoding(entity->values[HEADER_ENCODING]);
}

const char *entity_header(const struct entity *entity, enum header header)
{
	return entity->values[header];
}

/* The next delimiter line (RFC 2046 section 5.1.1) at or behind FROM: where it begins, with the
 * line break before it, which belongs to it; where it ends; whether it is the last one. */
static bool find_delimiter(
    const struct entity *entity, size_t from, size_t *begin, size_t *end, bool *closing)
{
	struct span body = entity->body;
	size_t len = strlen(entity->boundary);

	while (from + 2 + len <= body.len) {
		const char *found =
		    memmem(body.data + from, body.len - from, entity->boundary, len);
		if (!found)
			return false;
		size_t at = (size_t)(found - body.data);
		from = at + 1;
		if (at < 2 || found[-1] != '-' || found[-2] != '-' || (at > 2 && found[-3] != '\n'))
			continue;
		size_t behind = at + len;
		*closing = behind + 2 <= body.len && memcmp(body.data + behind, "--", 2) == 0;
		behind += *closing ? 2 : 0;
		while (behind < body.len && strchr(" \t\r", body.data[behind]))
			behind++;
		if (behind < body.len && body.data[behind] != '\n')
			continue; /* a longer boundary, of another multipart */
		*end = behind < body.len ? behind + 1 : behind;
		*begin = at - 2;
		if (*begin > 0)
			*begin -= *begin > 1 && body.data[*begin - 2] == '\r' ? 2 : 1;
		return true;
	}
	return false;
}

size_t entity_parts(const struct entity *entity, struct span *parts, size_t max)
{
	size_t begin, end, count = 0;
	bool closing = false;

	if (!entity->boundary || !entity->boundary[0] || strlen(entity->boundary) > MAX_BOUNDARY ||
	    !find_delimiter(entity, 0, &begin, &end, &closing))
		return 0;
	while (!closing && count < max) {
		size_t start = end;
		/* The break before a delimiter belongs to it, but so may the one behind the last.
		 */
		bool more =
		    find_delimiter(entity, start > 0 ? start - 1 : 0, &begin, &end, &closing);
		if (!more)
			begin = entity->body.len;
		if (begin < start)
			begin = start;
		parts[count++] = (struct span){entity->body.data + start, begin - start};
		if (!more)
			break;
	}
	return count;
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
	iconv_t from = g_mime_iconv_open("UTF-8", charset);

	if (from == (iconv_t)-1)
		return NULL;
	char *converted = g_mime_iconv_strndup(from, text, len);
	g_mime_iconv_close(from);
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

static void add_with_lf(struct strbuf *out, const char *text, size_t len)
{
	const char *end = text + len, *cr;

	for (; (cr = memchr(text, '\r', (size_t)(end - text))); text = cr + 1) {
		strbuf_add(out, text, (size_t)(cr - text));
		if (cr + 1 == end || cr[1] != '\n')
			strbuf_addch(out, '\n');
	}
	strbuf_add(out, text, (size_t)(end - text));
}

/* LF as line end, and nothing that is no UTF-8. */
static void add_clean(struct strbuf *out, const char *text, size_t len)
{
	strbuf_reserve(out, len);
	for (;;) {
		size_t valid = utf8_valid(text, len);
		add_with_lf(out, text, valid);
		if (valid == len)
			return;
		strbuf_addch(out, '?');
		text += valid + 1;
		len -= valid + 1;
	}
}

void entity_text(const struct entity *entity, struct strbuf *out, size_t max)
{
	struct strbuf octets;

	strbuf_init(&octets, 0);
	decode(entity, &octets, max);
	for (char *nul = octets.data;
	     nul && (nul = memchr(nul, '\0', octets.len - (size_t)(nul - octets.data)));)
		*nul = ' ';
	char *converted = convert(entity->charset, strbuf_str(&octets), octets.len);
	if (converted)
		add_clean(out, converted, strlen(converted));
	else
		add_clean(out, strbuf_str(&octets), octets.len);
	g_free(converted);
	strbuf_free(&octets);
}
