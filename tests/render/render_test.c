/* render_test.c - explanations as reply lines and as Postfix footers, within every limit. */
#include "../unit.h"

#include "explain/profile.h"
#include "explain/render.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <ctype.h>

static const struct profile standard = {.width = 78, .max_lines = 4, .max_octets = 480};
static const struct profile single = {
    .single = true, .width = 78, .max_lines = 4, .max_octets = 480};

static const struct message unknown = {
    .summary = "The address bob@example.org does not exist.",
    .action = "Check the spelling, or ask the recipient for the current address.",
    .note = "This is permanent: the sending server does not try again.",
    .closing = "Help: https://mail.example.org/why/recipient-unknown  Ref: 7Q2K-M4RX",
};

static struct reply *reply;
static struct strbuf out, footer, expanded;

static void begin(void)
{
	reply = reply_create();
	strbuf_init(&out, 0);
	strbuf_init(&footer, 0);
	strbuf_init(&expanded, 0);
}

static void end(void)
{
	reply_free(&reply);
	strbuf_free(&out);
	strbuf_free(&footer);
	strbuf_free(&expanded);
}

static void parse(const char *text)
{
	require(reply_parse(reply, text, strlen(text)) == 0, "'%s'", text);
}

/* As Postfix's dsn_valid(): the length of a status that whitespace or the end follows. */
static size_t postfix_status(const char *text)
{
	const char *at = text;

	if (!strchr("245", *at) || !*at || at[1] != '.')
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = strspn(at + 2, "0123456789");
		if (part == 0)
			at += 2;
		else
			digits = strspn(++at, "0123456789");
		if (digits < 1 || digits > 3)
			return 0;
		at += digits;
		if (part == 0 && *at != '.')
			return 0;
	}
	return *at == '\0' || isspace((unsigned char)*at) ? (size_t)(at - text) : 0;
}

/* As Postfix's smtp_reply_footer(): appends TEMPLATE to the reply lines in BUFFER. Returns -1 where
 * Postfix would drop the template, or expand a variable that a value has smuggled in. */
static int postfix_footer(struct strbuf *buffer, const char *template)
{
	size_t last = 0;

	require(*template, "an empty template makes Postfix panic");
	for (size_t at = 0;;) {
		const char *line = buffer->data + at, *crlf = strstr(line, "\r\n");
		require(isdigit((unsigned char)line[0]) && isdigit((unsigned char)line[1]) &&
		            isdigit((unsigned char)line[2]) && (line[3] == ' ' || line[3] == '-'),
		    "not a reply: '%s'", buffer->data);
		last = at;
		if (!crlf)
			break;
		at = (size_t)(crlf - buffer->data) + 2;
	}
	char code[4], status[32];
	memcpy(code, buffer->data + last, 3);
	code[3] = '\0';
	size_t status_len = postfix_status(buffer->data + last + 4);
	memcpy(status, buffer->data + last + 4, status_len);
	status[status_len] = '\0';
	bool added = false;
	for (const char *at = template;;) {
		const char *next = strstr(at, "\\n"), *stop = next ? next : at + strlen(at);
		if (at == template && strncmp(at, "\\c", 2) == 0) {
			at += 2;
		} else {
			strbuf_addf(buffer, "\r\n%s%c%s%s", code, next ? '-' : ' ', status,
			    status_len ? " " : "");
			added = true;
		}
		for (; at < stop; at++) {
			strbuf_addch(buffer, *at);
			if (*at == '$' && (at + 1 == stop || *++at != '$'))
				return -1;
		}
		if (!next)
			break;
		at = next + 2;
	}
	if (added)
		buffer->data[last + 3] = '-';
	return 0;
}

