/* annotate.c - a report with an explanation in front.
 *
 * The first part makes way for a multipart/alternative with the explanation and the notice that
 * stood there; a notice that is more than plain text stays as it is, in a multipart/mixed behind
 * the explanation. What stands before and behind is copied octet by octet, with the boundary that
 * it had, so that the message's Content-Type needs no change.
 *
 * A notice of an old program gets the explanation as text in front, if it is one text/plain that is
 * not encoded, and a rule knows its words for every recipient. */
#include "annotate.h"

#include "explain/ascii.h"
#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define MAX_LETTERS 4
#define BOUNDARY_SIZE 48
/* RFC 2045 section 2.7 allows 998; quoted-printable begins earlier, for programs that wrap. */
#define MAX_PLAIN_LINE 900
/* Room for an ordinary text from the start. */
#define TEXT_SIZE 8191

struct writer {
	const struct dsn *dsn;
	const struct dsn_options *options;
	struct letter letters[MAX_LETTERS];
	size_t letter_count;
	struct words words;
	const char *eol;
	struct strbuf *out;
	char boundary[BOUNDARY_SIZE], outer[BOUNDARY_SIZE];
};

static void make_boundary(char boundary[BOUNDARY_SIZE], char kind)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bits[16];
	size_t at = 0;

	if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		memset(bits, 0x5a, sizeof(bits));
	/* `=_` can't stand in quoted-printable (RFC 2045 section 6.7). */
	at = (size_t)snprintf(boundary, BOUNDARY_SIZE, "=_explain_%c_", kind);
	for (size_t i = 0; i < sizeof(bits); i++) {
		boundary[at++] = digits[bits[i] >> 4];
		boundary[at++] = digits[bits[i] & 15];
	}
	boundary[at] = '\0';
}

/* Does TEXT begin with the boundary of the report, or of a multipart around it? What follows does
 * not matter (RFC 2046 section 5.1.1). */
static bool is_ended_by(const struct dsn *dsn, const char *text)
{
	for (size_t i = 0; i < dsn->depth; i++)
		if (strncmp(text, dsn->boundaries[i], strlen(dsn->boundaries[i])) == 0)
			return true;
	return false;
}

static bool is_delimiter(const struct dsn *dsn, const char *text)
{
	return text[0] == '-' && text[1] == '-' && is_ended_by(dsn, text + 2);
}

/* Can TEXT stand as it is? */
static bool is_plain_ascii(const struct dsn *dsn, const char *text)
{
	size_t line = 0;

	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80 || (line == 0 && is_delimiter(dsn, text)))
			return false;
		line = *text == '\n' ? 0 : line + 1;
		if (line > MAX_PLAIN_LINE)
			return false;
	}
	return true;
}

/* TEXT with the message's own line ends. */
static void add_lines(struct writer *writer, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text)), *cr;
		const char *stop = lf ? lf : end;
		for (; (cr = memchr(text, '\r', (size_t)(stop - text))); text = cr + 1)
			strbuf_add(writer->out, text, (size_t)(cr - text));
		strbuf_add(writer->out, text, (size_t)(stop - text));
		if (lf)
			strbuf_addstr(writer->out, writer->eol);
		text = stop + (lf ? 1 : 0);
	}
}

static void add_string(struct writer *writer, const char *text)
{
	add_lines(writer, text, strlen(text));
}

/* Quoted-printable for Latin scripts, where most of it stays readable, base64 for others. */
static void add_encoded(struct writer *writer, const char *text)
{
	size_t len = strlen(text), high = 0;
	GMimeEncoding state;

	for (size_t i = 0; i < len; i++)
		high += (unsigned char)text[i] >= 0x80;
	bool base64 = high > len / 4;
	GMimeContentEncoding encoding =
	    base64 ? GMIME_CONTENT_ENCODING_BASE64 : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	g_mime_encoding_init_encode(&state, encoding);
	char *encoded = mem_alloc(g_mime_encoding_outlen(&state, len) + 1);
	size_t size = g_mime_encoding_flush(&state, text, len, encoded);
	add_string(writer, base64 ? "Content-Transfer-Encoding: base64\n\n"
	                          : "Content-Transfer-Encoding: quoted-printable\n\n");
	for (size_t at = 0, next; at < size; at = next) {
		const char *end = memchr(encoded + at, '\n', size - at);
		next = end ? (size_t)(end - encoded) + 1 : size;
		/* No line may look like a delimiter; there is room for two octets more. */
		bool dash = encoded[at] == '-';
		add_string(writer, dash ? "=2D" : "");
		add_lines(writer, encoded + at + dash, next - at - dash);
	}
	free(encoded);
}

static void add_text_part(struct writer *writer, const char *subtype, const char *text)
{
	bool ascii = is_plain_ascii(writer->dsn, text);
	struct strbuf header;

	strbuf_init(&header, 0);
	strbuf_addf(&header, "--%s\nContent-Type: text/%s; charset=%s\n", writer->boundary, subtype,
	    ascii ? "us-ascii" : "utf-8");
	add_string(writer, strbuf_str(&header));
	strbuf_free(&header);
	if (ascii) {
		add_string(writer, "Content-Transfer-Encoding: 7bit\n\n");
		add_string(writer, text);
	} else {
		add_encoded(writer, text);
	}
	add_string(writer, "\n");
}

