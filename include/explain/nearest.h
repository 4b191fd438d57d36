#ifndef EXPLAIN_NEAREST_H
#define EXPLAIN_NEAREST_H

/* The entry of NAMES (NULL-terminated) nearest to NAME: NAME's own entry when it is there, else the
 * one with the fewest edits if those are at most a third of NAME's length (at least 1); NULL when
 * none is that near. For "did you mean" messages. */
const char *nearest_name(const char *name, const char *const *names);
/* The entry of NAMES that one slip makes NAME of: one letter left out, added, replaced, or two
 * neighbours swapped. NULL when NAME is itself an entry, or fits none. */
const char *nearest_slip(const char *name, const char *const *names);

#endif
