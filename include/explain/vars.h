#ifndef EXPLAIN_VARS_H
#define EXPLAIN_VARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The variables of texts: a standard set, and the named groups of rules. At most VARS_MAX names in
 * one catalogue, so that a set of them is one 64-bit mask. */
#define VARS_MAX 64
/* A value is cut at so many characters. */
#define VAR_MAX_CHARACTERS 128

enum var {
	VAR_RECIPIENT,
	VAR_SENDER,
	VAR_CLIENT_ADDRESS,
	VAR_CLIENT_NAME,
	VAR_HELO,
	VAR_CODE,
	VAR_STATUS,
	VAR_STAGE,
	VAR_HOST,
	VAR_LIST,
	VAR_URL,
	VAR_LIMIT,
	VAR_DOMAIN,
	VAR_SITE,
	VAR_CONTACT,
	VAR_HELP_URL,
	VAR_REF,
	VAR_CAUSE,
	VAR_STANDARD_COUNT
};

/* Variables that have a value in every explanation. */
#define VARS_ALWAYS                                                                                \
	((UINT64_C(1) << VAR_SITE) | (UINT64_C(1) << VAR_CONTACT) |                                \
	    (UINT64_C(1) << VAR_HELP_URL) | (UINT64_C(1) << VAR_REF) | (UINT64_C(1) << VAR_CAUSE))

/* Names and their numbers: the standard ones are there from the start, under their enum. */
struct varnames;

struct varnames *varnames_create(void);
void varnames_free(struct varnames **names);
/* The number of NAME, -1 if unknown. */
int varnames_find(const struct varnames *names, const char *name, size_t len);
/* The number of NAME, which is added if it is new; -1 when the table is full or NAME is not
 * [a-z][a-z0-9_]{0,31}. */
int varnames_add(struct varnames *names, const char *name, size_t len);
const char *varnames_get(const struct varnames *names, int var);

/* Values. Every value is safe for a line of text: valid UTF-8, no control characters, no invisible
 * direction marks (each is replaced by '?'), at most VAR_MAX_CHARACTERS characters. */
struct vars;

struct vars *vars_create(void);
void vars_free(struct vars **vars);
void vars_reset(struct vars *vars);
/* Sets VAR to LEN octets of VALUE from anywhere. An empty value leaves VAR unknown. */
void vars_set(struct vars *vars, int var, const char *value, size_t len);
/* NULL when unknown. NUL-terminated; valid until the next vars_set(). */
const char *vars_get(const struct vars *vars, int var);
/* The set of known variables, bit N for variable N. */
uint64_t vars_known(const struct vars *vars);

#endif
