#ifndef EXPLAIN_STRBUF_H
#define EXPLAIN_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

/* A growing string. `data` is NUL-terminated whenever it is not NULL. With a limit, what would go
 * beyond it sets `overflow` (sticky) and is left out whole, so a caller checks once, at the end. */
struct strbuf {
	char *data;
	size_t len;
	size_t size;
	size_t limit; /* octets, 0 for none */
	bool overflow;
};

/* An empty buffer of at most LIMIT octets (0: no limit). */
void strbuf_init(struct strbuf *buf, size_t limit);
/* Empties the buffer and clears `overflow`; memory is kept for reuse. */
void strbuf_reset(struct strbuf *buf);
/* Frees the memory; the buffer is then as after strbuf_init(). */
void strbuf_free(struct strbuf *buf);
void strbuf_add(struct strbuf *buf, const char *s, size_t len);
void strbuf_addstr(struct strbuf *buf, const char *s);
void strbuf_addch(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds VALUE in decimal, without printf. */
void strbuf_addu(struct strbuf *buf, unsigned value);
/* Shortens to LEN octets; longer is an error of the caller. */
void strbuf_truncate(struct strbuf *buf, size_t len);
/* The content, never NULL. */
const char *strbuf_str(const struct strbuf *buf);

#endif
