/* render.c - explanations as reply lines.
 *
 * Lines fold at the profile's width; where that makes more lines than allowed, paragraphs are
 * joined and then lines made longer, up to what SMTP allows: saying less is the last resort. */
#include "explain/render.h"

#include "explain/fold.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <stdint.h>
#include <string.h>

#define MAX_LINES 32
#define WIDTH_STEP 8
/* A text cut shorter than this says nothing. */
#define MIN_PART 24
#define WHOLE SIZE_MAX

enum part { SUMMARY, ACTION, NOTE, PARTS };

struct page {
	struct strbuf text; /* the parts, in the order of the message, then the closing */
	struct fold_line parts[PARTS];
	struct fold_line closing;
	struct fold_line lines[MAX_LINES];
	size_t line_count;
};

/* What a page has to keep to, the closing's line not counted. */
struct limits {
	bool flat;          /* one piece: only `room` matters, and for the whole text */
	size_t prefix;      /* octets of code and status before each line */
	size_t width, hard; /* octets of a line behind them: wished, and never more than */
	size_t max_lines;
	size_t room; /* octets of all lines, with prefix and CRLF */
};

static void add_ascii(struct strbuf *out, const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s;) {
		size_t run = 0;
		while (s[run] >= ' ' && s[run] < 127)
			run++;
		strbuf_add(out, (const char *)s, run);
		s += run;
		if (!*s)
			break;
		strbuf_addch(out, '?');
		for (s++; (*s & 0xC0) == 0x80; s++)
			;
	}
}

/* Runs of blanks from AT on become one. */
static void squeeze(struct strbuf *out, size_t at)
{
	size_t to = at;

	if (!memmem(out->data + at, out->len - at, "  ", 2))
		return;
	for (; at < out->len; at++)
		if (out->data[at] != ' ' || out->data[at + 1] != ' ')
			out->data[to++] = out->data[at];
	strbuf_truncate(out, to);
}

/* Shortens what begins at AT to at most KEEP octets, at a word and with dots; to nothing if that
 * leaves too little. */
static void shorten(struct strbuf *out, size_t at, size_t keep)
{
	static const char dots[] = "...";
	size_t end = keep < sizeof(dots) ? at : at + keep - (sizeof(dots) - 1);

	while (end > at && out->data[end] != ' ')
		end--;
	if (end - at < MIN_PART) {
		strbuf_truncate(out, at);
		return;
	}
	strbuf_truncate(out, end);
	strbuf_addstr(out, dots);
}

/* Adds TEXT, without blanks around it, behind a blank. */
static struct fold_line add_text(struct page *page, const char *text, size_t keep, bool squeezed)
{
	struct strbuf *out = &page->text;
	size_t before = out->len, at = before > 0 ? before + 1 : 0;

	if (!text || keep == 0)
		return (struct fold_line){before, 0};
	if (at > 0)
		strbuf_addch(out, ' ');
	add_ascii(out, text + strspn(text, " "));
	while (out->len > at && out->data[out->len - 1] == ' ')
		strbuf_truncate(out, out->len - 1);
	if (squeezed)
		squeeze(out, at);
	if (out->len - at > keep)
		shorten(out, at, keep);
	if (out->len > at)
		return (struct fold_line){at, out->len - at};
	strbuf_truncate(out, before);
	return (struct fold_line){before, 0};
}

/* Puts the message's parts on the page, of each at most KEEP octets. */
static void page_fill(struct page *page, const struct message *message, const size_t keep[PARTS])
{
	const char *const texts[PARTS] = {message->summary, message->action, message->note};

	strbuf_reset(&page->text);
	strbuf_addstr(&page->text, "");
	for (size_t i = 0; i < PARTS; i++)
		page->parts[i] = add_text(page, texts[i], keep[i], true);
	page->closing = add_text(page, message->closing, WHOLE, false);
	page->line_count = 0;
}

/* Folds the parts, the first JOIN_FROM each for itself and the others as one paragraph. */
static size_t fold_parts(
    struct page *page, size_t join_from, size_t width, size_t hard, size_t max_lines)
{
	size_t count = 0;

