#ifndef EXPLAIN_REF_H
#define EXPLAIN_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reference: 8 characters of Crockford's base 32 (no I, L, O, U) from 40 random bits, shown as
 * XXXX-XXXX. */
#define REF_LENGTH 9

/* Random bits in stock, so that most references cost no system call. One a thread. */
struct ref_source {
	uint8_t stock[320];
	size_t left;
};

/* Writes a new reference and a NUL to OUT. */
void ref_create(struct ref_source *source, char out[REF_LENGTH + 1]);
/* Are these REF_LENGTH octets of TEXT a reference as ref_create() writes it? */
bool ref_is_valid(const char *text);

#endif
