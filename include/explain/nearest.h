#ifndef EXPLAIN_NEAREST_H
#define EXPLAIN_NEAREST_H

/* The entry of NAMES (NULL-terminated) nearest to NAME: NAME's own entry when it is there, else the
 * one with the fewest edits if those are at most a third of NAME's length (at least 1); NULL when
 * none is that near. For "did you mean" messages. */
const char *nearest_name(const char *name, const char *const *names);

#endif
