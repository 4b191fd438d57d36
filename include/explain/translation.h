#ifndef EXPLAIN_TRANSLATION_H
#define EXPLAIN_TRANSLATION_H

#include <stdbool.h>

struct catalog;
struct problems;
struct translation;

/* A language with phrases of its own is a translation of the built-in texts, and must be complete.
 * Adds to PROBLEMS what translations lack: an entry, a text of one, a variable, or a
 * change that the English texts have seen since. */
void translation_check(const struct catalog *catalog, struct problems *problems);
/* Is OTHER there, and made from the English texts as they are now? */
bool translation_is_current(const struct translation *english, const struct translation *other);

#endif