/* The emulation, checked with what smtp_reply_footer.c checks itself with. */
START_TEST(emulation)
{
	static const struct {
		const char *reply, *template, *expected; /* NULL: refused */
	} cases[] = {
	    {"550 Foo", "\\c footer", "550 Foo footer"},
	    {"550 Foo", "Bar", "550-Foo\r\n550 Bar"},
	    {"550-Foo\r\n550 Bar", "Baz", "550-Foo\r\n550-Bar\r\n550 Baz"},
	    {"550 5.1.1 Foo", "Bar", "550-5.1.1 Foo\r\n550 5.1.1 Bar"},
	    {"550-5.1.1 Foo\r\n450 4.1.1 Bar", "Baz",
	        "550-5.1.1 Foo\r\n450-4.1.1 Bar\r\n450 4.1.1 Baz"},
	    {"220 myhostname", "\\c ${whatever", NULL},
	    {"220 myhostname", "\\c $whatever", NULL},
	    {"550 Foo", "a\\nb$$c\\n\\cd", "550-Foo\r\n550-a\r\n550-b$c\r\n550 \\cd"},
	    {"550 Foo", "a$", NULL},
	    {"550 5.1.1: Foo", "Bar", "550-5.1.1: Foo\r\n550 Bar"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&out);
		strbuf_addstr(&out, cases[i].reply);
		int result = postfix_footer(&out, cases[i].template);
		ck_assert_int_eq(result, cases[i].expected ? 0 : -1);
		if (cases[i].expected)
			ck_assert_str_eq(strbuf_str(&out), cases[i].expected);
	}
}
END_TEST

START_TEST(examples)
{
	static const char original[] =
	    "550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in local "
	    "recipient table";

	parse(original);
	ck_assert_int_eq(render_reply(&out, &unknown, reply, &standard), 0);
	ck_assert_str_eq(strbuf_str(&out),
	    "550-5.1.1 <bob@example.org>: Recipient address rejected: User unknown in local "
	    "recipient table\r\n"
	    "550-5.1.1 The address bob@example.org does not exist.\r\n"
	    "550-5.1.1 Check the spelling, or ask the recipient for the current address.\r\n"
	    "550-5.1.1 This is permanent: the sending server does not try again.\r\n"
	    "550 5.1.1 Help: https://mail.example.org/why/recipient-unknown  Ref: 7Q2K-M4RX");
	ck_assert_int_eq(render_footer(&footer, &unknown, reply, &standard), 0);
	ck_assert_str_eq(strbuf_str(&footer),
	    "The address bob@example.org does not exist."
	    "\\nCheck the spelling, or ask the recipient for the current address."
	    "\\nThis is permanent: the sending server does not try again."
	    "\\nHelp: https://mail.example.org/why/recipient-unknown  Ref: 7Q2K-M4RX");

	strbuf_reset(&out);
	strbuf_reset(&footer);
	parse("450-4.7.1 One\r\n450 4.7.1 Two");
	const struct message short_one = {.summary = "Wait.", .closing = "Ref: 1"};
	ck_assert_int_eq(render_reply(&out, &short_one, reply, &single), 0);
	ck_assert_str_eq(strbuf_str(&out), "450-4.7.1 One\r\n450 4.7.1 Two Wait. Ref: 1");
	ck_assert_int_eq(render_footer(&footer, &short_one, reply, &single), 0);
	ck_assert_str_eq(strbuf_str(&footer), "\\c Wait. Ref: 1");

	/* Each function appends. */
	ck_assert_int_eq(render_flat(&footer, &short_one, 100), 0);
	ck_assert_str_eq(strbuf_str(&footer), "\\c Wait. Ref: 1Wait. Ref: 1");
	strbuf_reset(&footer);
	parse("no code");
	ck_assert_int_eq(render_footer(&footer, &short_one, reply, &standard), 0);
	ck_assert_str_eq(strbuf_str(&footer), "Wait.\\nRef: 1");
}
END_TEST

