/* dsn_fuzz.c - any octets as a bounce, the whole way: read, chosen from, explained, read again.
 *
 * What must hold of every output is checked with require(), which aborts, so that the same function
 * serves libFuzzer (`make fuzz`) and the replay of the seeds (`make check`). */
#include "../../milter/dsn/report.h"

#include "explain/catalog.h"
#include "explain/dsn.h"
#include "explain/engine.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <gmime/gmime.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static struct engine *engine;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct profile_settings profile = {.name = (char *)"default",
	    .contact = (char *)"postmaster@example.org",
	    .help_url = (char *)"https://example.org/why/{cause}?to={recipient}",
	    .language = (char *)"en",
	    .width = 78,
	    .max_lines = 4,
	    .max_octets = 480};
	static const char *const dirs[] = {"conf/catalog", NULL};
	struct problems *problems = problems_create();
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .cache_dir = "build/cache",
	    .site = "example.org",
	    .profiles = &profile,
	    .profile_count = 1};

	(void)argc;
	(void)argv;
	engine = engine_create(&settings, problems);
	require(engine);
	problems_free(&problems);
	return 0;
}

/* Lines of TEXT that another reader may take for a delimiter of BOUNDARY: those that begin with it
 * (RFC 2046 section 5.1.1). */
static size_t count_delimiters(struct span text, const char *boundary)
{
	size_t len = strlen(boundary), count = 0;

	for (size_t at = 0; at < text.len; at++)
		count += (at == 0 || text.data[at - 1] == '\n') && at + 2 + len <= text.len &&
		         memcmp(text.data + at, "--", 2) == 0 &&
		         memcmp(text.data + at + 2, boundary, len) == 0;
	return count;
}

/* Only the markup that is ours. */
static void check_html(const char *html)
{
	static const char *const tags[] = {"!DOCTYPE html>", "html lang=\"", "html>", "head>",
	    "title>", "!--[if mso]>", "![endif]-->", "details>", "meta ", "body ", "body>",
	    "table ", "table>", "tr>", "td>", "td ", "div ", "div>", "h1 ", "h1>", "h2 ", "h2>",
	    "p ", "p>", "b>", "b ", "span ", "span>", "a href=\"https://example.org/why/", "a>",
	    "details ", "details>", "summary ", "summary>", "br>", "pre ", "pre>"};

	for (const char *at = html; (at = strchr(at, '<'));) {
		size_t i = 0;
		at += at[1] == '/' ? 2 : 1;
		while (i < sizeof(tags) / sizeof(tags[0]) &&
		       strncmp(at, tags[i], strlen(tags[i])) != 0)
			i++;
		if (i == sizeof(tags) / sizeof(tags[0]))
			fprintf(stderr, "markup: %.60s\n", at);
		require(i < sizeof(tags) / sizeof(tags[0]));
		require(strcspn(at, "<>") + (size_t)(at - html) < strlen(html));
		require(at[strcspn(at, "<>")] == '>');
	}
}

static void check_text(const struct entity *part)
{
	GMimeEncoding state;

	require(part->encoding != ENCODING_UNKNOWN);
	g_mime_encoding_init_decode(&state,
	    part->encoding == ENCODING_BASE64             ? GMIME_CONTENT_ENCODING_BASE64
	    : part->encoding == ENCODING_QUOTED_PRINTABLE ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
	                                                  : GMIME_CONTENT_ENCODING_7BIT);
	char *text = mem_alloc(g_mime_encoding_outlen(&state, part->body.len) + 1);
	size_t len = g_mime_encoding_flush(&state, part->body.data, part->body.len, text);
	text[len] = '\0';
	require(!memchr(text, '\0', len));
	require(utf8_valid(text, len) == len);
	if (strcmp(part->type, "text/html") == 0)
		check_html(text);
	free(text);
}

