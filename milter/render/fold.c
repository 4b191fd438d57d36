/* fold.c - folding at words. */
#include "explain/fold.h"

#include <string.h>

/* Where a line that begins at AT ends: the last blank within WIDTH, else the first after it. */
static size_t line_end(const char *text, size_t len, size_t at, size_t width, size_t hard)
{
	if (len - at <= width)
		return len;
	for (size_t end = at + width; end > at; end--)
		if (text[end] == ' ')
			return end;
	const char *blank = memchr(text + at + width, ' ', len - at - width);
	size_t end = blank ? (size_t)(blank - text) : len;
	if (end - at > hard)
		for (end = at + hard; end > at + 1 && ((unsigned char)text[end] & 0xC0) == 0x80;
		     end--)
			;
	return end;
}

size_t fold_text(
    const char *text, size_t len, size_t width, size_t hard, struct fold_line *lines, size_t max)
{
	size_t count = 0, at = 0;

	for (;;) {
		while (at < len && text[at] == ' ')
			at++;
		if (at == len)
			return count;
		size_t end = line_end(text, len, at, width, hard);
		size_t stop = end;
		while (stop > at && text[stop - 1] == ' ')
			stop--;
		if (count < max)
			lines[count] = (struct fold_line){at, stop - at};
		count++;
		at = end;
	}
}