	for (size_t i = 0; i < PARTS && count <= max_lines; i++) {
		size_t last = i >= join_from ? PARTS - 1 : i;
		size_t at = page->parts[i].at;
		size_t len = page->parts[last].at + page->parts[last].len - at;
		struct fold_line lines[MAX_LINES];
		size_t found = fold_text(page->text.data + at, len, width, hard, lines, MAX_LINES);
		for (size_t j = 0; j < found && count + j < MAX_LINES; j++) {
			page->lines[count + j] = lines[j];
			page->lines[count + j].at += at;
		}
		count += found;
		i = last;
	}
	page->line_count = count < MAX_LINES ? count : MAX_LINES;
	return count;
}

static size_t page_octets(const struct page *page, size_t prefix)
{
	size_t octets = 0;

	for (size_t i = 0; i < page->line_count; i++)
		octets += prefix + page->lines[i].len + 2;
	return octets;
}

static bool try_layout(
    struct page *page, const struct limits *limits, size_t join_from, size_t width)
{
	return fold_parts(page, join_from, width, limits->hard, limits->max_lines) <=
	           limits->max_lines &&
	       page_octets(page, limits->prefix) <= limits->room;
}

/* Tries layouts from the most to the least readable: longer lines, joined, take less room. */
static bool page_fits(struct page *page, const struct limits *limits)
{
	size_t body = page->parts[NOTE].at + page->parts[NOTE].len, width = limits->width;

	if (limits->flat)
		return page->text.len <= limits->room;
	if (body > limits->room)
		return false;
	if (try_layout(page, limits, PARTS, width) || try_layout(page, limits, 1, width))
		return true;
	for (; width < limits->hard; width += WIDTH_STEP)
		if (body <= (width + 1) * limits->max_lines && try_layout(page, limits, 0, width))
			return true;
	return try_layout(page, limits, 0, limits->hard);
}

/* Lays the message out within LIMITS. Where not everything fits, the action goes first, word by
 * word from its end, then the note; at last the end of the summary. */
static int page_layout(
    struct page *page, const struct message *message, const struct limits *limits)
{
	static const enum part order[] = {ACTION, NOTE, SUMMARY};
	size_t keep[PARTS] = {WHOLE, WHOLE, WHOLE};

	page_fill(page, message, keep);
	bool has_summary = page->parts[SUMMARY].len > 0, fits = page_fits(page, limits);
	for (size_t i = 0; i < PARTS && !fits; i++) {
		enum part part = order[i];
		size_t low = 0, high = page->parts[part].len;
		keep[part] = 0;
		page_fill(page, message, keep);
		if (!page_fits(page, limits))
			continue;
		/* LOW octets of it fit, HIGH don't. Half a note would say nothing. */
		while (part != NOTE && high - low > 1) {
			size_t middle = low + (high - low) / 2;
			keep[part] = middle;
			page_fill(page, message, keep);
			*(page_fits(page, limits) ? &low : &high) = middle;
		}
		keep[part] = low;
		page_fill(page, message, keep);
		fits = page_fits(page, limits);
	}
	if (!fits || page->text.len <= page->closing.len ||
	    (has_summary && page->parts[SUMMARY].len == 0))
		return -1;
	return 0;
}

/* The same as lines, the closing on the last one. */
static int page_lines(
    struct page *page, const struct message *message, const struct profile *profile, size_t prefix)
{
	strbuf_init(&page->text, 0);
	page_fill(page, message, (const size_t[PARTS]){0});
	size_t closing_octets = page->closing.len ? prefix + page->closing.len + 2 : 0;
	size_t closing_lines = page->closing.len ? 1 : 0;
	size_t max_lines = profile->max_lines < MAX_LINES ? profile->max_lines : MAX_LINES;
	struct limits limits = {.prefix = prefix, .hard = RENDER_MAX_LINE - prefix};

	if (page->closing.len > limits.hard || closing_octets > profile->max_octets ||
	    max_lines <= closing_lines)
		return -1;
	limits.width = profile->width > prefix + 20 ? profile->width - prefix : 20;
	if (limits.width > limits.hard)
		limits.width = limits.hard;
	limits.max_lines = max_lines - closing_lines;
	limits.room = profile->max_octets - closing_octets;
	if (page_layout(page, message, &limits) < 0)
		return -1;
	if (page->closing.len)
		page->lines[page->line_count++] = page->closing;
	return 0;
}

