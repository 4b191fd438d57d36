/* body.c - what stands on each kind of page. */
#include "pages.h"

#include "explain/escape.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/reason.h"
#include "explain/status.h"
#include "explain/strbuf.h"

#include <stdlib.h>
#include <string.h>

#define MAX_EXAMPLES 3
#define MAX_EXAMPLE 160 /* octets */
#define MAX_ALIKE 6

static const char *words(const struct site *site, int language, enum page_text text)
{
	return catalog_page_text(site->catalog, language, text);
}

static void add_link(
    struct strbuf *out, const struct site *site, const struct cause *cause, int language)
{
	char *title = page_title(site, cause, language);

	strbuf_addf(out, "<li><a href=\"%s.html\">", cause->id);
	escape_html(out, title);
	strbuf_addstr(out, "</a></li>\n");
	free(title);
}

/* The search is hidden until its script runs, which has the place of its results ready. */
static void add_search(struct strbuf *out, const struct site *site, int language)
{
	static const struct {
		const char *name;
		enum page_text text;
	} data[] = {{"found", PAGE_FOUND}, {"general", PAGE_GENERAL}, {"none", PAGE_NONE},
	    {"empty", PAGE_EMPTY}};

	strbuf_addstr(out, "<noscript><p>");
	escape_html(out, words(site, language, PAGE_NO_SCRIPT));
	strbuf_addstr(out, "</p></noscript>\n<form id=\"search\" role=\"search\" hidden");
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		strbuf_addf(out, " data-%s=\"", data[i].name);
		escape_html(out, words(site, language, data[i].text));
		strbuf_addch(out, '"');
	}
	strbuf_addstr(out, ">\n<p>");
	escape_html(out, words(site, language, PAGE_INTRO));
	strbuf_addstr(out, "</p>\n<label for=\"text\">");
	escape_html(out, words(site, language, PAGE_LABEL));
	strbuf_addstr(out, "</label>\n<textarea id=\"text\" rows=\"5\" spellcheck=\"false\" "
	                   "autocomplete=\"off\" aria-describedby=\"privacy\"></textarea>\n"
	                   "<button type=\"submit\">");
	escape_html(out, words(site, language, PAGE_BUTTON));
	strbuf_addstr(out, "</button>\n<p id=\"privacy\" class=\"small\">");
	escape_html(out, words(site, language, PAGE_PRIVACY));
	strbuf_addstr(out, "</p>\n<div id=\"result\" aria-live=\"polite\"></div>\n</form>\n");
}

void body_index(struct strbuf *out, const struct site *site, int language)
{
	html_element(out, "h1", words(site, language, PAGE_HEADING));
	add_search(out, site, language);
	html_element(out, "h2", words(site, language, PAGE_SITUATIONS));
	for (enum page_text situation = PAGE_S_ADDRESS; situation <= PAGE_S_OTHER; situation++) {
		strbuf_addstr(out, "<details>\n<summary><h3>");
		escape_html(out, words(site, language, situation));
		strbuf_addstr(out, "</h3></summary>\n<ul>\n");
		for (size_t i = 0; i < site->cause_count; i++)
			if (situation_of(site->causes[i]->reason) == situation)
				add_link(out, site, site->causes[i], language);
		strbuf_addstr(out, "</ul>\n</details>\n");
	}
	strbuf_addstr(out, "<p><a href=\"codes.html\">");
	escape_html(out, words(site, language, PAGE_CODES));
	strbuf_addstr(out, "</a></p>\n");
}

static void add_paragraph(
    struct strbuf *out, const char *class, const char *label, const char *text)
{
	strbuf_addf(out, "<p class=\"%s\">", class);
	if (label) {
		strbuf_addstr(out, "<strong>");
		escape_html(out, label);
		strbuf_addstr(out, "</strong> ");
	}
	escape_html(out, text);
	strbuf_addstr(out, "</p>\n");
}

static void add_fixer(
    struct strbuf *out, const struct site *site, const struct cause *cause, int language)
{
	const char *const *fixers = fixer_names();
	int number = 0;

	while (fixers[number + 1] && strcmp(fixers[number], cause->fixer) != 0)
		number++;
	add_paragraph(out, "who", words(site, language, PAGE_WHO),
	    words(site, language, (enum page_text)(PAGE_SENDER + number)));
}

static void add_examples(
    struct strbuf *out, const struct site *site, const struct cause *cause, int language)
{
	size_t count, shown = 0;
	const struct rule *rules = catalog_rules(site->catalog, &count);

	for (size_t i = 0; i < count && shown < MAX_EXAMPLES; i++) {
		const char *example = rules[i].example_count ? rules[i].examples[0] : NULL;
		if (rules[i].cause != cause || !example || strlen(example) > MAX_EXAMPLE)
			continue;
		if (shown++ == 0) {
			html_element(out, "h2", words(site, language, PAGE_EXAMPLES));
			strbuf_addstr(out, "<ul class=\"replies\" lang=\"en\">\n");
		}
		html_element(out, "li", example);
	}
	if (shown)
		strbuf_addstr(out, "</ul>\n");
}

static void add_alike(
    struct strbuf *out, const struct site *site, const struct cause *cause, int language)
{
	size_t shown = 0;

