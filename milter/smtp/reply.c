/* reply.c - the reply model: reading replies in every form in which they are shown, and writing
 * reply lines (RFC 5321 section 4.2.1).
 *
 * Contract: any octets up to REPLY_MAX parse; time is linear in the length (the search for an
 * embedded code looks at a bounded number of octets per position). Written by hand: there is no
 * library for SMTP replies as they appear in bounces. */
#include "explain/reply.h"

#include "explain/ascii.h"
#include "explain/mem.h"
#include "explain/strbuf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct span {
	size_t at, len;
};

struct reply {
	int code;
	struct status status;
	enum stage stage;
	struct span host;
	struct strbuf
	    flat; /* the input with '\n' between lines and blanks for control characters */
	struct strbuf text; /* what rules look at */
	struct span *lines; /* in flat */
	size_t line_count, line_size;
};

struct reply *reply_create(void)
{
	return mem_calloc(1, sizeof(struct reply));
}

void reply_free(struct reply **reply)
{
	if (!*reply)
		return;
	strbuf_free(&(*reply)->flat);
	strbuf_free(&(*reply)->text);
	free((*reply)->lines);
	free(*reply);
	*reply = NULL;
}

/* A reply code at the beginning of TEXT: three digits, then a blank, '-', or the end of the line.
 */
static int parse_code(const char *text, size_t len)
{
	if (len < 3 || text[0] < '2' || text[0] > '5' || !isdigit((unsigned char)text[1]) ||
	    !isdigit((unsigned char)text[2]))
		return 0;
	if (len > 3 && text[3] != ' ' && text[3] != '-' && text[3] != '\n')
		return 0;
	return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

static size_t skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && (text[at] == ' ' || text[at] == '\n'))
		at++;
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Control characters become blanks, every kind of line end one '\n'. A line that begins with a
 * blank continues the one before (RFC 5322 section 2.2.3): so bounces break replies, and SMTP never
 * does. */
static void flatten(struct reply *reply, const char *data, size_t len)
{
	struct strbuf *flat = &reply->flat;

	strbuf_reset(flat);
	if (len == 0)
		return;
	strbuf_add(flat, data, len);
	size_t out = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];
		if (c == '\r' && i + 1 < len && data[i + 1] == '\n')
			i++;
		if (c != '\n' && c != '\r') {
			flat->data[out++] = c < ' ' || c == 127 ? ' ' : (char)c;
		} else if (i + 1 < len && is_blank(data[i + 1])) {
			flat->data[out++] = ' ';
			while (i + 1 < len && is_blank(data[i + 1]))
				i++;
		} else {
			flat->data[out++] = '\n';
		}
	}
	while (out > 0 && (flat->data[out - 1] == '\n' || flat->data[out - 1] == ' '))
		out--;
	strbuf_truncate(flat, out);
}

/* `smtp; `, `x-postfix; `: the diagnostic type of RFC 3464 section 2.3.6. */
static size_t skip_diagnostic_type(const char *text, size_t len, size_t at)
{
	static const char *const types[] = {"smtp", "lmtp", "dns", "unix", "x-"};

	if (at == len || isdigit((unsigned char)text[at]))
		return at;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t type_len = strlen(types[i]);
		if (len - at < type_len || strncasecmp(text + at, types[i], type_len) != 0)
			continue;
		size_t end = at + type_len;
		if (types[i][type_len - 1] == '-')
			while (end < len && end - at < 32 &&
			       (isalnum((unsigned char)text[end]) || text[end] == '-'))
				end++;
		if (end < len && text[end] == ';')
			return skip_blanks(text, len, end + 1);
	}
	return at;
}

/* What stands before a code that was quoted from another server. */
static const char *const introductions[] = {
    "said: ", "<<< ", "]: ", "responded: ", "response: ", "replied: ", "returned: ", "to me: "};

/* Exim: `host mx.example.org [192.0.2.1] SMTP error from remote mail server after RCPT
 * TO:<bob@example.org>: 550 ...` */
