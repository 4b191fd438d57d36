#ifndef EXPLAIN_STRBUF_H
#define EXPLAIN_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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
/* Makes room for LEN octets and a NUL behind; false, with `overflow` set, beyond the limit. */
bool strbuf_reserve(struct strbuf *buf, size_t len);

/* In the header because nearly every octet of an answer goes through it. */
static inline void strbuf_add(struct strbuf *buf, const char *s, size_t len)
{
	if ((buf->limit || buf->overflow || buf->size - buf->len <= len) &&
	    !strbuf_reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, s, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

static inline void strbuf_addstr(struct strbuf *buf, const char *s)
{
	strbuf_add(buf, s, strlen(s));
}

static inline void strbuf_addch(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds VALUE in decimal, without printf. */
void strbuf_addu(struct strbuf *buf, unsigned value);
/* Shortens to LEN octets; longer is an error of the caller. */
void strbuf_truncate(struct strbuf *buf, size_t len);
/* The content, never NULL. */
const char *strbuf_str(const struct strbuf *buf);

#endif
