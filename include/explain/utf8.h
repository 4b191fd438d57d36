#ifndef EXPLAIN_UTF8_H
#define EXPLAIN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the UTF-8 sequence (RFC 3629) at the beginning of the LEN > 0 octets of TEXT into *POINT.
 * Returns its octets, or 0 when it is none. */
size_t utf8_decode(const char *text, size_t len, uint32_t *point);
/* Where the first octet stands that is no UTF-8; LEN when all is. */
size_t utf8_valid(const char *text, size_t len);

/* Is POINT a character of East Asian writing, which puts no blanks between words? */
bool utf8_is_wide(uint32_t point);
/* How many characters: octets that don't continue one. */
size_t utf8_count(const char *text);

#endif