	for (size_t i = 0; i < site->cause_count && shown < MAX_ALIKE; i++) {
		const struct cause *other = site->causes[i];
		if (other == cause || strcmp(other->reason, cause->reason) != 0)
			continue;
		if (shown++ == 0) {
			html_element(out, "h2", words(site, language, PAGE_SEE_ALSO));
			strbuf_addstr(out, "<ul>\n");
		}
		add_link(out, site, other, language);
	}
	if (shown)
		strbuf_addstr(out, "</ul>\n");
}

void body_cause(
    struct strbuf *out, const struct site *site, const struct cause *cause, int language)
{
	const struct cause_text *text = cause_text(cause, language);
	char *title = page_title(site, cause, language);
	char *action = page_action(site, cause, language, TEXT_ACTION);
	char *temporary = page_action(site, cause, language, TEXT_ACTION_TEMPORARY);

	strbuf_addstr(out, "<p class=\"small\"><a href=\"index.html\">\xE2\x86\x90 ");
	escape_html(out, words(site, language, PAGE_BACK));
	strbuf_addstr(out, "</a></p>\n");
	html_element(out, "h1", title);
	add_paragraph(out, "action", NULL, action ? action : "");
	if (temporary && action && strcmp(temporary, action) != 0)
		add_paragraph(
		    out, "temporary", words(site, language, PAGE_IF_TEMPORARY), temporary);
	add_fixer(out, site, cause, language);
	if (text->help)
		html_markdown(out, text->help);
	add_examples(out, site, cause, language);
	add_alike(out, site, cause, language);
	free(temporary);
	free(action);
	free(title);
}

static int by_code(const void *left, const void *right)
{
	const struct code_entry *a = *(const struct code_entry *const *)left;
	const struct code_entry *b = *(const struct code_entry *const *)right;

	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	if (a->status.subject != b->status.subject)
		return a->status.subject < b->status.subject ? -1 : 1;
	if (a->status.detail != b->status.detail)
		return a->status.detail < b->status.detail ? -1 : 1;
	return a->status.class < b->status.class ? -1 : a->status.class > b->status.class;
}

static void add_code(
    struct strbuf *out, const struct site *site, const struct code_entry *entry, int language)
{
	strbuf_addstr(out, "<tr><th scope=\"row\">");
	if (entry->code)
		strbuf_addu(out, (unsigned)entry->code);
	else
		status_add(out, &entry->status);
	strbuf_addstr(out, "</th><td lang=\"en\">");
	escape_html(out, entry->name);
	char *title = page_title(site, entry->cause, language);
	strbuf_addf(out, "</td><td><a href=\"%s.html\">", entry->cause->id);
	escape_html(out, title);
	strbuf_addstr(out, "</a></td></tr>\n");
	free(title);
}

void body_codes(struct strbuf *out, const struct site *site, int language)
{
	size_t count, used = 0;
	const struct code_entry *codes = catalog_codes(site->catalog, &count);
	const struct code_entry **sorted = mem_calloc(count + 1, sizeof(*sorted));

	/* A code that leads to no page is no help here. */
	for (size_t i = 0; i < count; i++)
		if (codes[i].cause)
			sorted[used++] = &codes[i];
	if (used)
		qsort(sorted, used, sizeof(*sorted), by_code);
	strbuf_addstr(out, "<p class=\"small\"><a href=\"index.html\">\xE2\x86\x90 ");
	escape_html(out, words(site, language, PAGE_BACK));
	strbuf_addstr(out, "</a></p>\n");
	html_element(out, "h1", words(site, language, PAGE_CODES));
	html_element(out, "p", words(site, language, PAGE_CODES_INTRO));
	strbuf_addstr(out, "<table>\n<thead><tr><th scope=\"col\">");
	escape_html(out, words(site, language, PAGE_CODE));
	strbuf_addstr(out, "</th><th scope=\"col\">");
	escape_html(out, words(site, language, PAGE_STANDARD_NAME));
	strbuf_addstr(out, "</th><th scope=\"col\">");
	escape_html(out, words(site, language, PAGE_PAGES));
	strbuf_addstr(out, "</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < used; i++)
		add_code(out, site, sorted[i], language);
	strbuf_addstr(out, "</tbody>\n</table>\n");
	free(sorted);
}

void body_entry(struct strbuf *out, const struct site *site, const struct cause *cause)
{
	int count = catalog_language_count(site->catalog);

	html_element(out, "h1", words(site, 0, PAGE_TITLE));
	strbuf_addstr(out, "<ul id=\"entry\">\n");
	for (int i = 0; i < count; i++) {
		const char *code = catalog_language_code(site->catalog, i);
		char *title = cause ? page_title(site, cause, i) : NULL;
		strbuf_addf(out, "<li><a href=\"%s%s/%s.html\" hreflang=\"%s\" lang=\"%s\">",
		    cause ? "../" : "", code, cause ? cause->id : "index", code, code);
		escape_html(out, words(site, i, PAGE_LANGUAGE));
		strbuf_addstr(out, ": ");
		escape_html(out, title ? title : words(site, i, PAGE_HEADING));
		strbuf_addstr(out, "</a></li>\n");
		free(title);
	}
	strbuf_addstr(out, "</ul>\n");
}