static size_t prefix_octets(const struct reply *reply)
{
	char space[32];
	struct strbuf prefix = {.data = space, .size = sizeof(space), .limit = sizeof(space) - 1};
	struct status status = reply_status(reply);

	reply_add_line(&prefix, reply_code(reply), &status, true, "", 0);
	return prefix.len;
}

/* The two characters \n would begin a line, \c at the start would join lines: see the header. */
static void add_footer_text(struct strbuf *out, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		bool special =
		    text[i] == '\\' && (i + 1 == len || text[i + 1] == 'n' || text[i + 1] == 'c');
		if (text[i] != '$' && !special)
			continue;
		strbuf_add(out, text + from, i - from);
		strbuf_addch(out, special ? '?' : '$');
		from = special ? i + 1 : i;
	}
	strbuf_add(out, text + from, len - from);
}

/* The octets that may follow a blank on the reply's last line. */
static size_t single_room(const struct reply *reply, const struct profile *profile, size_t prefix)
{
	size_t len;

	reply_line(reply, reply_line_count(reply) - 1, &len);
	size_t room = prefix + len < RENDER_MAX_LINE ? RENDER_MAX_LINE - prefix - len : 0;
	if (room > profile->max_octets)
		room = profile->max_octets;
	return room > 0 ? room - 1 : 0;
}

int render_flat(struct strbuf *out, const struct message *message, size_t room)
{
	const struct limits limits = {.flat = true, .room = room};
	struct page page;

	strbuf_init(&page.text, 0);
	int result = page_layout(&page, message, &limits);
	if (result == 0) {
		squeeze(&page.text, 0);
		strbuf_add(out, page.text.data, page.text.len);
	}
	strbuf_free(&page.text);
	return result;
}

int render_delivery_status(
    struct strbuf *out, const char *key, size_t len, const struct message *message, size_t room)
{
	size_t start = out->len;

	for (size_t i = 0; i < len; i++)
		strbuf_addch(out, (unsigned char)key[i] < ' ' ? ' ' : key[i]);
	strbuf_addch(out, ' ');
	if (render_flat(out, message, room) == 0)
		return 0;
	strbuf_truncate(out, start);
	return -1;
}

static int render_single(struct strbuf *out, const struct message *message,
    const struct reply *reply, const struct profile *profile)
{
	return render_flat(out, message, single_room(reply, profile, prefix_octets(reply)));
}

int render_footer(struct strbuf *out, const struct message *message, const struct reply *reply,
    const struct profile *profile)
{
	int result = -1;

	if (profile->single) {
		struct strbuf text;
		strbuf_init(&text, 0);
		result = render_single(&text, message, reply, profile);
		if (result == 0) {
			strbuf_addstr(out, "\\c ");
			add_footer_text(out, text.data, text.len);
		}
		strbuf_free(&text);
		return result;
	}
	struct page page;
	if (page_lines(&page, message, profile, prefix_octets(reply)) == 0) {
		for (size_t i = 0; i < page.line_count; i++) {
			if (i > 0)
				strbuf_addstr(out, "\\n");
			add_footer_text(out, page.text.data + page.lines[i].at, page.lines[i].len);
		}
		result = 0;
	}
	strbuf_free(&page.text);
	return result;
}

int render_reply(struct strbuf *out, const struct message *message, const struct reply *reply,
    const struct profile *profile)
{
	struct status status = reply_status(reply);
	int result = -1;

	if (profile->single) {
		struct strbuf text;
		strbuf_init(&text, 0);
		result = render_single(&text, message, reply, profile);
		if (result == 0) {
			reply_add_lines(out, reply, false);
			strbuf_addch(out, ' ');
			strbuf_add(out, text.data, text.len);
		}
		strbuf_free(&text);
		return result;
	}
	struct page page;
	if (page_lines(&page, message, profile, prefix_octets(reply)) == 0) {
		reply_add_lines(out, reply, true);
		for (size_t i = 0; i < page.line_count; i++) {
			strbuf_addstr(out, "\r\n");
			reply_add_line(out, reply_code(reply), &status, i + 1 == page.line_count,
			    page.text.data + page.lines[i].at, page.lines[i].len);
		}
		result = 0;
	}
	strbuf_free(&page.text);
	return result;
}
