#ifndef EXPLAIN_PROBLEMS_H
#define EXPLAIN_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

/* The mistakes found in configuration or catalogue files: all of them, not the first only. */
struct problems;

struct problems *problems_create(void);
void problems_free(struct problems **problems);
/* Notes one mistake in FILE (NULL: none) at LINE and COLUMN (1-based, 0: unknown) about SUBJECT
 * ("rule postfix-quota", NULL: none). */
void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
    const char *subject, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Was anything noted about SUBJECT? What follows from a mistake needs no mention of its own. */
bool problems_has(const struct problems *problems, const char *subject);
size_t problems_count(const struct problems *problems);
/* Sorts by file, line and column; files keep the order in which they first had a mistake. */
void problems_sort(struct problems *problems);
/* The mistake number I (0-based) as `file:line:column: subject: what is wrong`. */
const char *problems_get(const struct problems *problems, size_t i);

#endif
