/* html.c - HTML: escaping, Markdown through libcmark, and the layout that all pages share. */
#include "pages.h"

#include "explain/escape.h"
#include "explain/profile.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <cmark.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void html_element(struct strbuf *out, const char *tag, const char *text)
{
	strbuf_addf(out, "<%s>", tag);
	escape_html(out, text);
	strbuf_addf(out, "</%s>\n", tag);
}

static bool is_wide(const char *text, size_t len)
{
	uint32_t point = 0;

	return len > 0 && utf8_decode(text, len, &point) && utf8_is_wide(point);
}

/* The line break at AT stands between two such characters: a browser would show it as a blank. */
static bool is_needless_break(const char *html, size_t len, size_t at)
{
	size_t before = at;

	while (before > 0 && ((unsigned char)html[before - 1] & 0xC0) == 0x80)
		before--;
	return before > 0 && is_wide(html + before - 1, at - before + 1) &&
	       is_wide(html + at + 1, len - at - 1);
}

void html_markdown(struct strbuf *out, const char *text)
{
	char *html = cmark_markdown_to_html(text, strlen(text), CMARK_OPT_DEFAULT);
	size_t len = strlen(html), from = 0;
	bool in_pre = false; /* where line breaks are meant */

	for (size_t i = 0; i < len; i++) {
		if (html[i] == '<' && strncmp(html + i, "<pre>", 5) == 0)
			in_pre = true;
		else if (html[i] == '<' && strncmp(html + i, "</pre>", 6) == 0)
			in_pre = false;
		if (html[i] != '\n' || in_pre || !is_needless_break(html, len, i))
			continue;
		strbuf_add(out, html + from, i - from);
		from = i + 1;
	}
	strbuf_add(out, html + from, len - from);
	free(html);
}

static void add_title(struct strbuf *out, const struct site *site, const struct page *page)
{
	(void)site;
	escape_html(out, page->title);
}

static void add_language(struct strbuf *out, const struct site *site, const struct page *page)
{
	strbuf_addstr(out, catalog_language_code(site->catalog, page->language));
}

static void add_root(struct strbuf *out, const struct site *site, const struct page *page)
{
	(void)site;
	strbuf_addstr(out, page->root);
}

static void add_head(struct strbuf *out, const struct site *site, const struct page *page)
{
	(void)site;
	if (page->head)
		strbuf_addstr(out, page->head);
}

static void add_body(struct strbuf *out, const struct site *site, const struct page *page)
{
	(void)site;
	strbuf_add(out, page->body->data, page->body->len);
}

static void add_words(
    struct strbuf *out, const struct site *site, const struct page *page, enum page_text text)
{
	escape_html(out, catalog_page_text(site->catalog, page->language, text));
}

static void add_site_title(struct strbuf *out, const struct site *site, const struct page *page)
{
	add_words(out, site, page, PAGE_TITLE);
	if (site->profile->site[0]) {
		strbuf_addstr(out, " \xC2\xB7 ");
		escape_html(out, site->profile->site);
	}
}

static void add_skip(struct strbuf *out, const struct site *site, const struct page *page)
{
	add_words(out, site, page, PAGE_SKIP);
}

static void add_languages_label(
    struct strbuf *out, const struct site *site, const struct page *page)
{
	add_words(out, site, page, PAGE_LANGUAGES);
}

static void add_switch(struct strbuf *out, const struct site *site, const struct page *page)
{
	int count = catalog_language_count(site->catalog);

	for (int i = 0; i < count; i++) {
		const char *code = catalog_language_code(site->catalog, i);
		strbuf_addf(out, "<li><a href=\"%s%s/%s\" hreflang=\"%s\" lang=\"%s\"%s>",
		    page->root, code, page->path, code, code,
		    i == page->language ? " aria-current=\"true\"" : "");
		escape_html(out, catalog_page_text(site->catalog, i, PAGE_LANGUAGE));
		strbuf_addstr(out, "</a></li>\n");
	}
}

static void add_contact(struct strbuf *out, const struct site *site, const struct page *page)
{
	if (!site->profile->contact[0])
		return;
	strbuf_addstr(out, "<p>");
	add_words(out, site, page, PAGE_CONTACT);
	strbuf_addch(out, ' ');
	escape_html(out, site->profile->contact);
	strbuf_addstr(out, "</p>");
}

static void add_version(struct strbuf *out, const struct site *site, const struct page *page)
{
	(void)page;
	escape_html(out, site->version);
}

static const struct {
	const char *name;
	void (*add)(struct strbuf *out, const struct site *site, const struct page *page);
} fields[] = {
    {"@lang@", add_language},
    {"@title@", add_title},
    {"@site@", add_site_title},
    {"@root@", add_root},
    {"@head@", add_head},
    {"@skip@", add_skip},
    {"@languages@", add_languages_label},
    {"@switch@", add_switch},
    {"@body@", add_body},
    {"@contact@", add_contact},
    {"@version@", add_version},
};

void html_page(struct strbuf *out, const struct site *site, const struct page *page)
{
	const char *at = site->layout;

	for (const char *sign; (sign = strchr(at, '@'));) {
		strbuf_add(out, at, (size_t)(sign - at));
		at = sign;
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			size_t len = strlen(fields[i].name);
			if (strncmp(sign, fields[i].name, len) == 0) {
				fields[i].add(out, site, page);
				at = sign + len;
				break;
			}
		}
		if (at == sign)
			strbuf_addch(out, *at++);
	}
	strbuf_addstr(out, at);
}
