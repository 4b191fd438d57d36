/* internal.h - what the files of match/ share. */
#ifndef MATCH_INTERNAL_H
#define MATCH_INTERNAL_H

#include <hs.h>
#include <stdbool.h>
#include <stddef.h>

/* database.c: the patterns as one Hyperscan database, from the cache; NULL if it has none. */
hs_database_t *database_cached(const char *const *patterns, unsigned count, const char *cache_dir);
/* The same, compiled, and stored in the cache if there is one (CACHE_DIR not NULL).
 * Returns NULL with a sentence in *ERROR, and in *BAD the index of the faulty pattern or -1. */
hs_database_t *database_compile(
    const char *const *patterns, unsigned count, const char *cache_dir, char **error, int *bad);
/* What libhs does not take in one pattern, a sentence or NULL; quick, as it compiles
 * hardly any. */
char *database_check_syntax(const char *pattern);
/* Compiles one pattern for its own sake: a sentence on what is wrong with it, or NULL. */
char *database_check_pattern(const char *pattern);

/* capture.c: one pattern for PCRE2, and its named groups. */
struct capture;
struct varnames;
struct vars;

/* NULL with a sentence in *ERROR if PCRE2 does not take the pattern. With `fast` it is compiled to
 * machine code, which takes ten times as long. */
struct capture *capture_create(
    const char *pattern, const struct varnames *names, bool fast, char **error);
void capture_free(struct capture **capture);
/* Does the pattern fit somewhere in TEXT? */
bool capture_fits(const struct capture *capture, const char *text, size_t len);
/* Sets the variables of the groups that took part in the match. */
void capture_run(const struct capture *capture, const char *text, size_t len, struct vars *vars);

#endif
