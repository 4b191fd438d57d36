/* card.c - the explanation as HTML for mail programs.
 *
 * Tables and inline styles, since Outlook renders with Word, and Gmail drops style sheets. Word
 * knows padding on cells only, no greatest width, and adds to a relative line height, so that it
 * gets its own. Each colour of a text stands with one of its ground, for programs that invert them
 * on a dark screen. No images, nothing remote, no id or class. What comes from the bounce goes
 * through escape_html(), without exception, and where it may run the other way, into a `dir` of
 * its own. */
#include "annotate.h"

#include "explain/catalog.h"
#include "explain/escape.h"
#include "explain/strbuf.h"

#include <string.h>

/* Words without a blank break anywhere; a column never grows with them. */
#define BREAK "word-wrap:break-word;overflow-wrap:anywhere;"
#define FONT "font-family:Segoe UI,Helvetica,Arial,sans-serif;" BREAK
#define MONO "font-family:Consolas,Menlo,monospace;" BREAK
#define TEXT FONT "font-size:15px;line-height:1.5;mso-line-height-alt:22px;color:#1f2933;"
#define SMALL FONT "font-size:13px;line-height:1.5;mso-line-height-alt:19px;color:#52606d;"
#define CODE MONO "font-size:13px;line-height:1.5;mso-line-height-alt:19px;color:#52606d;"
#define TABLE                                                                                      \
	"<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "         \
	"border=\"0\" "
#define FIXED "width:100%;table-layout:fixed;"
#define GROUND " bgcolor=\"#ffffff\" style=\"background:#ffffff;"

static const char *word(const struct letter *letter, enum page_text text)
{
	return catalog_page_text(letter->catalog, letter->language, text);
}

/* What comes from the bounce, in its own direction, whatever the text around it has. */
static void add_foreign(struct strbuf *out, const char *text)
{
	strbuf_addstr(out, "<span dir=\"auto\">");
	escape_html(out, text);
	strbuf_addstr(out, "</span>");
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
		strbuf_addf(out, "</b>%s", letter_gap(label));
	}
	escape_html(out, text);
	strbuf_addstr(out, "</p>\n");
}

/* A link only to where a configured address leads, whatever values were put into it. */
static void add_link(struct strbuf *out, const struct letter *letter, const char *url)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return;
	strbuf_addstr(out, "<p style=\"" TEXT "margin:0 0 8px 0\"><a href=\"");
	escape_html(out, url);
	strbuf_addstr(out, "\" style=\"color:#0b5cad\">");
	escape_html(out, word(letter, PAGE_BOUNCE_HELP));
	strbuf_addstr(out, "</a></p>\n");
}

/* Words of a server, in a language that nobody told. */
static void add_said(struct strbuf *out, const char *text, const char *margin)
{
	if (!text[0])
		return;
	strbuf_addf(out, "<p lang=\"\" style=\"" CODE "margin:%s\">", margin);
	add_foreign(out, text);
	strbuf_addstr(out, "</p>\n");
}

/* Folded away where the mail program knows how; shown where it does not. */
static void add_details(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	const char *said = card->said_first ? "" : card->said;

	if (!said[0] && !card->status[0] && !card->server[0])
		return;
	strbuf_addstr(out,
	    "<tr><td style=\"" SMALL "padding:2px 16px 12px 16px\">\n<details><summary "
	    "style=\"cursor:pointer\">");
	escape_html(out, word(letter, PAGE_BOUNCE_DETAILS));
	strbuf_addstr(out, "</summary>\n");
	add_said(out, said, "6px 0 0 0");
	add_said(out, card->status, "6px 0 0 0");
	add_said(out, card->server, "6px 0 0 0");
	strbuf_addstr(out, "</details>\n</td></tr>\n");
}

/* Who acts, in a strip: one colour for the reader, one for nobody, one for all others. */
static void add_strip(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	const char *ground = card->delayed ? "#fdf6e3" : card->is_you ? "#e3eefa" : "#f1f4f7";
	const char *label = word(letter, PAGE_WHO);

	if (!card->who[0])
		return;
	strbuf_addf(out,
	    "<tr><td bgcolor=\"%s\" style=\"" SMALL "padding:8px 16px;background:%s\">", ground,
	    ground);
	escape_html(out, label);
	strbuf_addf(out, "%s<b style=\"color:#1f2933\">", letter_gap(label));
	escape_html(out, card->who);
	strbuf_addstr(out, "</b></td></tr>\n");
}

static void add_heading(struct strbuf *out, const char *address)
{
	if (!address[0])
		return;
	strbuf_addstr(out,
	    "<h2 style=\"" FONT "font-size:15px;line-height:1.5;mso-line-height-alt:22px;"
	    "font-weight:bold;color:#1f2933;margin:0 0 4px 0\">");
	add_foreign(out, address);
	strbuf_addstr(out, "</h2>\n");
}

