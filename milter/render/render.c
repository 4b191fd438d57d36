/* render.c - explanations as reply lines.
 *
 * Lines fold at the profile's width; where that makes more lines than allowed, paragraphs are joined
 * and then lines made longer, up to what SMTP allows: saying less is the last resort. */
#include "explain/render.h"

#include "explain/fold.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <assert.h>
#include <string.h>

#define MAX_LINES 32
#define PARTS 3
#define WIDTH_STEP 8
/* An action cut shorter than this says nothing. */
#define MIN_ACTION 24

struct page {
	struct strbuf text; /* the paragraphs, in the order of the message, then the closing */
	struct fold_line parts[PARTS];
	struct fold_line closing;
	struct fold_line lines[MAX_LINES];
	size_t line_count;
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

static struct fold_line add_part(struct page *page, const char *text)
{
	if (page->text.len > 0)
		strbuf_addch(&page->text, ' ');
	size_t at = page->text.len;
	if (text)
		add_ascii(&page->text, text);
	return (struct fold_line){at, page->text.len - at};
}

static void page_fill(struct page *page, const struct message *message)
{
	strbuf_init(&page->text, 0);
	strbuf_addstr(&page->text, "");
	page->parts[0] = add_part(page, message->summary);
	page->parts[1] = add_part(page, message->action);
	page->parts[2] = add_part(page, message->note);
	page->closing = add_part(page, message->closing);
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
		for (size_t j = 0; j < found && j < MAX_LINES && count + j < MAX_LINES; j++) {
			page->lines[count + j] = lines[j];
			page->lines[count + j].at += at;
		}
		count += found;
		i = last;
	}
	page->line_count = count;
	return count;
}

/* The widest line wins over dropping words: tries layouts from the most to the least readable. */
static bool fold_page(struct page *page, size_t width, size_t hard, size_t max_lines)
{
	if (fold_parts(page, PARTS, width, hard, max_lines) <= max_lines ||
	    fold_parts(page, 1, width, hard, max_lines) <= max_lines)
		return true;
	for (; width <= hard; width += WIDTH_STEP)
		if (fold_parts(page, 0, width, hard, max_lines) <= max_lines)
			return true;
	return false;
}

static size_t page_octets(const struct page *page, size_t prefix)
{
	size_t octets = 0;

	for (size_t i = 0; i < page->line_count; i++)
		octets += prefix + page->lines[i].len + 2;
	return octets;
}

/* Removes octets from the text and moves the parts behind. */
static void cut_text(struct page *page, size_t part, size_t keep)
{
	size_t at = page->parts[part].at + keep, cut = page->parts[part].len - keep;

	memmove(page->text.data + at, page->text.data + at + cut, page->text.len - at - cut);
	strbuf_truncate(&page->text, page->text.len - cut);
	page->parts[part].len = keep;
	for (size_t i = part + 1; i < PARTS; i++)
		page->parts[i].at -= cut;
	page->closing.at -= cut;
}

/* Shortens a part by at least EXCESS octets, at a word and with dots; to nothing if little is left. */
static void shorten(struct page *page, size_t part, size_t excess, size_t min)
{
	static const char dots[] = "...";
	struct fold_line *span = &page->parts[part];
	size_t keep = span->len > excess + sizeof(dots) ? span->len - excess - sizeof(dots) : 0;
	const char *text = page->text.data + span->at;

	while (keep > 0 && text[keep] != ' ')
		keep--;
	if (keep < min || keep == 0) {
		cut_text(page, part, 0);
		return;
	}
	cut_text(page, part, keep + sizeof(dots) - 1);
	memcpy(page->text.data + span->at + keep, dots, sizeof(dots) - 1);
}

/* Lays the message out as lines, each to be sent behind PREFIX octets of code and status. */
static int page_layout(struct page *page, const struct profile *profile, size_t prefix)
{
	static const size_t shorten_order[] = {1, 0};
	size_t hard = RENDER_MAX_LINE - prefix;
	size_t width = profile->width > prefix + 20 ? profile->width - prefix : 20;
	size_t closing_octets = page->closing.len ? prefix + page->closing.len + 2 : 0;
	size_t max_lines = profile->max_lines < MAX_LINES ? profile->max_lines : MAX_LINES;

	if (page->closing.len > hard || closing_octets > profile->max_octets ||
	    max_lines < (page->closing.len ? 2u : 1u))
		return -1;
	size_t room = profile->max_octets - closing_octets;
	size_t body_lines = max_lines - (page->closing.len ? 1 : 0);
	for (size_t attempt = 0;; attempt++) {
		bool fits = fold_page(page, width, hard, body_lines);
		size_t octets = page_octets(page, prefix);
		if (fits && octets <= room)
			break;
		if (attempt == 4)
			return -1;
		/* Joining paragraphs saves a line's code; then words go. */
		if (fits && fold_parts(page, 0, width, hard, body_lines) <= body_lines &&
		    page_octets(page, prefix) <= room)
			break;
		size_t excess = octets > room ? octets - room : prefix;
		shorten(page, shorten_order[attempt / 2], excess, attempt < 2 ? MIN_ACTION : 1);
	}
	if (page->line_count == 0)
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
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '$')
			strbuf_addch(out, '$');
		bool special =
		    text[i] == '\\' && (i + 1 == len || text[i + 1] == 'n' || text[i + 1] == 'c');
		strbuf_addch(out, special ? '?' : text[i]);
	}
}

/* The room that is left on the reply's last line, or 0. */
static size_t single_room(const struct reply *reply, const struct profile *profile, size_t prefix)
{
	size_t len;

	reply_line(reply, reply_line_count(reply) - 1, &len);
	size_t used = prefix + len + 1;
	size_t room = used < RENDER_MAX_LINE ? RENDER_MAX_LINE - used : 0;
	return room < profile->max_octets ? room : profile->max_octets;
}

int render_flat(struct strbuf *out, const struct message *message, size_t room)
{
	static const size_t drop_order[] = {1, 2, 0};
	struct page page;

	page_fill(&page, message);
	for (size_t i = 0; page.text.len > room && i < PARTS; i++)
		shorten(&page, drop_order[i], page.text.len - room, MIN_ACTION);
	bool fits = page.text.len <= room && page.text.len > page.closing.len;
	if (fits) {
		/* A part that was dropped leaves its blank: don't send two. */
		for (size_t i = 0; i < page.text.len; i++)
			if (page.text.data[i] != ' ' || i == 0 || page.text.data[i - 1] != ' ')
				strbuf_addch(out, page.text.data[i]);
	}
	strbuf_free(&page.text);
	return fits ? 0 : -1;
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
	page_fill(&page, message);
	if (page_layout(&page, profile, prefix_octets(reply)) == 0) {
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
	page_fill(&page, message);
	if (page_layout(&page, profile, prefix_octets(reply)) == 0) {
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
