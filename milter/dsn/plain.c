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

/* TEXT below INDENT blanks, folded. Writing without blanks between words is cut where it must. */
static void add_folded(
    struct strbuf *out, const struct letter *letter, int indent, const char *text)
{
	struct fold_line lines[MAX_FOLDS];
	size_t width = WIDTH - (size_t)indent, len = strlen(text);
	bool has_blanks = catalog_language_is_latin(letter->catalog, letter->language);
	size_t count =
	    fold_text(text, len, width, has_blanks ? LONGEST_WORD : width, lines, MAX_FOLDS);

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
	strbuf_addf(&line, "%s %s", label, text);
	add_folded(out, letter, 2, strbuf_str(&line));
	strbuf_free(&line);
}

static void add_card(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	if (card->recipient->address[0])
		strbuf_addf(out, "%s\n", card->recipient->address);
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
	if (card->said[0])
		strbuf_addf(out, "\n  %s:\n", word(letter, PAGE_BOUNCE_DETAILS));
	add_folded(out, letter, 4, card->said);
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
		strbuf_addf(out, "  %s\n", recipient->address);
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