/* One summary as a footer, and what Postfix makes of it. */
START_TEST(hostile_values)
{
	static const struct {
		const char *summary, *in_footer, *in_reply;
	} cases[] = {
	    {"$client_address ${x} $(y) $", "$$client_address $${x} $$(y) $$",
	        "$client_address ${x} $(y) $"},
	    {"$$", "$$$$", "$$"},
	    {"a\\nb", "a?nb", "a?nb"},
	    {"\\c x", "?c x", "?c x"},
	    {"\\\\n \\\\c", "\\?n \\?c", "\\?n \\?c"},
	    {"a\\", "a?", "a?"},
	    {"a\\ b", "a\\ b", "a\\ b"},
	    {"\\x \\0 \\r", "\\x \\0 \\r", "\\x \\0 \\r"},
	    {"\\$n", "\\$$n", "\\$n"},
	    {"100% %% %s %n", "100% %% %s %n", "100% %% %s %n"},
	    {"\"a\" 'b' `c` <d> ;e", "\"a\" 'b' `c` <d> ;e", "\"a\" 'b' `c` <d> ;e"},
	    {"Gr\xc3\xbc\xc3\x9f"
	     "e \xe2\x82\xac \xf0\x9f\x98\x80.",
	        "Gr??e ? ?.", "Gr??e ? ?."},
	    {"\xff\xfe x \x80", "?? x ?", NULL},
	    {"a\r\n550 b", "a??550 b", "a??550 b"},
	    {"a\tb\x1b\x7f", "a?b??", "a?b??"},
	    {"550 5.1.1 x", "550 5.1.1 x", "550 5.1.1 x"},
	};

	parse("550 5.7.1 No");
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct message message = {.summary = cases[i].summary};
		strbuf_reset(&footer);
		ck_assert_int_eq(render_footer(&footer, &message, reply, &standard), 0);
		if (cases[i].in_reply)
			ck_assert_str_eq(strbuf_str(&footer), cases[i].in_footer);
		strbuf_reset(&out);
		strbuf_addstr(&out, "550 5.7.1 No");
		ck_assert_int_eq(postfix_footer(&out, strbuf_str(&footer)), 0);
		if (cases[i].in_reply) {
			strbuf_reset(&expanded);
			strbuf_addf(&expanded, "550-5.7.1 No\r\n550 5.7.1 %s", cases[i].in_reply);
			ck_assert_str_eq(strbuf_str(&out), strbuf_str(&expanded));
		}
	}
}
END_TEST

START_TEST(empty_parts)
{
	static const struct {
		struct message message;
		const char *expected; /* NULL: no room for anything that makes sense */
	} cases[] = {
	    {{NULL, NULL, NULL, NULL}, NULL},
	    {{"", "", "", ""}, NULL},
	    {{NULL, NULL, NULL, "closing"}, NULL},
	    {{"", "", "", "closing"}, NULL},
	    {{"summary", NULL, NULL, NULL}, "summary"},
	    {{"summary", "", "note", ""}, "summary\\nnote"},
	    {{"summary", "action", NULL, "closing"}, "summary\\naction\\nclosing"},
	    {{"summary", NULL, NULL, "closing"}, "summary\\nclosing"},
	};

	parse("550 5.7.1 No");
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&footer);
		int result = render_footer(&footer, &cases[i].message, reply, &standard);
		ck_assert_msg(result == (cases[i].expected ? 0 : -1), "case %zu", i);
		ck_assert_str_eq(strbuf_str(&footer), cases[i].expected ? cases[i].expected : "");
		result = render_footer(&footer, &cases[i].message, reply, &single);
		ck_assert_msg(result == (cases[i].expected ? 0 : -1), "case %zu in one line", i);
		strbuf_reset(&footer);
		result = render_flat(&footer, &cases[i].message, 1000);
		ck_assert_msg(result == (cases[i].expected ? 0 : -1), "case %zu flat", i);
		ck_assert(!strstr(strbuf_str(&footer), "  "));
	}
}
END_TEST

/* What is left out, in which order, while the room shrinks octet by octet. */
START_TEST(shrinking)
{
	static const char *const replies[] = {"550 5.1.1 x", "550 x", "450-4.7.1 x\r\n450 4.7.1 y"};
	for (size_t i = 0; i < COUNT(replies); i++) {
		parse(replies[i]);
		size_t words = 10000;
		for (unsigned octets = 480; octets > 0; octets--) {
			struct profile profile = standard;
			profile.max_octets = octets;
			strbuf_reset(&out);
			int result = render_reply(&out, &unknown, reply, &profile);
			if (result < 0) {
				require(out.len == 0, "something was written");
				continue;
			}
			const char *text = strbuf_str(&out);
			require(strstr(text, unknown.summary) || !strstr(text, "ask the recipient"),
			    "the summary went first: %s", text);
			require(strstr(text, unknown.closing) != NULL, "no closing: %s", text);
			require(out.len <= words + 20, "more words in less room: %s", text);
			words = out.len;
		}
		/* Summary and closing alone fit into 150 octets. */
		struct profile profile = standard;
		profile.max_octets = 150;
		strbuf_reset(&out);
		ck_assert_int_eq(render_reply(&out, &unknown, reply, &profile), 0);
		ck_assert_ptr_nonnull(strstr(strbuf_str(&out), unknown.summary));
		/* And into two lines. */
		profile = standard;
		profile.max_lines = 2;
		strbuf_reset(&out);
		ck_assert_int_eq(render_reply(&out, &unknown, reply, &profile), 0);
		ck_assert_ptr_nonnull(strstr(strbuf_str(&out), unknown.summary));
		ck_assert_ptr_nonnull(strstr(strbuf_str(&out), unknown.action));
	}
}
END_TEST

