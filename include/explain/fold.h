#ifndef EXPLAIN_FOLD_H
#define EXPLAIN_FOLD_H

#include <stddef.h>

struct fold_line {
	size_t at, len;
};

/* Splits LEN octets of TEXT at blanks into lines of at most WIDTH octets; a longer word stands
 * alone and is split only beyond HARD octets, never inside a UTF-8 sequence. Stores at most MAX
 * lines and returns how many there are. Empty text gives none. */
size_t fold_text(
    const char *text, size_t len, size_t width, size_t hard, struct fold_line *lines, size_t max);

#endif