static const char smtp_error[] = "SMTP error from remote";
/* Octets before a code in which it is looked for, so that a long text takes no square of its time.
 */
#define MAX_INTRODUCTION ((size_t)512)

static bool is_after_smtp_error(const char *text, size_t at)
{
	size_t near = at < MAX_INTRODUCTION ? at : MAX_INTRODUCTION;

	return ascii_ends_with(text, at, ": ") &&
	       memmem(text + at - near, near, smtp_error, sizeof(smtp_error) - 1);
}

/* `with mx.example.org: 550 ...`, `bob@example.org: 550 ...` */
static bool is_after_domain(const char *text, size_t at)
{
	bool dot = false, letter = false;

	if (!ascii_ends_with(text, at, ": "))
		return false;
	for (size_t i = at - 2; i-- > 0 && at - i < 256;) {
		unsigned char c = (unsigned char)text[i];
		if (!isalnum(c) && c != '.' && c != '-')
			break;
		dot = dot || c == '.';
		letter = letter || isalpha(c);
	}
	return dot && letter;
}

static bool is_introduced(const char *text, size_t at)
{
	for (size_t i = 0; i < sizeof(introductions) / sizeof(introductions[0]); i++)
		if (ascii_ends_with(text, at, introductions[i]))
			return true;
	return is_after_domain(text, at) || is_after_smtp_error(text, at);
}

/* The position of a reply code inside the text, or LEN. A number is one only when it was introduced
 * as another server's words or a status of the same class follows: `limit: 500 per hour` is none.
 */
static size_t find_code(const char *text, size_t len, size_t at)
{
	for (size_t i = at; i + 3 <= len; i++) {
		if (i > 0 && isalnum((unsigned char)text[i - 1]))
			continue;
		if ((text[i] != '4' && text[i] != '5') || !parse_code(text + i, len - i))
			continue;
		struct status status;
		bool has_status = i + 4 < len &&
		                  status_parse(&status, text + i + 4, len - i - 4) > 0 &&
		                  status.class == text[i] - '0';
		if (has_status || is_introduced(text, i))
			return i;
	}
	return len;
}

/* `host mx.example.org[192.0.2.1] said:` or `host mx.example.org [192.0.2.1]:` */
static void find_host(struct reply *reply, const char *text, size_t end)
{
	static const char word[] = "host ";
	size_t word_len = sizeof(word) - 1;

	for (size_t i = 0; i + word_len < end; i++) {
		if ((i > 0 && isalnum((unsigned char)text[i - 1])) ||
		    strncasecmp(text + i, word, word_len) != 0)
			continue;
		size_t at = i + word_len, stop = at;
		while (stop < end && !strchr(" \n[:,", text[stop]))
			stop++;
		if (stop > at && stop < end && text[stop] != ',' && text[stop] != '\n') {
			reply->host = (struct span){at, stop - at};
			return;
		}
	}
}

/* The command that Exim names: `SMTP error from remote mail server after RCPT TO:<...>: `. */
static void find_stage(struct reply *reply, const char *text, size_t end)
{
	static const char after[] = " after ";
	const char *error = memmem(text, end, smtp_error, sizeof(smtp_error) - 1);
	const char *word =
	    error ? memmem(error, end - (size_t)(error - text), after, sizeof(after) - 1) : NULL;

	if (!word || reply->stage != STAGE_NONE)
		return;
	word += sizeof(after) - 1;
	reply->stage = stage_by_command(word, end - (size_t)(word - text));
}

/* Cuts `(in reply to RCPT TO command)` off and keeps the stage. */
static size_t cut_stage(struct reply *reply, const char *text, size_t len)
{
	static const char before[] = "(in reply to ";
	static const char after[] = " command)";

	if (!ascii_ends_with(text, len, after))
		return len;
	for (size_t i = len - (sizeof(after) - 1); i-- > 0;) {
		if (text[i] != '(')
			continue;
		if (strncasecmp(text + i, before, sizeof(before) - 1) != 0)
			return len;
		size_t at = i + sizeof(before) - 1;
		reply->stage = stage_by_command(text + at, len - at);
		while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\n'))
			i--;
		return i;
	}
	return len;
}

