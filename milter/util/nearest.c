/* nearest.c - the known name that somebody probably meant (optimal string alignment distance).
 *
 * Names longer than MAX_NAME are compared as unknown: no key is that long. */
#include "explain/nearest.h"

#include <stddef.h>
#include <string.h>

#define MAX_NAME 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MAX_NAME + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(row[j], least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

const char *nearest_name(const char *name, const char *const *names)
{
	size_t len = strlen(name);
	size_t best = (len < 6 ? 3 : len) / 3 + 1;
	const char *found = NULL;

	if (len > MAX_NAME)
		return NULL;
	for (; *names; names++) {
		size_t names_len = strlen(*names);
		if (names_len > MAX_NAME)
			continue;
		size_t edits = distance(name, len, *names, names_len);
		if (edits < best) {
			best = edits;
			found = *names;
		}
	}
	return found;
}

const char *nearest_slip(const char *name, const char *const *names)
{
	size_t len = strlen(name);
	const char *found = NULL;

	for (; len <= MAX_NAME && *names; names++) {
		size_t names_len = strlen(*names);
		if (strcmp(name, *names) == 0)
			return NULL;
		if (!found && names_len <= MAX_NAME && names_len + 1 >= len &&
		    len + 1 >= names_len && distance(name, len, *names, names_len) == 1)
			found = *names;
	}
	return found;
}
