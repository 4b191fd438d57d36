#ifndef EXPLAIN_ASCII_H
#define EXPLAIN_ASCII_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* Appends LEN octets of TEXT, which is UTF-8, to OUT in printable ASCII, as replies must be (RFC
 * 5321 section 2.4). Letters of the languages of Europe that are written in Latin script (U+00A0 to
 * U+017F, and Romanian) become the letters that people write without the accents; typographic
 * quotes, dashes and blanks become plain ones; anything else, control characters too, becomes '?'.
 * With GERMAN, the umlauts get an e: "Empfaenger". */
void ascii_fold(struct strbuf *out, const char *text, size_t len, bool german);
/* Can all of TEXT be written like that, without a '?' for a character? */
bool ascii_fits(const char *text);
/* Do the LEN octets of TEXT end with TAIL? Letters of ASCII are the same in either case. */
bool ascii_ends_with(const char *text, size_t len, const char *tail);

#endif