/* The multipart/alternative that explains, as another program reads it. */
static void check_alternative(struct span span, struct arena *arena)
{
	struct entity entity, part;
	struct span parts[3];

	entity_open(&entity, span, arena);
	require(strcmp(entity.type, "multipart/alternative") == 0);
	require(entity_parts(&entity, parts, 3) == 2);
	for (size_t i = 0; i < 2; i++) {
		entity_open(&part, parts[i], arena);
		require(strcmp(part.type, i ? "text/html" : "text/plain") == 0);
		check_text(&part);
	}
}

/* What we wrote: 7 bits, one kind of line end, no line too long, nothing that ends a part. */
static void check_ours(const struct dsn *dsn, struct span ours)
{
	bool crlf = dsn->body.data > dsn->message.data + 1 && dsn->body.data[-2] == '\r';
	size_t line = 0;

	for (size_t i = 0; i < ours.len; i++) {
		unsigned char c = (unsigned char)ours.data[i];
		require(c > 0 && c < 0x80);
		require(c != '\r' || (crlf && i + 1 < ours.len && ours.data[i + 1] == '\n'));
		require(c != '\n' || !crlf || (i > 0 && ours.data[i - 1] == '\r'));
		line = c == '\n' ? 0 : line + 1;
		require(line <= 998);
	}
	for (size_t i = 0; i < dsn->depth; i++)
		require(count_delimiters(ours, dsn->boundaries[i]) == 0);
}

/* NEW stands where the first part stood. */
static void check_new(const struct dsn *dsn, struct span new, struct arena *arena)
{
	struct span first = dsn->first_part, parts[3];
	struct entity entity;

	if (dsn->first_is_status) {
		size_t delimiter =
		    strlen(dsn->boundary) + 3 +
		    (dsn->body.data > dsn->message.data + 1 && dsn->body.data[-2] == '\r');
		require(new.len > first.len + delimiter);
		new.len -= first.len;
		require(memcmp(new.data + new.len, first.data, first.len) == 0);
		new.len -= delimiter;
		require(memcmp(new.data + new.len, "--", 2) == 0);
		require(strncmp(new.data + new.len + 2, dsn->boundary, strlen(dsn->boundary)) == 0);
		check_ours(dsn, new);
		check_alternative(new, arena);
	} else if (dsn->first_is_plain) {
		check_ours(dsn, new);
		check_alternative(new, arena);
	} else {
		entity_open(&entity, new, arena);
		require(strcmp(entity.type, "multipart/mixed") == 0);
		require(entity_parts(&entity, parts, 3) == 2);
		check_alternative(parts[0], arena);
		require(parts[1].len == first.len);
		require(memcmp(parts[1].data, first.data, first.len) == 0);
		const char *end = parts[1].data + parts[1].len;
		check_ours(dsn, (struct span){new.data, (size_t)(parts[1].data - new.data)});
		check_ours(dsn, (struct span){end, (size_t)(new.data + new.len - end)});
	}
}

static void check_again(const struct dsn *dsn, const struct strbuf *out)
{
	struct dsn *again = dsn_read(out->data, out->len);

	require(dsn_is_annotated(again));
	require(dsn_is_report(again));
	require(dsn_recipient_count(again) == dsn_recipient_count(dsn));
	for (size_t i = 0; i < dsn_recipient_count(dsn); i++) {
		const struct dsn_recipient *a = dsn_recipient(dsn, i), *b = dsn_recipient(again, i);
		require(strcmp(a->address, b->address) == 0);
		require(strcmp(a->original, b->original) == 0);
		require(a->action == b->action);
		require(strcmp(a->status, b->status) == 0);
		require(strcmp(a->diagnostic, b->diagnostic) == 0);
		require(strcmp(a->remote_mta, b->remote_mta) == 0);
		require(strcmp(a->retry_until, b->retry_until) == 0);
	}
	dsn_free(&again);
}

