#ifndef EXPLAIN_REASON_H
#define EXPLAIN_REASON_H

#include <stddef.h>

/* The closed sets that a cause chooses from. NULL-terminated. */
const char *const *reason_names(void);
const char *const *fixer_names(void);
/* The place of the reason NAME in its set, or -1. */
int reason_number(const char *name);

#endif
