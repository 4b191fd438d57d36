/* pages.h - what the files of pages/ share. */
#ifndef PAGES_PAGES_H
#define PAGES_PAGES_H

#include "explain/catalog.h"

#include <stddef.h>

struct profile;
struct strbuf;
struct vars;

/* Everything that a page is made of. */
struct site {
	const struct catalog *catalog;
	const struct profile *profile;
	const char *version;
	char *layout;
	struct vars *vars; /* what texts may use without a reply: site, contact, cause */
	const struct cause *const *causes; /* in the order of the index */
	size_t cause_count;
};

/* A page, put into the layout. ROOT is the way to the site's top, "" or "../". */
struct page {
	int language;
	const char *root;
	char *title;
	const char *path; /* the same page in another language: ROOT LANG/PATH */
	const char *head; /* more for <head>, or NULL */
	struct strbuf *body;
};

/* html.c */
/* TAG with TEXT in it, escaped: `<h2>TEXT</h2>`. */
void html_element(struct strbuf *out, const char *tag, const char *text);
/* CommonMark; HTML inside it is left out. */
void html_markdown(struct strbuf *out, const char *text);
/* Appends PAGE in the site's layout, whose @NAME@ are replaced. */
void html_page(struct strbuf *out, const struct site *site, const struct page *page);

/* texts.c: a cause's texts as far as they are known without a reply; the caller frees them. */
char *page_title(const struct site *site, const struct cause *cause, int language);
/* NULL if there is none of its own. */
char *page_action(
    const struct site *site, const struct cause *cause, int language, enum text_key key);

/* situation.c: the heading of the index under which a reason's causes stand. */
enum page_text situation_of(const char *reason);

/* One kind of page each; they append the body. */
void body_index(struct strbuf *out, const struct site *site, int language);
void body_cause(
    struct strbuf *out, const struct site *site, const struct cause *cause, int language);
void body_codes(struct strbuf *out, const struct site *site, int language);
/* CAUSE NULL: the site's own entry. */
void body_entry(struct strbuf *out, const struct site *site, const struct cause *cause);

/* search_data.c: the rules for search.js. */
void search_data(struct strbuf *out, const struct catalog *catalog);

#endif
