#ifndef EXPLAIN_NETSTRING_H
#define EXPLAIN_NETSTRING_H

#include <stddef.h>

struct strbuf;

enum netstring_result {
	NETSTRING_COMPLETE, /* one whole netstring is there */
	NETSTRING_PARTIAL,  /* what is there is a correct beginning */
	NETSTRING_INVALID /* not a netstring, or larger than allowed: the stream can't be resumed */
};

/* Looks at the beginning of DATA for a netstring ("5:hello,") whose content has at most MAX octets.
 * COMPLETE sets *CONTENT and *CONTENT_LEN (pointing into DATA) and *USED, the octets to consume.
 * INVALID comes as early as the octets allow it: at the first octet that is wrong, at a length over
 * MAX, at a leading zero followed by a digit. The form is the one of the netstring definition by
 * D. J. Bernstein that Sendmail's and Postfix's socketmap protocol uses. */
enum netstring_result netstring_parse(const char *data, size_t len, size_t max,
    const char **content, size_t *content_len, size_t *used);

/* Appends the netstring of LEN octets of CONTENT. */
void netstring_add(struct strbuf *out, const char *content, size_t len);

#endif