static const char *notice_heading(const struct writer *writer)
{
	const struct letter *letter = &writer->letters[0];

	return catalog_page_text(letter->catalog, letter->language, PAGE_BOUNCE_ORIGINAL);
}

static void add_plain(struct writer *writer, const char *notice)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	strbuf_reserve(&text, TEXT_SIZE);
	for (size_t i = 0; i < writer->letter_count; i++)
		letter_add_plain(&text, &writer->letters[i]);
	if (notice)
		strbuf_addf(&text, "---- %s ----\n\n%s", notice_heading(writer), notice);
	add_text_part(writer, "plain", strbuf_str(&text));
	strbuf_free(&text);
}

static void add_html(struct writer *writer, const char *notice)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	strbuf_reserve(&text, TEXT_SIZE);
	letter_add_html_start(&text, &writer->letters[0]);
	for (size_t i = 0; i < writer->letter_count; i++) {
		if (i > 0)
			letter_add_html_rule(&text);
		letter_add_html(&text, &writer->letters[i]);
	}
	if (notice) {
		letter_add_html_rule(&text);
		letter_add_html_notice(&text, notice_heading(writer), notice);
	}
	letter_add_html_end(&text);
	add_text_part(writer, "html", strbuf_str(&text));
	strbuf_free(&text);
}

static void add_alternative(struct writer *writer, const char *notice)
{
	struct strbuf line;

	strbuf_init(&line, 0);
	strbuf_addf(
	    &line, "Content-Type: multipart/alternative; boundary=\"%s\"\n\n", writer->boundary);
	add_string(writer, strbuf_str(&line));
	add_plain(writer, notice);
	add_html(writer, notice);
	strbuf_reset(&line);
	strbuf_addf(&line, "--%s--\n", writer->boundary);
	add_string(writer, strbuf_str(&line));
	strbuf_free(&line);
}

/* The explanation before a first part that is kept as it is. */
static void add_mixed(struct writer *writer, struct span original)
{
	struct strbuf line;

	strbuf_init(&line, 0);
	strbuf_addf(&line, "Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\n",
	    writer->outer, writer->outer);
	add_string(writer, strbuf_str(&line));
	add_alternative(writer, NULL);
	strbuf_reset(&line);
	strbuf_addf(&line, "--%s\n", writer->outer);
	add_string(writer, strbuf_str(&line));
	strbuf_add(writer->out, original.data, original.len);
	strbuf_reset(&line);
	strbuf_addf(&line, "\n--%s--\n", writer->outer);
	add_string(writer, strbuf_str(&line));
	strbuf_free(&line);
}

static bool has_failures(const struct dsn *dsn)
{
	for (size_t i = 0; i < dsn->count; i++)
		if (dsn->recipients[i].action == DSN_FAILED ||
		    dsn->recipients[i].action == DSN_DELAYED)
			return true;
	return false;
}

static const char *line_end(const struct dsn *dsn)
{
	const char *body = dsn->body.data;

	return body > dsn->message.data + 1 && body[-2] == '\r' ? "\r\n" : "\n";
}

void dsn_add_header(const struct dsn *dsn, const char *version, struct strbuf *out)
{
	const char *eol = line_end(dsn);
	size_t len = (size_t)(dsn->body.data - dsn->message.data);

	/* Before the empty line, which only a message without a body lacks. */
	size_t end = len > strlen(eol) ? len - strlen(eol) : len;
	strbuf_add(out, dsn->message.data, end);
	strbuf_addf(out, DSN_MARK ": %s%s", version, eol);
	strbuf_add(out, dsn->message.data + end, len - end);
}

bool dsn_is_annotated(const struct dsn *dsn)
{
	return dsn->is_annotated;
}

/* The first language tag (RFC 5646) of Accept-Language or Content-Language that the catalogue has;
 * weights are passed over, since programs write the tags in their order. */
const char *dsn_language(const struct dsn *dsn, const struct engine *engine)
{
	const struct catalog *catalog = engine_catalog(engine);
	int count = catalog_language_count(catalog);

	for (const char *at = dsn->languages; *at;) {
		at += strspn(at, " ,\t");
		size_t len = strcspn(at, " ,;\t"), main_len = strcspn(at, "-,; \t");
		for (int i = 0; i < count && len > 0; i++) {
			const char *code = catalog_language_code(catalog, i);
			if (strlen(code) == len && strncasecmp(code, at, len) == 0)
				return code;
		}
		for (int i = 0; i < count && main_len > 0; i++) {
			const char *code = catalog_language_code(catalog, i);
			if (strcspn(code, "-") == main_len && strncasecmp(code, at, main_len) == 0)
				return code;
		}
		at += strcspn(at, ",");
	}
	return NULL;
}

static void add_letter(struct writer *writer, int language, struct arena *arena)
{
	letter_create(&writer->letters[writer->letter_count++], writer->dsn, writer->options,
	    language, &writer->words, arena);
}

