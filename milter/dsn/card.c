/* card.c - the explanation as HTML for mail programs.
 *
 * Tables and inline styles, since Outlook renders with Word, and Gmail drops style sheets; colours
 * that stay readable when a program inverts them for a dark screen. No images, nothing remote. What
 * comes from the bounce goes through escape_html(), without exception. */
#include "annotate.h"

#include "explain/catalog.h"
#include "explain/escape.h"
#include "explain/strbuf.h"

#include <string.h>

#define FONT "font-family:Segoe UI,Helvetica,Arial,sans-serif;"
#define TEXT FONT "font-size:15px;line-height:1.5;color:#1f2933;"
#define SMALL FONT "font-size:13px;line-height:1.5;color:#52606d;"
#define TABLE                                                                                      \
	"<table role=\"presentation\" width=\"100%%\" cellpadding=\"0\" cellspacing=\"0\" "        \
	"border=\"0\" "

static const char *word(const struct letter *letter, enum page_text text)
{
	return catalog_page_text(letter->catalog, letter->language, text);
}

static void add_paragraph(
    struct strbuf *out, const char *style, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	strbuf_addf(out, "<p style=\"%smargin:0 0 8px 0\">", style);
	if (label && label[0]) {
		strbuf_addstr(out, "<b>");
		escape_html(out, label);
		strbuf_addstr(out, "</b> ");
	}
	escape_html(out, text);
	strbuf_addstr(out, "</p>\n");
}

/* A link only to where a configured address leads, whatever values were put into it. */
static void add_link(struct strbuf *out, const struct letter *letter, const char *url)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return;
	strbuf_addf(out, "<p style=\"%smargin:0 0 8px 0\"><a href=\"", TEXT);
	escape_html(out, url);
	strbuf_addstr(out, "\" style=\"color:#0b5cad\">");
	escape_html(out, word(letter, PAGE_BOUNCE_HELP));
	strbuf_addstr(out, "</a></p>\n");
}

/* Folded away where the mail program knows how; shown where it does not. */
static void add_details(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	const struct dsn_recipient *recipient = card->recipient;

	if (!card->said[0] && !recipient->status[0])
		return;
	strbuf_addf(out, "<details style=\"%s\"><summary style=\"cursor:pointer\">", SMALL);
	escape_html(out, word(letter, PAGE_BOUNCE_DETAILS));
	strbuf_addstr(out,
	    "</summary>\n<p style=\"font-family:Consolas,Menlo,monospace;font-size:13px;"
	    "margin:6px 0 0 0;word-break:break-word\">");
	if (recipient->status[0]) {
		escape_html(out, recipient->status);
		strbuf_addstr(out, "<br>\n");
	}
	escape_html(out, card->said);
	if (recipient->remote_mta[0]) {
		strbuf_addstr(out, "<br>\n");
		escape_html(out, recipient->remote_mta);
	}
	strbuf_addstr(out, "</p></details>\n");
}

static void add_card(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	const char *edge = card->delayed ? "#b7791f" : "#c53030";
	const char *strip = card->delayed ? "#fdf6e3" : "#f4f6f8";

	strbuf_addf(out,
	    TABLE "style=\"margin:0 0 16px 0;border:1px solid #cbd2d9;"
	          "border-left:4px solid %s;background:#ffffff\">\n",
	    edge);
	strbuf_addf(out, "<tr><td style=\"padding:14px 16px 6px 16px\">\n");
	if (card->recipient->address[0])
		add_paragraph(out,
		    FONT "font-size:15px;font-weight:bold;color:#1f2933;"
		         "word-break:break-all;",
		    NULL, card->recipient->address);
	add_paragraph(out, TEXT, NULL, card->summary);
	if (card->suggestion)
		add_paragraph(out, TEXT, word(letter, PAGE_BOUNCE_TYPO), card->suggestion);
	add_paragraph(
	    out, TEXT, card->delayed ? NULL : word(letter, PAGE_BOUNCE_WHAT_TO_DO), card->action);
	add_paragraph(out, TEXT, word(letter, PAGE_BOUNCE_UNTIL), card->until);
	add_link(out, letter, card->help_url);
	strbuf_addstr(out, "</td></tr>\n");
	if (card->who[0]) {
		strbuf_addf(out, "<tr><td style=\"padding:8px 16px;background:%s\">", strip);
		strbuf_addf(out, "<span style=\"%s\">", SMALL);
		escape_html(out, word(letter, PAGE_WHO));
		strbuf_addstr(out, " <b style=\"color:#1f2933\">");
		escape_html(out, card->who);
		strbuf_addstr(out, "</b></span></td></tr>\n");
	}
	strbuf_addstr(out, "<tr><td style=\"padding:8px 16px 12px 16px\">\n");
	add_details(out, letter, card);
	strbuf_addstr(out, "</td></tr>\n</table>\n");
}

static void add_others(
    struct strbuf *out, const struct letter *letter, enum dsn_action action, enum page_text heading)
{
	size_t shown = 0;

	for (size_t i = 0; i < letter->dsn->count && shown < MAX_CARDS; i++) {
		const struct dsn_recipient *recipient = &letter->dsn->recipients[i];
		if (recipient->action != action || !recipient->address[0])
			continue;
		if (shown++ == 0) {
			strbuf_addf(out, "<p style=\"%smargin:0 0 12px 0\">", TEXT);
			escape_html(out, word(letter, heading));
		}
		strbuf_addstr(out, "<br>\n");
		escape_html(out, recipient->address);
	}
	if (shown)
		strbuf_addstr(out, "</p>\n");
}

void letter_add_html(struct strbuf *out, const struct letter *letter)
{
	strbuf_addf(
	    out, "<div lang=\"%s\">\n", catalog_language_code(letter->catalog, letter->language));
	strbuf_addf(out, "<h1 style=\"%s\">",
	    FONT "font-size:20px;line-height:1.3;color:#1f2933;margin:0 0 14px 0");
	escape_html(out, letter->title);
	strbuf_addstr(out, "</h1>\n");
	for (size_t i = 0; i < letter->card_count; i++)
		add_card(out, letter, &letter->cards[i]);
	if (letter->more)
		add_paragraph(out, TEXT, NULL, word(letter, PAGE_BOUNCE_MORE));
	add_others(out, letter, DSN_DELIVERED, PAGE_BOUNCE_DELIVERED);
	add_others(out, letter, DSN_RELAYED, PAGE_BOUNCE_RELAYED);
	add_others(out, letter, DSN_EXPANDED, PAGE_BOUNCE_EXPANDED);
	add_paragraph(out, SMALL, word(letter, PAGE_CONTACT), letter->contact);
	if (letter->ref)
		add_paragraph(out, SMALL, catalog_phrases(letter->catalog, letter->language)->ref,
		    letter->ref);
	strbuf_addstr(out, "</div>\n");
}

void letter_add_html_notice(struct strbuf *out, const char *heading, const char *notice)
{
	strbuf_addf(out, "<h2 style=\"%s\">",
	    FONT "font-size:15px;color:#52606d;border-top:1px solid #cbd2d9;"
	         "padding-top:12px;margin:20px 0 8px 0");
	escape_html(out, heading);
	strbuf_addstr(out,
	    "</h2>\n<pre style=\"font-family:Consolas,Menlo,monospace;font-size:13px;color:#52606d;"
	    "white-space:pre-wrap;word-break:break-word;margin:0\">\n");
	escape_html(out, notice);
	strbuf_addstr(out, "</pre>\n");
}
