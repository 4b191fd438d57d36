/* netstring.c - netstring codec, octets in and out.
 *
 * Written by hand because no packaged library has a streaming one; ten lines of contract are less
 * than a dependency. */
#include "explain/netstring.h"

#include "explain/strbuf.h"

enum netstring_result netstring_parse(const char *data, size_t len, size_t max,
    const char **content, size_t *content_len, size_t *used)
{
	size_t value = 0, at = 0;

	for (; at < len && data[at] >= '0' && data[at] <= '9'; at++) {
		if (at > 0 && value == 0)
			return NETSTRING_INVALID;
		value = value * 10 + (size_t)(data[at] - '0');
		if (value > max)
			return NETSTRING_INVALID;
	}
	if (at == len)
		return NETSTRING_PARTIAL;
	if (at == 0 || data[at] != ':')
		return NETSTRING_INVALID;
	at++;
	if (len - at <= value)
		return NETSTRING_PARTIAL;
	if (data[at + value] != ',')
		return NETSTRING_INVALID;
	*content = data + at;
	*content_len = value;
	*used = at + value + 1;
	return NETSTRING_COMPLETE;
}

void netstring_add(struct strbuf *out, const char *content, size_t len)
{
	strbuf_addu(out, (unsigned)len);
	strbuf_addch(out, ':');
	strbuf_add(out, content, len);
	strbuf_addch(out, ',');
}
