/* ref.c - references: short names of events that can be read out on the telephone, and that nobody
 * can guess. */
#include "explain/ref.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BITS_OCTETS 5

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void refill(struct ref_source *source)
{
	/* Up to 256 octets never come short or interrupted; getrandom(2) fails on no Debian kernel,
	 * and a reference that can be guessed must not be given out. */
	for (size_t at = 0; at < sizeof(source->stock); at += sizeof(source->stock) / 2)
		if (getrandom(source->stock + at, sizeof(source->stock) / 2, 0) < 0)
			abort();
	source->left = sizeof(source->stock);
}

void ref_create(struct ref_source *source, char out[REF_LENGTH + 1])
{
	uint64_t bits = 0;

	if (source->left < BITS_OCTETS)
		refill(source);
	for (size_t i = 0; i < BITS_OCTETS; i++)
		bits = bits << 8 | source->stock[--source->left];
	for (size_t i = REF_LENGTH; i-- > 0;) {
		if (i == 4) {
			out[i] = '-';
			continue;
		}
		out[i] = alphabet[bits & 31];
		bits >>= 5;
	}
	out[REF_LENGTH] = '\0';
}

bool ref_is_valid(const char *text)
{
	for (size_t i = 0; i < REF_LENGTH; i++)
		if (text[i] == '\0' || (i == 4 ? text[i] != '-' : !strchr(alphabet, text[i])))
			return false;
	return true;
}
