/* strbuf.c - string builder with a limit and a sticky error. */
#include "explain/strbuf.h"

#include "explain/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(struct strbuf *buf, size_t limit)
{
	*buf = (struct strbuf){.limit = limit};
}

void strbuf_reset(struct strbuf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

void strbuf_free(struct strbuf *buf)
{
	free(buf->data);
	strbuf_init(buf, buf->limit);
}

bool strbuf_reserve(struct strbuf *buf, size_t len)
{
	if (buf->overflow || (buf->limit && len > buf->limit - buf->len)) {
		buf->overflow = true;
		return false;
	}
	if (buf->size - buf->len <= len) {
		size_t size = buf->size ? buf->size : 64;
		while (size - buf->len <= len)
			size *= 2;
		buf->data = mem_realloc(buf->data, size, 1);
		buf->size = size;
	}
	return true;
}

void strbuf_addu(struct strbuf *buf, unsigned value)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	strbuf_add(buf, digits + at, sizeof(digits) - at);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
	va_list args, again;

	if (buf->overflow)
		return;
	va_start(args, format);
	va_copy(again, args);
	/* Nearly always there is room. */
	size_t room = buf->size - buf->len;
	int len = vsnprintf(room ? buf->data + buf->len : NULL, room, format, args);
	assert(len >= 0);
	if ((size_t)len < room && (!buf->limit || (size_t)len <= buf->limit - buf->len)) {
		buf->len += (size_t)len;
	} else {
		if (room)
			buf->data[buf->len] = '\0';
		if (strbuf_reserve(buf, (size_t)len)) {
			vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
			buf->len += (size_t)len;
		}
	}
	va_end(again);
	va_end(args);
}

void strbuf_truncate(struct strbuf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len = len;
	if (buf->data)
		buf->data[len] = '\0';
}

const char *strbuf_str(const struct strbuf *buf)
{
	return buf->data ? buf->data : "";
}