static void add_line(struct reply *reply, size_t at, size_t end)
{
	const char *text = strbuf_str(&reply->flat);

	while (at < end && text[at] == ' ')
		at++;
	while (end > at && text[end - 1] == ' ')
		end--;
	if (reply->line_count == reply->line_size) {
		reply->line_size = reply->line_size ? reply->line_size * 2 : 8;
		reply->lines = mem_realloc(reply->lines, reply->line_size, sizeof(*reply->lines));
	}
	reply->lines[reply->line_count++] = (struct span){at, end - at};
}

/* Cuts code and status off one line that begins at AT; returns where its words begin. */
static size_t skip_codes(struct reply *reply, const char *text, size_t at, size_t end)
{
	int code = parse_code(text + at, end - at);
	struct status status;

	if (code && (reply->code == 0 || code / 100 == reply->code / 100)) {
		if (reply->code == 0)
			reply->code = code;
		at = at + 4 < end ? at + 4 : end;
		at = skip_blanks(text, end, at);
	}
	size_t used = status_parse(&status, text + at, end - at);
	if (used &&
	    (reply->status.class == 0 || status_key(&status) == status_key(&reply->status))) {
		reply->status = status;
		at += used;
	}
	return at;
}

/* Does the line that begins at AT bear CODE? */
static bool has_code(const char *text, size_t at, size_t end, const char *code)
{
	return parse_code(text + at, end - at) && memcmp(text + at, code, 3) == 0;
}

/* The end of the flattened line that begins at AT: where the same code is repeated. */
static size_t flattened_end(const char *text, size_t at, size_t end, const char *code)
{
	for (size_t i = at + 4; i + 4 < end; i++)
		if (text[i] == ' ' && memcmp(text + i + 1, code, 3) == 0 &&
		    (text[i + 4] == '-' || text[i + 4] == ' '))
			return i;
	return end;
}

/* Sendmail's transcript: a reply behind `<<< ` ends with the last line that has this sign. What
 * follows is its own conclusion. */
static size_t transcript_end(const char *text, size_t at, size_t end)
{
	static const char sign[] = "<<< ";

	for (const char *line = text + at;
	     (line = memchr(line, '\n', end - (size_t)(line - text)));) {
		line++;
		if (end - (size_t)(line - text) < sizeof(sign) - 1 ||
		    memcmp(line, sign, sizeof(sign) - 1) != 0)
			return (size_t)(line - text) - 1;
	}
	return end;
}

static void split_lines(struct reply *reply, size_t at, size_t end, bool transcript)
{
	const char *text = strbuf_str(&reply->flat);

	while (at < end) {
		const char *newline = memchr(text + at, '\n', end - at);
		size_t stop = newline ? (size_t)(newline - text) : end;
		at = skip_blanks(text, stop, at);
		if (transcript && stop - at > 4 && memcmp(text + at, "<<< ", 4) == 0)
			at += 4;
		/* `550-5.1.1 one 550 5.1.1 two`: a '-' that no next line answers says that more
		 * lines were there. */
		bool answered = newline && has_code(text, stop + 1, end, text + at);
		while (at < stop) {
			size_t part = stop;
			if (!answered && parse_code(text + at, stop - at) && stop - at > 3 &&
			    text[at + 3] == '-')
				part = flattened_end(text, at, stop, text + at);
			add_line(reply, skip_codes(reply, text, at, part), part);
			at = part < stop ? part + 1 : stop;
		}
		at = stop + 1;
	}
	if (reply->line_count == 0)
		add_line(reply, end, end);
}

/* qmail's way to give a status: `... (#5.1.1)`. */
static void find_hash_status(struct reply *reply)
{
	const char *text = strbuf_str(&reply->text);
	size_t len = reply->text.len;

	for (const char *hash = memchr(text, '#', len); hash;) {
		size_t rest = len - (size_t)(hash + 1 - text);
		if (status_parse(&reply->status, hash + 1, rest))
			return;
		hash = memchr(hash + 1, '#', rest);
	}
}

