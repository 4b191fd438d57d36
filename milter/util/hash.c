/* hash.c - FNV-1a: for names of cache files and for fingerprints of texts. A few lines, where a
 * library would bring a hash made to withstand attackers that aren't there. */
#include "explain/hash.h"

uint64_t hash_fnv(uint64_t value, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
	return value;
}
