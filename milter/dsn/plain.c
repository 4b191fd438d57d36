/* plain.c - the explanation as text/plain, as a mail program without HTML shows it. */
#include "annotate.h"

#include "explain/catalog.h"
#include "explain/fold.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <string.h>

#define WIDTH 74
#define MAX_FOLDS 64
/* RFC 5322 section 2.1.1, and a blank to spare. */
#define LONGEST_WORD 900

/* The columns of a terminal that POINT takes: two for the writing of East Asia. */
static size_t columns(uint32_t point)
{
	return utf8_is_wide(point) || (point >= 0xFF01 && point <= 0xFF60) ? 2 : 1;
}

/* May no line begin with POINT, or end with it? (JIS X 4051, the marks that texts here have) */
static bool is_closing(uint32_t point)
{
	static const uint32_t marks[] = {',', '.', ':', ';', '!', '?', ')', ']', 0x3001, 0x3002,
	    0x3005, 0x300D, 0x300F, 0x3011, 0x3015, 0x30FC, 0xFF01, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A,
	    0xFF1B, 0xFF1F, 0x201D};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i] == point)
			return true;
	return false;
}

static bool is_opening(uint32_t point)
{
	return point == '(' || point == '[' || point == 0x300C || point == 0x300E ||
	       point == 0x3010 || point == 0x3014 || point == 0xFF08 || point == 0x201C;
}

/* Where the line of TEXT ends that has WIDTH columns: behind a blank or beside a wide character; a
 * longer word is cut. */
static size_t wide_line(const char *text, size_t len, size_t width)
{
	size_t used = 0, stop = 0;
	uint32_t before = ' ';

	for (size_t at = 0; at < len;) {
		uint32_t point = '?';
		size_t size = utf8_decode(text + at, len - at, &point);
		bool is_joint = before == ' ' || columns(before) == 2 || columns(point) == 2;
		if (is_joint && point != ' ' && !is_closing(point) && !is_opening(before))
			stop = at;
		used += columns(point);
		if (used > width && point != ' ')
			return stop > 0 ? stop : at;
		before = point;
		at += size > 0 ? size : 1;
	}
	return len;
}

static void add_wide(struct strbuf *out, int indent, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t size = wide_line(text, len, WIDTH - (size_t)indent), shown = size;
		while (shown > 0 && text[shown - 1] == ' ')
			shown--;
		strbuf_addf(out, "%*s%.*s\n", indent, "", (int)shown, text);
		text += size;
		len -= size;
	}
}

/* TEXT below INDENT blanks, folded. */
static void add_folded(
    struct strbuf *out, const struct letter *letter, int indent, const char *text)
{
	struct fold_line lines[MAX_FOLDS];
	size_t width = WIDTH - (size_t)indent;

	if (!catalog_language_is_latin(letter->catalog, letter->language)) {
		add_wide(out, indent, text);
		return;
	}
	size_t count = fold_text(text, strlen(text), width, LONGEST_WORD, lines, MAX_FOLDS);
	for (size_t i = 0; i < count && i < MAX_FOLDS; i++)
		strbuf_addf(out, "%*s%.*s\n", indent, "", (int)lines[i].len, text + lines[i].at);
}

static const char *word(const struct letter *letter, enum page_text text)
{
	return catalog_page_text(letter->catalog, letter->language, text);
}

static void add_labelled(
    struct strbuf *out, const struct letter *letter, const char *label, const char *text)
{
	struct strbuf line;

	if (!text || !text[0])
		return;
	strbuf_init(&line, 0);
	strbuf_addf(&line, "%s%s%s", label, letter_gap(label), text);
	add_folded(out, letter, 2, strbuf_str(&line));
	strbuf_free(&line);
}

static void add_details(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	const char *said = card->said_first ? "" : card->said;

	if (!said[0] && !card->status[0] && !card->server[0])
		return;
	strbuf_addf(out, "\n  %s:\n", word(letter, PAGE_BOUNCE_DETAILS));
	add_folded(out, letter, 4, said);
	add_folded(out, letter, 4, card->status);
	add_folded(out, letter, 4, card->server);
}

static void add_card(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	if (card->address[0])
		strbuf_addf(out, "%s\n", card->address);
	if (card->said_first)
		add_folded(out, letter, 4, card->said);
	add_folded(out, letter, 2, card->summary);
	if (card->suggestion)
		add_labelled(out, letter, word(letter, PAGE_BOUNCE_TYPO), card->suggestion);
	if (card->delayed)
		add_folded(out, letter, 2, card->action);
	else
		add_labelled(out, letter, word(letter, PAGE_BOUNCE_WHAT_TO_DO), card->action);
	add_labelled(out, letter, word(letter, PAGE_BOUNCE_UNTIL), card->until);
	add_labelled(out, letter, word(letter, PAGE_WHO), card->who);
	/* A link is no text to fold. */
	if (card->help_url[0])
		strbuf_addf(out, "  %s\n", card->help_url);
	add_details(out, letter, card);
	strbuf_addch(out, '\n');
}

static void add_others(
    struct strbuf *out, const struct letter *letter, enum dsn_action action, enum page_text heading)
{
	size_t shown = 0;

	for (size_t i = 0; i < letter->dsn->count && shown < MAX_CARDS; i++) {
		const struct dsn_recipient *recipient = &letter->dsn->recipients[i];
		if (recipient->action != action || !recipient->address[0])
			continue;
		if (shown++ == 0)
			strbuf_addf(out, "%s\n", word(letter, heading));
		strbuf_addf(out, "  %s\n", letter->addresses[i]);
	}
	if (shown)
		strbuf_addch(out, '\n');
}

void letter_add_plain(struct strbuf *out, const struct letter *letter)
{
	size_t width = utf8_count(letter->title);

	strbuf_addf(out, "%s\n", letter->title);
	if (!catalog_language_is_latin(letter->catalog, letter->language))
		width *= 2;
	for (size_t i = 0; i < width; i++)
		strbuf_addch(out, '=');
	strbuf_addstr(out, "\n\n");
	for (size_t i = 0; i < letter->card_count; i++)
		add_card(out, letter, &letter->cards[i]);
	if (letter->more) {
		add_folded(out, letter, 0, word(letter, PAGE_BOUNCE_MORE));
		strbuf_addch(out, '\n');
	}
	add_others(out, letter, DSN_DELIVERED, PAGE_BOUNCE_DELIVERED);
	add_others(out, letter, DSN_RELAYED, PAGE_BOUNCE_RELAYED);
	add_others(out, letter, DSN_EXPANDED, PAGE_BOUNCE_EXPANDED);
	if (letter->contact[0])
		add_labelled(out, letter, word(letter, PAGE_CONTACT), letter->contact);
	if (letter->ref)
		add_labelled(out, letter, catalog_phrases(letter->catalog, letter->language)->ref,
		    letter->ref);
	if (letter->contact[0] || letter->ref)
		strbuf_addch(out, '\n');
}