static void join_lines(struct reply *reply)
{
	const char *flat = strbuf_str(&reply->flat);
	struct strbuf *text = &reply->text;

	for (size_t i = 0; i < reply->line_count; i++) {
		const char *line = flat + reply->lines[i].at;
		size_t len = reply->lines[i].len, from = 0;
		if (len == 0)
			continue;
		if (text->len > 0)
			strbuf_addch(text, ' ');
		for (size_t at = 0; at < len; at++) {
			if (line[at] != ' ' || at + 1 == len || line[at + 1] != ' ')
				continue;
			strbuf_add(text, line + from, at - from);
			from = at + 1;
		}
		strbuf_add(text, line + from, len - from);
	}
}

int reply_parse(struct reply *reply, const char *data, size_t len)
{
	reply->code = 0;
	reply->status = (struct status){0};
	reply->stage = STAGE_NONE;
	reply->host = (struct span){0};
	reply->line_count = 0;
	strbuf_reset(&reply->text);
	strbuf_reset(&reply->flat);
	if (len > REPLY_MAX) {
		add_line(reply, 0, 0);
		return -1;
	}
	flatten(reply, data, len);

	struct status before = {0};
	bool transcript = false;
	const char *text = strbuf_str(&reply->flat);
	size_t end = reply->flat.len;
	size_t at = skip_diagnostic_type(text, end, skip_blanks(text, end, 0));
	/* What begins with a code is a server's own reply, and all of it is its text. */
	if (!parse_code(text + at, end - at)) {
		end = cut_stage(reply, text, end);
		size_t used = status_parse(&reply->status, text + at, end - at);
		at = skip_blanks(text, end, at + used);
		size_t found = find_code(text, end, at);
		if (found < end) {
			find_host(reply, text, found);
			find_stage(reply, text, found);
			at = found;
			transcript = ascii_ends_with(text, at, "<<< ");
			if (transcript)
				end = transcript_end(text, at, end);
			/* The quoted reply's own status says more than one put before it. */
			before = reply->status;
			reply->status = (struct status){0};
		}
	}
	split_lines(reply, at, end, transcript);
	join_lines(reply);
	if (reply->status.class == 0)
		reply->status = before;
	if (reply->status.class == 0)
		find_hash_status(reply);
	return 0;
}

int reply_code(const struct reply *reply)
{
	return reply->code;
}

struct status reply_status(const struct reply *reply)
{
	return reply->status;
}

int reply_class(const struct reply *reply)
{
	return reply->code ? reply->code / 100 : reply->status.class;
}

const char *reply_text(const struct reply *reply, size_t *len)
{
	*len = reply->text.len;
	return strbuf_str(&reply->text);
}

size_t reply_line_count(const struct reply *reply)
{
	return reply->line_count;
}

const char *reply_line(const struct reply *reply, size_t i, size_t *len)
{
	*len = reply->lines[i].len;
	return strbuf_str(&reply->flat) + reply->lines[i].at;
}

enum stage reply_stage(const struct reply *reply)
{
	return reply->stage;
}

const char *reply_host(const struct reply *reply, size_t *len)
{
	*len = reply->host.len;
	return reply->host.len ? strbuf_str(&reply->flat) + reply->host.at : NULL;
}

void reply_add_line(struct strbuf *out, int code, const struct status *status, bool last,
    const char *text, size_t len)
{
	if (code) {
		strbuf_addu(out, (unsigned)code);
		strbuf_addch(out, last ? ' ' : '-');
		if (status->class) {
			status_add(out, status);
			strbuf_addch(out, ' ');
		}
	}
	strbuf_add(out, text, len);
}

void reply_add_lines(struct strbuf *out, const struct reply *reply, bool more)
{
	for (size_t i = 0; i < reply->line_count; i++) {
		bool last = !more && i + 1 == reply->line_count;
		if (i > 0)
			strbuf_addstr(out, "\r\n");
		reply_add_line(out, reply->code, &reply->status, last,
		    strbuf_str(&reply->flat) + reply->lines[i].at, reply->lines[i].len);
	}
}
