#ifndef EXPLAIN_HASH_H
#define EXPLAIN_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

/* FNV-1a, 64 bits, of LEN octets that follow what gave VALUE (HASH_START at first). It tells texts
 * apart that nobody chose in order to deceive; nothing else may hang on it. */
uint64_t hash_fnv(uint64_t value, const char *data, size_t len);

#endif
