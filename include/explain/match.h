#ifndef EXPLAIN_MATCH_H
#define EXPLAIN_MATCH_H

#include "explain/stage.h"
#include "explain/status.h"

#include <stdbool.h>
#include <stddef.h>

struct catalog;
struct problems;
struct rule;
struct vars;

/* The compiled conditions of all rules of one catalogue. Immutable, for any number of threads. */
struct matcher;

/* What rules look at; from the reply, the stage from wherever it is known. */
struct match_input {
	int code;
	struct status status;
	enum stage stage;
	const char *text;
	size_t text_len;
	const char *host; /* the server that the reply quotes, not NUL-terminated; NULL: none */
	size_t host_len;
};

enum matcher_start {
	MATCHER_COMPILED, /* takes libhs seconds for thousands of patterns without a cache */
	MATCHER_AT_ONCE,  /* without a cache an interim one: the same answers, each up to 1 ms */
};

/* Compiles the patterns of CATALOG, which must outlive the matcher. With CACHE_DIR (NULL: none) a
 * compiled database is taken from there if it is for the same patterns, library and processor, and
 * stored there otherwise; a cache that can't be read or written only costs time. A pattern that
 * does not compile is reported with its place, each one, and left out. Never NULL. */
struct matcher *matcher_create(const struct catalog *catalog, enum matcher_start start,
    const char *cache_dir, struct problems *problems);
void matcher_free(struct matcher **matcher);

/* The first rule that INPUT fits, or NULL. The rule's constants and the named groups of its pattern
 * are set in VARS (NULL: not wanted). */
const struct rule *matcher_select(
    const struct matcher *matcher, const struct match_input *input, struct vars *vars);
/* All rules that INPUT fits, in the order of selection: stores at most MAX, returns how many. */
size_t matcher_select_all(const struct matcher *matcher, const struct match_input *input,
    const struct rule **rules, size_t max);
/* Is it a MATCHER_AT_ONCE that found no cache? A MATCHER_COMPILED should take its place soon. */
bool matcher_is_interim(const struct matcher *matcher);
/* Was the database taken from the cache? */
bool matcher_was_cached(const struct matcher *matcher);

#endif
