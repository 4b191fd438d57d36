#ifndef EXPLAIN_STATUS_H
#define EXPLAIN_STATUS_H

#include <stdbool.h>
#include <stddef.h>

/* An enhanced status code, class.subject.detail (RFC 3463 section 2). class 0: there is none. In a
 * pattern STATUS_ANY stands for any number. */
struct status {
	short class, subject, detail;
};

#define STATUS_ANY (-1)

/* Reads a code at the beginning of TEXT: class 2, 4 or 5, then two numbers of one to three digits,
 * then the end or something that is neither digit, letter nor dot. Returns the octets used, 0 if
 * there is none. */
size_t status_parse(struct status *status, const char *text, size_t len);
/* Reads a whole pattern as in rules: a code of which each part may be `x`. False if it is none. */
bool status_parse_pattern(struct status *pattern, const char *text, size_t len);
/* Does STATUS (not NONE) fit PATTERN? */
bool status_matches(const struct status *pattern, const struct status *status);
/* One number for an exact code, for tables. */
int status_key(const struct status *status);

struct strbuf;
void status_add(struct strbuf *out, const struct status *status);

#endif
