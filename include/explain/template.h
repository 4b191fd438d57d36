#ifndef EXPLAIN_TEMPLATE_H
#define EXPLAIN_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct strbuf;
struct vars;
struct varnames;

/* A text with `{variables}`, compiled. Lives in the arena that it was compiled into. */
struct template;

enum template_escape {
	TEMPLATE_PLAIN,
	TEMPLATE_ASCII,  /* the text, not the values, as ascii_fold() writes it */
	TEMPLATE_GERMAN, /* the same with ae for a umlaut */
	TEMPLATE_URL /* values are percent-encoded but for unreserved characters (RFC 3986 2.3) */
};

/* Compiles LEN octets of TEXT. Names that NAMES doesn't have are added to it. Returns NULL with a
 * sentence in *ERROR for an unclosed brace, a name that is none, or too many names. */
const struct template *template_compile(
    struct arena *arena, struct varnames *names, const char *text, size_t len, char **error);
/* The variables it needs, bit N for variable N. */
uint64_t template_needs(const struct template *template);
/* Appends the text with the values put in; an unknown variable gives nothing. */
void template_expand(struct strbuf *out, const struct template *template, const struct vars *vars,
    enum template_escape escape);
/* Appends the text as it was written, with the names in braces. */
void template_show(struct strbuf *out, const struct template *template);

#endif
