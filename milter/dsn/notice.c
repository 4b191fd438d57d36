/* notice.c - what the text for humans says of each recipient.
 *
 * Some hundred programs write bounces, each in its own words, but nearly all name the failed
 * address and put the other server's words on the same line or in the lines below it. That is all
 * that is taken for granted here; whether those words mean anything is for the rules to say. */
#include "internal.h"
#include "report.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_ABOUT 3000
#define MAX_MENTIONS 6
#define MAX_LINES 60 /* of one mention */
#define MAX_LINE 1000
#define MAX_NAMED 200
/* So many addresses are looked at, and none longer than RFC 5321 has them, with room. */
#define MAX_SEEN 2000
#define MAX_ADDRESS 600

struct line {
	const char *text;
	size_t len;
};

/* The line at *AT, which moves behind it; false at the end. */
static bool next_line(const char **at, struct line *line)
{
	if (!**at)
		return false;
	line->text = *at;
	line->len = strcspn(*at, "\n");
	*at += line->len + ((*at)[line->len] ? 1 : 0);
	return true;
}

static bool contains(struct line line, const char *words)
{
	size_t len = strlen(words);

	for (size_t i = 0; i + len <= line.len; i++)
		if (strncasecmp(line.text + i, words, len) == 0)
			return true;
	return false;
}

static bool starts(struct line line, const char *words)
{
	return line.len >= strlen(words) && strncasecmp(line.text, words, strlen(words)) == 0;
}

static bool is_blank(struct line line)
{
	return strspn(line.text, " \t\r>|*") >= line.len;
}

/* Does the copy of the returned message begin here? */
static bool begins_returned(struct line line)
{
	static const char *const ruled[] = {"original m", "returned m", "copy of", "unsent m",
	    "message follow", "header", "forwarded m", "body of", "message text", "your message",
	    "undelivered m", "transcript of the message", "returned text", "rest of"};
	static const char *const plain[] = {"original message follows",
	    "original message:", "message header for the returned", "headers follow",
	    "the header and the", "your original message",
	    "received: ", "return-path: ", "message-id: ", "the text you sent follows",
	    "mail message follows", "original message header", "first few lines of the message"};

	size_t blanks = strspn(line.text, " ");
	if (blanks + 1 < line.len && line.text[blanks] == line.text[blanks + 1] &&
	    strchr("-=_*", line.text[blanks]))
		for (size_t i = 0; i < sizeof(ruled) / sizeof(ruled[0]); i++)
			if (contains(line, ruled[i]))
				return true;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (starts(line, plain[i]))
			return true;
	return false;
}

size_t notice_end(const char *text)
{
	const char *at = text;
	struct line line;
	bool said_something = false, after_blank = false;

	while (next_line(&at, &line)) {
		/* "From: <alice@example.org> RCPT: ..." may also be said of the delivery. */
		if (said_something &&
		    (begins_returned(line) || (after_blank && starts(line, "from: "))))
			return (size_t)(line.text - text);
		after_blank = is_blank(line);
		said_something = said_something || !is_blank(line);
	}
	return strlen(text);
}

static bool is_address_char(unsigned char c)
{
	return c > ' ' && c != 0x7f && !strchr("<>()[],;:\"'`|{}", c);
}

/* The next address in LINE at or behind *FROM, which moves behind it. */
static bool next_address(struct line line, size_t *from, struct line *address)
{
	for (size_t at = *from; at < line.len; at++) {
		if (line.text[at] != '@')
			continue;
		size_t begin = at, end = at + 1;
		while (begin > 0 && is_address_char((unsigned char)line.text[begin - 1]) &&
		       line.text[begin - 1] != '@')
			begin--;
		while (end < line.len && is_address_char((unsigned char)line.text[end]) &&
		       line.text[end] != '@')
			end++;
		while (end > at && strchr(".!?", line.text[end - 1]))
			end--;
		*from = end > at ? end : at + 1;
		if (begin == at || end == at + 1 || end - begin > MAX_ADDRESS)
			continue;
		*address = (struct line){line.text + begin, end - begin};
		return true;
	}
	return false;
}

static bool is_same(struct line line, const char *text)
{
	return strlen(text) == line.len && strncasecmp(text, line.text, line.len) == 0;
}

/* Addresses that bounces name for other reasons: where to ask, who wrote this, a list's commands.
 */