START_TEST(flat)
{
	for (size_t room = 0; room <= 400; room++) {
		strbuf_reset(&out);
		int result = render_flat(&out, &unknown, room);
		if (result < 0) {
			require(out.len == 0, "something was written");
			continue;
		}
		const char *text = strbuf_str(&out);
		require(out.len <= room, "%zu octets in %zu", out.len, room);
		require(strncmp(text, unknown.summary, 12) == 0, "no summary: %s", text);
		require(
		    strstr(text, "Ref: 7Q2K-M4RX") == text + out.len - 14, "no closing: %s", text);
		require(strstr(text, unknown.summary) || !strstr(text, "spelling"),
		    "the summary went first: %s", text);
	}
	strbuf_reset(&out);
	ck_assert_int_eq(render_flat(&out, &unknown, 400), 0);
	ck_assert_str_eq(strbuf_str(&out),
	    "The address bob@example.org does not exist. Check the spelling, or ask the recipient "
	    "for the current address. This is permanent: the sending server does not try again. "
	    "Help: https://mail.example.org/why/recipient-unknown Ref: 7Q2K-M4RX");
	/* Room for summary and closing is enough. */
	strbuf_reset(&out);
	ck_assert_int_eq(render_flat(&out, &unknown, 120), 0);
	ck_assert_int_eq(strncmp(strbuf_str(&out), unknown.summary, strlen(unknown.summary)), 0);
}
END_TEST

/* Texts that are far too long, with blanks and without. */
START_TEST(huge_texts)
{
	static char words[30001], word[30001];
	static const unsigned lines[] = {1, 2, 4, 31, 32, 33, 1000};
	static const unsigned octets[] = {0, 1, 100, 480, 20000, 1000000};
	static const unsigned widths[] = {0, 40, 78, 500, 510, 1000000};

	for (size_t i = 0; i < sizeof(words) - 1; i++)
		words[i] = i % 8 == 7 ? ' ' : 'w';
	memset(word, 'w', sizeof(word) - 1);
	const struct message messages[] = {{words, words, words, "Ref: 1"},
	    {word, word, word, "Ref: 1"}, {"Short.", words, "Note.", "Ref: 1"},
	    {"Short.", word, "Note.", "Ref: 1"}, {"Short.", "Do.", "Note.", word},
	    {words, NULL, NULL, NULL}};
	parse("550 5.1.1 x");
	for (size_t i = 0; i < COUNT(messages); i++)
		for (size_t j = 0; j < COUNT(lines) * COUNT(octets) * COUNT(widths); j++) {
			const struct profile profile = {.max_lines = lines[j % COUNT(lines)],
			    .max_octets = octets[j / COUNT(lines) % COUNT(octets)],
			    .width = widths[j / COUNT(lines) / COUNT(octets)]};
			strbuf_reset(&out);
			if (render_reply(&out, &messages[i], reply, &profile) < 0)
				continue;
			require(out.len - 11 <= profile.max_octets, "%zu, %zu: %zu octets", i, j,
			    out.len);
			size_t count = 0;
			for (const char *at = strbuf_str(&out); at; count++) {
				const char *crlf = strstr(at, "\r\n");
				size_t len = crlf ? (size_t)(crlf - at) : strlen(at);
				require(
				    len <= RENDER_MAX_LINE, "%zu, %zu: a line of %zu", i, j, len);
				at = crlf ? crlf + 2 : NULL;
			}
			require(count <= 1 + profile.max_lines, "%zu, %zu: %zu lines", i, j, count);
		}
}
END_TEST

static const char *const originals[] = {"550 5.1.1 <bob@example.org>: User unknown",
    "450 4.7.1 Later", "550 x", "550-5.7.1 One\r\n550-5.7.1 Two\r\n550 5.7.1 Three", "550",
    "421 4.999.999 mx.example.org $x \\n \\", "554-5.1.1\r\n554 5.1.1"};