/* The languages that were asked for, as far as the letters of an old notice allow. */
static void add_letters(struct writer *writer, struct arena *arena)
{
	const struct catalog *catalog = engine_catalog(writer->options->engine);
	bool ascii = writer->dsn->extendable == EXTENDABLE_ASCII;

	for (size_t i = 0; writer->options->languages[i] && writer->letter_count < MAX_LETTERS;
	     i++) {
		int language = catalog_language(catalog, writer->options->languages[i]);
		if (language >= 0 && (!ascii || catalog_language_is_latin(catalog, language)))
			add_letter(writer, language, arena);
	}
	if (writer->letter_count == 0)
		add_letter(writer, 0, arena);
}

static void annotate_report(struct writer *writer)
{
	const struct dsn *dsn = writer->dsn;
	struct span first = dsn->first_part, body = dsn->body;

	strbuf_add(writer->out, body.data, (size_t)(first.data - body.data));
	if (dsn->first_is_status) {
		add_alternative(writer, NULL);
		add_string(writer, "--");
		strbuf_addstr(writer->out, dsn->boundary);
		add_string(writer, "\n");
		strbuf_add(writer->out, first.data, first.len);
	} else if (dsn->first_is_plain) {
		add_alternative(writer, dsn->notice);
	} else {
		add_mixed(writer, first);
	}
	const char *rest = first.data + first.len;
	strbuf_add(writer->out, rest, (size_t)(body.data + body.len - rest));
}

/* Appends TEXT in the letters that the notice's character set has. */
static void add_in_its_letters(struct strbuf *out, const struct dsn *dsn, const struct strbuf *text,
    const struct letter *letter)
{
	bool german = catalog_language_is_german(letter->catalog, letter->language);
	const char *line = strbuf_str(text);

	while (*line) {
		size_t len = strcspn(line, "\n");
		if (dsn->extendable == EXTENDABLE_UTF8)
			strbuf_add(out, line, len);
		else
			ascii_fold(out, line, len, german);
		strbuf_addch(out, '\n');
		line += len + (line[len] ? 1 : 0);
	}
}

static bool has_long_line(const char *text)
{
	for (; *text; text += strspn(text, "\n")) {
		size_t len = strcspn(text, "\n");
		if (len > MAX_PLAIN_LINE)
			return true;
		text += len;
	}
	return false;
}

/* A notice of a program that knows no reports: the explanation goes in front, as text. Returns -1
 * if that can't be, with an address longer than a line may be. */
static int annotate_text(struct writer *writer)
{
	struct strbuf text, front;
	int result = -1;

	strbuf_init(&text, 0);
	strbuf_init(&front, 0);
	for (size_t i = 0; i < writer->letter_count; i++) {
		strbuf_reset(&text);
		letter_add_plain(&text, &writer->letters[i]);
		add_in_its_letters(&front, writer->dsn, &text, &writer->letters[i]);
	}
	strbuf_reset(&text);
	strbuf_addf(&text, "---- %s ----\n\n", notice_heading(writer));
	add_in_its_letters(&front, writer->dsn, &text, &writer->letters[0]);
	if (!has_long_line(strbuf_str(&front))) {
		add_string(writer, strbuf_str(&front));
		strbuf_add(writer->out, writer->dsn->body.data, writer->dsn->body.len);
		result = 0;
	}
	strbuf_free(&text);
	strbuf_free(&front);
	return result;
}

/* Where only the words tell what the message is, all of them have to be known. */
static bool is_recognised(const struct dsn *dsn, const struct engine *engine)
{
	struct reply *reply = reply_create();
	bool known = dsn->count > 0 && dsn->count <= MAX_CARDS;

	for (size_t i = 0; i < dsn->count && known; i++) {
		dsn_choose_reply(dsn, i, engine, reply);
		const struct rule *rule = explain_select(engine, reply);
		known = dsn->recipients[i].address[0] && rule && choose_has_words(rule);
	}
	reply_free(&reply);
	return known;
}

int dsn_annotate(const struct dsn *dsn, const struct dsn_options *options, struct strbuf *out)
{
	struct writer writer = {.dsn = dsn, .options = options, .out = out};
	bool is_report =
	    dsn->is_report && !dsn->is_guessed && !dsn->is_signed && dsn->first_part.data;

	if (!has_failures(dsn) ||
	    (!is_report && (!dsn->extendable || !is_recognised(dsn, options->engine))))
		return -1;
	/* A boundary so short that our own delimiters begin with it. */
	make_boundary(writer.boundary, 'a');
	make_boundary(writer.outer, 'm');
	if (is_ended_by(dsn, writer.boundary) || is_ended_by(dsn, writer.outer))
		return -1;
	struct arena *arena = arena_create();
	add_letters(&writer, arena);
	writer.eol = line_end(dsn);
	strbuf_reserve(out, dsn->body.len + 16384);
	int result = 0;
	if (is_report)
		annotate_report(&writer);
	else
		result = annotate_text(&writer);
	for (size_t i = 0; i < MAX_CARDS; i++)
		reply_free(&writer.words.reply[i]);
	arena_free(&arena);
	return result;
}
