#ifndef EXPLAIN_CHECK_H
#define EXPLAIN_CHECK_H

#include <stddef.h>

struct engine;
struct problems;

/* Explains the examples of every rule and reports each that does not select its rule, and rules of
 * the last layer, the built-in one, with fewer than two examples. A built-in rule's example that a
 * site's own rule takes over is in order. Rules about which PROBLEMS has something already are
 * passed over. Returns the number of examples tried. */
size_t check_examples(const struct engine *engine, struct problems *problems);
/* Reports each cause that no rule names. One whose rules a site has disabled is in order. */
void check_causes(const struct engine *engine, struct problems *problems);

#endif