/* A text of up to MAX words, some of them hostile. */
static const char *random_text(struct unit_random *random, size_t max, char *text, size_t size)
{
	static const char *const words[] = {"The", "address", "does", "not", "exist.", "of", "a",
	    "server", "$", "$$", "${x}", "\\n", "\\c", "\\", "x\\", "%s", "\xc3\xa9t\xc3\xa9",
	    "\xff", "\"", "bob@example.org", "https://mail.example.org/why/recipient-unknown", "  ",
	    "550", "5.1.1", "\r\n", "\x1b",
	    "an-uncommonly-long-word-that-stands-for-a-host-name.sub.example.org"};
	size_t count = unit_random(random, max + 1), len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *word = words[unit_random(random, COUNT(words))];
		if (len + strlen(word) + 2 > size)
			break;
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? " " : "", word);
	}
	return text;
}

/* The text as it goes out: any character but printable ASCII is a '?'. */
static const char *to_ascii(const char *text, char *ascii)
{
	char *to = ascii;

	for (const unsigned char *s = (const unsigned char *)text; *s;) {
		bool printable = *s >= ' ' && *s < 127;
		*to++ = printable ? (char)*s : '?';
		for (s++; !printable && (*s & 0xC0) == 0x80; s++)
			;
	}
	*to = '\0';
	return ascii;
}

/* What a footer can't hold of RENDERED after its first ORIGINAL octets. */
static void escape_backslashes(struct strbuf *rendered, size_t original)
{
	for (size_t i = original; i < rendered->len; i++)
		if (rendered->data[i] == '\\' && strchr("nc\r", rendered->data[i + 1]))
			rendered->data[i] = '?';
}

struct sizes {
	size_t lines, octets, longest;
};

/* Looks at the lines that begin at AT (behind a CRLF): code, separator, octets. */
static struct sizes check_lines(const char *at, const char *code, int round)
{
	struct sizes sizes = {0};

	while (at) {
		const char *crlf = strstr(at, "\r\n");
		size_t len = crlf ? (size_t)(crlf - at) : strlen(at);
		require(memcmp(at, code, 3) == 0, "round %d: another code: %s", round, at);
		require(at[3] == (crlf ? '-' : ' '), "round %d: separator: %s", round, at);
		for (size_t i = 0; i < len; i++)
			require(
			    at[i] >= ' ' && at[i] < 127, "round %d: octet %zu: %s", round, i, at);
		require(
		    crlf || at[len - 1] != ' ', "round %d: a blank at the end: '%s'", round, at);
		sizes.lines++;
		sizes.octets += len + 2;
		sizes.longest = len > sizes.longest ? len : sizes.longest;
		at = crlf ? crlf + 2 : NULL;
	}
	return sizes;
}

