#ifndef EXPLAIN_ESCAPE_H
#define EXPLAIN_ESCAPE_H

struct strbuf;

/* Appends TEXT so that it is text in HTML, within an element as well as within a quoted value of an
 * attribute. */
void escape_html(struct strbuf *out, const char *text);

#endif