static void add_card(struct strbuf *out, const struct letter *letter, const struct card *card)
{
	strbuf_addstr(out,
	    TABLE "style=\"" FIXED "\"><tr><td style=\"padding:0 0 16px 0\">\n" TABLE GROUND FIXED
	          "border:1px solid #cbd2d9;");
	strbuf_addf(out, "border-left:4px solid %s\">\n", card->delayed ? "#b7791f" : "#c53030");
	strbuf_addstr(out, "<tr><td style=\"padding:12px 16px 4px 16px\">\n");
	add_heading(out, card->address);
	if (card->said_first)
		add_said(out, card->said, "0 0 8px 0");
	add_paragraph(out, TEXT, NULL, card->summary);
	if (card->suggestion)
		add_paragraph(out, TEXT, word(letter, PAGE_BOUNCE_TYPO), card->suggestion);
	strbuf_addstr(out, "</td></tr>\n");
	add_strip(out, letter, card);
	if (card->action[0] || card->until || card->help_url[0]) {
		strbuf_addstr(out, "<tr><td style=\"padding:12px 16px 4px 16px\">\n");
		add_paragraph(out, TEXT,
		    card->delayed ? NULL : word(letter, PAGE_BOUNCE_WHAT_TO_DO), card->action);
		add_paragraph(out, TEXT, word(letter, PAGE_BOUNCE_UNTIL), card->until);
		add_link(out, letter, card->help_url);
		strbuf_addstr(out, "</td></tr>\n");
	}
	add_details(out, letter, card);
	strbuf_addstr(out, "</table>\n</td></tr></table>\n");
}

static void add_others(
    struct strbuf *out, const struct letter *letter, enum dsn_action action, enum page_text heading)
{
	size_t shown = 0;

	for (size_t i = 0; i < letter->dsn->count && shown < MAX_CARDS; i++) {
		if (letter->dsn->recipients[i].action != action || !letter->addresses[i][0])
			continue;
		if (shown++ == 0) {
			strbuf_addstr(out, "<p style=\"" TEXT "margin:0 0 12px 0\"><b>");
			escape_html(out, word(letter, heading));
			strbuf_addstr(out, "</b>");
		}
		strbuf_addstr(out, "<br>\n");
		add_foreign(out, letter->addresses[i]);
	}
	if (shown)
		strbuf_addstr(out, "</p>\n");
}

void letter_add_html(struct strbuf *out, const struct letter *letter)
{
	strbuf_addf(
	    out, "<div lang=\"%s\">\n", catalog_language_code(letter->catalog, letter->language));
	strbuf_addstr(out, "<h1 style=\"" FONT "font-size:20px;line-height:1.3;mso-line-height-alt:"
	                   "26px;color:#1f2933;margin:0 0 14px 0\">");
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

/* TEXT with its lines and blanks, which Word keeps in no other way and still folds. */
static void add_lines(struct strbuf *out, const char *text)
{
	char before = '\n', one[2] = "";

	for (; *text; before = *text++)
		if (*text == '\n') {
			strbuf_addstr(out, "<br>\n");
		} else if (*text == ' ' && (before == ' ' || before == '\n')) {
			strbuf_addstr(out, "&nbsp;");
		} else {
			one[0] = *text;
			escape_html(out, one);
		}
}

void letter_add_html_notice(struct strbuf *out, const char *heading, const char *notice)
{
	strbuf_addstr(out,
	    "<h2 style=\"" FONT "font-size:15px;line-height:1.5;mso-line-height-alt:22px;"
	    "font-weight:bold;color:#52606d;margin:0 0 8px 0\">");
	escape_html(out, heading);
	strbuf_addstr(out, "</h2>\n<p lang=\"\" dir=\"auto\" style=\"" MONO
	                   "font-size:12px;line-height:1.5;mso-line-height-alt:18px;color:#52606d;"
	                   "margin:0\">");
	add_lines(out, notice);
	strbuf_addstr(out, "</p>\n");
}

void letter_add_html_start(struct strbuf *out, const struct letter *letter)
{
	strbuf_addf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
	    catalog_language_code(letter->catalog, letter->language));
	strbuf_addstr(out,
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
	escape_html(out, letter->title);
	strbuf_addstr(out,
	    "</title>\n</head>\n<body" GROUND "margin:0;padding:0\">\n"
	    "<!--[if mso]><table role=\"presentation\" width=\"640\" cellpadding=\"0\" "
	    "cellspacing=\"0\" border=\"0\"><tr><td><![endif]-->\n" TABLE GROUND FIXED
	    "max-width:640px\">\n<tr><td style=\"padding:16px\">\n");
}

void letter_add_html_rule(struct strbuf *out)
{
	strbuf_addstr(
	    out, "</td></tr>\n<tr><td style=\"padding:16px;border-top:1px solid #cbd2d9\">\n");
}

void letter_add_html_end(struct strbuf *out)
{
	strbuf_addstr(out, "</td></tr>\n</table>\n<!--[if mso]></td></tr></table><![endif]-->\n"
	                   "</body>\n</html>\n");
}