/* The header that was there, with the mark before the empty line. Returns its length. */
static size_t check_header(const struct dsn *dsn, const struct strbuf *out)
{
	static const char mark[] = DSN_MARK ": 1.0";
	size_t len = (size_t)(dsn->body.data - dsn->message.data), eol = 1;

	eol += len > 1 && dsn->message.data[len - 2] == '\r';
	require(len > eol && out->len > len + sizeof(mark) - 1 + eol);
	require(memcmp(out->data, dsn->message.data, len - eol) == 0);
	require(out->data[len - eol - 1] == '\n');
	require(memcmp(out->data + len - eol, mark, sizeof(mark) - 1) == 0);
	len += sizeof(mark) - 1;
	require(memcmp(out->data + len - eol, dsn->body.data - eol, eol) == 0);
	require(memcmp(out->data + len, dsn->body.data - eol, eol) == 0);
	return len + eol;
}

/* A notice with text in front: all of it is there, and the text is in its letters. */
static void check_in_front(const struct dsn *dsn, const struct strbuf *out)
{
	size_t header = check_header(dsn, out);
	struct span ours = {out->data + header, out->len - header - dsn->body.len};

	require(out->len > header + dsn->body.len);
	require(memcmp(ours.data + ours.len, dsn->body.data, dsn->body.len) == 0);
	require(dsn->extendable);
	if (dsn->extendable == EXTENDABLE_ASCII)
		check_ours(dsn, ours);
	require(utf8_valid(ours.data, ours.len) == ours.len);
	struct dsn *again = dsn_read(out->data, out->len);
	require(dsn_is_annotated(again));
	dsn_free(&again);
}

static void check_annotated(const struct dsn *dsn, const struct strbuf *out)
{
	if (!dsn->is_report) {
		check_in_front(dsn, out);
		return;
	}
	struct span body = dsn->body, first = dsn->first_part;
	size_t header = check_header(dsn, out), before = (size_t)(first.data - body.data);
	const char *at = out->data + header, *behind = first.data + first.len;
	size_t behind_len = (size_t)(body.data + body.len - behind);
	struct arena *arena = arena_create();

	require(out->len > header + before + behind_len);
	require(memcmp(at, body.data, before) == 0);
	require(memcmp(out->data + out->len - behind_len, behind, behind_len) == 0);
	check_new(dsn, (struct span){at + before, out->len - header - before - behind_len}, arena);
	arena_free(&arena);
	check_again(dsn, out);
}

static bool is_utf8(const char *text)
{
	bool valid = utf8_valid(text, strlen(text)) == strlen(text);

	if (!valid)
		fprintf(stderr, "no UTF-8: %s\n", text);
	return valid;
}

static void check_strings(const struct dsn *dsn)
{
	struct reply *reply = reply_create();

	for (size_t i = 0; i < dsn_recipient_count(dsn); i++) {
		const struct dsn_recipient *recipient = dsn_recipient(dsn, i);
		const char *const strings[] = {recipient->address, recipient->original,
		    recipient->status, recipient->diagnostic, recipient->notice,
		    recipient->remote_mta, recipient->retry_until};
		for (size_t k = 0; k < sizeof(strings) / sizeof(strings[0]); k++)
			require(is_utf8(strings[k]));
		dsn_choose_reply(dsn, i, engine, reply);
	}
	reply_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const known[] = {"gmail.com", "gmx.de", "example.org", NULL};
	static const char *const choices[][5] = {
	    {"en", NULL}, {"ja", NULL}, {"de", NULL}, {"de", "zh-CN", "xx", "en", NULL}};
	struct dsn_options options = {
	    .engine = engine, .profile = engine_profile(engine, "", 0), .known_domains = known};
	struct strbuf out;

	/* A copy without an octet behind it, so that reading too far is seen. */
	char *message = mem_alloc(len);
	memcpy(message, data, len);
	struct dsn *dsn = dsn_read(message, len);
	check_strings(dsn);
	dsn_language(dsn, engine);
	options.languages = choices[len % 4];
	options.ref = len % 8 < 4 ? "7Q2K-M4RX" : NULL;
	strbuf_init(&out, 0);
	dsn_add_header(dsn, "1.0", &out);
	size_t header = out.len;
	if (dsn_annotate(dsn, &options, &out) == 0)
		check_annotated(dsn, &out);
	else
		require(out.len == header);
	dsn_free(&dsn);
	strbuf_free(&out);
	free(message);
	return 0;
}