static void fuzz(bool one_line, uint64_t seed)
{
	struct unit_random random = {seed};
	size_t rendered = 0;

	for (int round = 0; round < 60000; round++) {
		char texts[4][2000], ascii[2000];
		const struct message message = {
		    random_text(&random, 25, texts[0], sizeof(texts[0])),
		    random_text(&random, round % 10 ? 25 : 200, texts[1], sizeof(texts[1])),
		    random_text(&random, 8, texts[2], sizeof(texts[2])),
		    random_text(&random, 6, texts[3], sizeof(texts[3]))};
		const struct profile profile = {.single = one_line,
		    .width = (unsigned)unit_random(&random, 600),
		    .max_lines = (unsigned)unit_random(&random, round % 2 ? 6 : 40),
		    .max_octets = (unsigned)unit_random(&random, round % 2 ? 600 : 3000)};
		parse(originals[unit_random(&random, COUNT(originals))]);
		strbuf_reset(&out);
		strbuf_reset(&footer);
		strbuf_reset(&expanded);
		reply_add_lines(&expanded, reply, !one_line);
		size_t original = expanded.len;
		int result = render_reply(&out, &message, reply, &profile);
		require(render_footer(&footer, &message, reply, &profile) == result,
		    "round %d: the two don't agree", round);
		if (result < 0) {
			require(out.len == 0 && footer.len == 0, "round %d: something was written",
			    round);
			/* Then less of it doesn't fit either. */
			const struct message less = {message.summary, NULL, NULL, message.closing};
			require(render_reply(&out, &less, reply, &profile) < 0,
			    "round %d: summary and closing fit: %s", round, strbuf_str(&out));
			continue;
		}
		rendered++;
		require(
		    memcmp(out.data, expanded.data, original) == 0, "round %d: original", round);
		char code[4];
		snprintf(code, sizeof(code), "%d", reply_code(reply));
		if (one_line) {
			struct sizes sizes = check_lines(out.data, code, round);
			require(sizes.lines == reply_line_count(reply), "round %d: lines", round);
			require(sizes.longest <= RENDER_MAX_LINE, "round %d: %zu octets", round,
			    sizes.longest);
			require(out.len - original <= profile.max_octets,
			    "round %d: %zu of %u octets", round, out.len - original,
			    profile.max_octets);
		} else {
			struct sizes sizes = check_lines(out.data + original + 2, code, round);
			require(sizes.longest <= RENDER_MAX_LINE, "round %d: %zu octets", round,
			    sizes.longest);
			require(sizes.lines <= profile.max_lines, "round %d: %zu of %u lines",
			    round, sizes.lines, profile.max_lines);
			require(sizes.octets <= profile.max_octets, "round %d: %zu of %u octets",
			    round, sizes.octets, profile.max_octets);
			to_ascii(message.closing + strspn(message.closing, " "), ascii);
			size_t len = strlen(ascii);
			while (len > 0 && ascii[len - 1] == ' ')
				len--;
			require(out.len >= len && memcmp(out.data + out.len - len, ascii, len) == 0,
			    "round %d: no closing '%s' in %s", round, ascii, out.data);
		}
		/* Postfix makes the same of the footer. */
		strbuf_reset(&expanded);
		reply_add_lines(&expanded, reply, false);
		require(postfix_footer(&expanded, footer.data) == 0, "round %d: a variable in %s",
		    round, footer.data);
		escape_backslashes(&out, original);
		require(strcmp(expanded.data, out.data) == 0, "round %d: Postfix makes\n%s\nof\n%s",
		    round, expanded.data, out.data);
	}
	/* Most of them must have fitted, or nothing was tested. */
	ck_assert_uint_gt(rendered, 30000);
}

START_TEST(fuzz_lines)
{
	fuzz(false, 28);
}
END_TEST

START_TEST(fuzz_single)
{
	fuzz(true, 29);
}
END_TEST

START_TEST(fuzz_flat)
{
	struct unit_random random = {30};

	for (int round = 0; round < 60000; round++) {
		char texts[4][2000];
		const struct message message = {
		    random_text(&random, 25, texts[0], sizeof(texts[0])),
		    random_text(&random, 25, texts[1], sizeof(texts[1])),
		    random_text(&random, 8, texts[2], sizeof(texts[2])),
		    random_text(&random, 6, texts[3], sizeof(texts[3]))};
		size_t room = unit_random(&random, 800);
		strbuf_reset(&out);
		if (render_flat(&out, &message, room) < 0) {
			require(out.len == 0, "round %d: something was written", round);
			const struct message less = {message.summary, NULL, NULL, message.closing};
			require(render_flat(&out, &less, room) < 0, "round %d: it fits", round);
			continue;
		}
		require(
		    out.len > 0 && out.len <= room, "round %d: %zu of %zu", round, out.len, room);
		require(!strstr(out.data, "  "), "round %d: two blanks: %s", round, out.data);
		for (size_t i = 0; i < out.len; i++)
			require(out.data[i] >= ' ' && out.data[i] < 127, "round %d", round);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("render");
	TCase *forms = unit_case(suite, "forms");
	TCase *limits = unit_case(suite, "limits");

	tcase_add_checked_fixture(forms, begin, end);
	tcase_add_test(forms, emulation);
	tcase_add_test(forms, examples);
	tcase_add_test(forms, hostile_values);
	tcase_add_test(forms, empty_parts);
	tcase_add_checked_fixture(limits, begin, end);
	tcase_add_test(limits, shrinking);
	tcase_add_test(limits, flat);
	tcase_add_test(limits, huge_texts);
	tcase_add_test(limits, fuzz_lines);
	tcase_add_test(limits, fuzz_single);
	tcase_add_test(limits, fuzz_flat);
	return unit_run(suite);
}
