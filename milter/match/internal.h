/* internal.h - what the files of match/ share. */
#ifndef MATCH_INTERNAL_H
#define MATCH_INTERNAL_H

#include <hs.h>
#include <stdbool.h>
#include <stddef.h>

/* database.c: the patterns as one Hyperscan database, from the cache if it has it.
 * Returns NULL with a sentence in *ERROR, and in *BAD the index of the faulty pattern or -1. */
hs_database_t *database_get(const char *const *patterns, unsigned count, const char *cache_dir,
    bool *was_cached, char **error, int *bad);
/* Compiles one pattern for its own sake: a sentence on what is wrong with it, or NULL. */
char *database_check_pattern(const char *pattern);

/* capture.c: the named groups of one pattern. */
struct capture;
struct varnames;
struct vars;

/* NULL with a sentence in *ERROR if PCRE2 does not take the pattern. */
struct capture *capture_create(const char *pattern, const struct varnames *names, char **error);
void capture_free(struct capture **capture);
/* Sets the variables of the groups that took part in the match. */
void capture_run(const struct capture *capture, const char *text, size_t len, struct vars *vars);

#endif