static bool is_service(struct line address)
{
	static const char *const names[] = {"postmaster@", "mailer-daemon@", "abuse@", "support@",
	    "helpdesk@", "noreply@", "no-reply@", "hostmaster@", "webmaster@", "mailerdaemon@"};
	static const char *const roles[] = {
	    "-owner@", "-request@", "-admin@", "-bounces@", "-help@", "-ctl@"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (starts(address, names[i]))
			return true;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (contains(address, roles[i]))
			return true;
	return false;
}

static bool is_known(const struct dsn *dsn, struct line address)
{
	for (size_t i = 0; i < dsn->count; i++)
		if (is_same(address, dsn->recipients[i].address))
			return true;
	return false;
}

static bool is_among(struct line address, const char *const *texts)
{
	char words[MAX_ADDRESS + 1];

	memcpy(words, address.text, address.len);
	words[address.len] = '\0';
	for (; *texts; texts++)
		if (strcasestr(*texts, words))
			return true;
	return false;
}

static void add(struct dsn *dsn, struct line address, struct arena *arena)
{
	struct dsn_recipient *recipient =
	    dsn->count < MAX_NAMED && !is_known(dsn, address) ? report_add_recipient(dsn) : NULL;

	if (recipient)
		recipient->address = arena_strndup(arena, address.text, address.len);
}

static bool says_delayed(const char *text)
{
	static const char *const words[] = {"still being retried", "will continue to try",
	    "will keep trying", "no action is required", "not been delivered yet",
	    "has not yet been delivered", "warning: message still undelivered",
	    "warning message only", "will be retried", "do not need to resend",
	    "delivery attempts will continue", "message is still in the queue"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* "5.1.1" in TEXT, or "". */
static const char *find_status(const char *text, struct arena *arena)
{
	for (const char *at = text; *at; at++) {
		if (!strchr("45", *at) || at[1] != '.' ||
		    (at > text && strchr("0123456789.", at[-1])))
			continue;
		size_t len = strspn(at, "0123456789.");
		while (len > 0 && at[len - 1] == '.')
			len--;
		size_t dots = 0;
		for (size_t i = 0; i < len; i++)
			dots += at[i] == '.';
		if (dots == 2 && len >= 5 && len <= 9 && at[2] != '.')
			return arena_strndup(arena, at, len);
	}
	return "";
}

void notice_find_recipients(struct dsn *dsn, const char *text, const char *failed,
    const char *const *own, struct arena *arena)
{
	struct line line = {failed, strlen(failed)}, address;
	const char *at = text;
	size_t from = 0, seen = 0;

	while (next_address(line, &from, &address))
		add(dsn, address, arena);
	while (!failed[0] && next_line(&at, &line)) {
		if (contains(line, "message-id"))
			continue;
		for (from = 0; seen < MAX_SEEN && next_address(line, &from, &address); seen++)
			if (!is_service(address) && !is_among(address, own))
				add(dsn, address, arena);
	}
	/* A bounce that hides whom it is about. */
	if (dsn->count == 0 && text[strspn(text, " \n\t")])
		report_add_recipient(dsn);
	enum dsn_action action = says_delayed(text) ? DSN_DELAYED : DSN_FAILED;
	for (size_t i = 0; i < dsn->count; i++) {
		struct dsn_recipient *recipient = &dsn->recipients[i];
		recipient->action = action;
		recipient->notice = notice_about(text, recipient->address, arena);
		recipient->status = find_status(recipient->notice, arena);
		if (!recipient->status[0] && dsn->count == 1)
			recipient->status = find_status(text, arena);
	}
}

/* Does LINE begin with an address, be it behind a code, as the entry of another recipient does? */
static bool begins_another(struct line line, const char *address)
{
	size_t from = 0, blanks = strspn(line.text, " \t<'\"0123456789.");
	struct line found;

	return blanks < line.len && next_address(line, &from, &found) &&
	       (size_t)(found.text - line.text) <= blanks && !is_same(found, address);
}

/* In a transcript each command and each reply is a line, and each reply one to explain: does LINE
 * begin one that does not go on with the reply of the line before, whose code is LAST? LAST becomes
 * this one's if it goes on in turn, else "". */
static bool begins_reply(struct line line, char last[4])
{
	size_t skip = starts(line, "<<< ") ? 4 : 0;
	const char *code = line.text + skip;
	bool has_code = line.len >= skip + 4 && strspn(code, "0123456789") == 3 &&
	                strchr("245", code[0]) && strchr(" -", code[3]);
	bool goes_on = has_code && strncmp(last, code, 3) == 0;

	snprintf(last, 4, "%.3s", has_code && code[3] == '-' ? code : "");
	return !goes_on && (has_code || skip || starts(line, ">>> "));
}

static void add_text(struct strbuf *out, struct line line)
{
	while (line.len > 0 && strchr(" \t", line.text[0])) {
		line.text++;
		line.len--;
	}
	if (out->len && out->data[out->len - 1] != '\n')
		strbuf_addch(out, ' ');
	if (line.len > MAX_LINE)
		for (line.len = MAX_LINE; ((unsigned char)line.text[line.len] & 0xC0) == 0x80;)
			line.len--;
	if (out->len < MAX_ABOUT)
		strbuf_add(out, line.text, line.len);
}

/* The line that names the address and what follows up to an empty line; where only the address
 * stands there, what follows the empty line too. */
static void add_mention(struct strbuf *out, const char *at, const char *address)
{
	size_t begin = out->len;
	struct line line;
	bool empty = false, own_words = false;
	char last[4] = "";

	for (size_t count = 0; count < MAX_LINES && out->len - begin < MAX_ABOUT; count++) {
		if (!next_line(&at, &line))
			break;
		if (is_blank(line)) {
			if (own_words || empty)
				break;
			empty = count > 0;
			continue;
		}
		if (count > 0 && begins_another(line, address))
			break;
		own_words = own_words || count > 0 || line.len > strlen(address) + 12;
		if (begins_reply(line, last) && count > 0)
			strbuf_addch(out, '\n');
		add_text(out, line);
	}
	strbuf_addch(out, '\n');
}

const char *notice_about(const char *text, const char *address, struct arena *arena)
{
	struct strbuf out;
	const char *at = text;

	if (!address[0] || strlen(address) > MAX_ADDRESS)
		return "";
	strbuf_init(&out, 0);
	for (size_t mentions = 0; mentions < MAX_MENTIONS; mentions++) {
		/* Linear, whatever the address is; it has no line breaks. */
		const char *found = strcasestr(at, address);
		if (!found)
			break;
		const char *line = memrchr(at, '\n', (size_t)(found - at));
		add_mention(&out, line ? line + 1 : at, address);
		at = found + strcspn(found, "\n");
	}
	const char *result = arena_strndup(arena, strbuf_str(&out), out.len);
	strbuf_free(&out);
	return result;
}

/* Enough of HTML to read a bounce: no tags, the entities of ASCII, breaks where blocks end. A
 * library would bring a browser's worth of code for a text of last resort. */
const char *notice_from_html(const char *html, struct arena *arena)
{
	static const struct {
		const char *name, *text;
	} entities[] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""},
	    {"&nbsp;", " "}, {"&#39;", "'"}};
	struct strbuf out;

	strbuf_init(&out, 0);
	for (const char *at = html; *at;) {
		if (strncasecmp(at, "<style", 6) == 0 || strncasecmp(at, "<head", 5) == 0 ||
		    strncasecmp(at, "<script", 7) == 0) {
			const char *end =
			    strcasestr(at, at[1] == 'h' || at[1] == 'H' ? "</head" : "</s");
			if (!end)
				break;
			at = end;
		}
		if (*at == '<') {
			static const char *const breaks[] = {
			    "<br", "<p", "</p", "<div", "</div", "<tr", "</td", "<li", "<h"};
			for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
				if (strncasecmp(at, breaks[i], strlen(breaks[i])) == 0) {
					strbuf_addch(&out, '\n');
					break;
				}
			const char *end = strchr(at, '>');
			if (!end)
				break;
			at = end + 1;
			continue;
		}
		size_t i = 0, count = sizeof(entities) / sizeof(entities[0]);
		while (
		    i < count && strncasecmp(at, entities[i].name, strlen(entities[i].name)) != 0)
			i++;
		if (*at == '&' && i < count) {
			strbuf_addstr(&out, entities[i].text);
			at += strlen(entities[i].name);
		} else {
			strbuf_addch(&out, *at++);
		}
	}
	const char *result = arena_strndup(arena, strbuf_str(&out), out.len);
	strbuf_free(&out);
	return result;
}
