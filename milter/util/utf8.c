/* utf8.c - is it UTF-8, and which characters (RFC 3629). */
#include "explain/utf8.h"

size_t utf8_decode(const char *text, size_t len, uint32_t *point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	size_t octets = s[0] < 0x80    ? 1
	                : s[0] >= 0xF0 ? 4
	                : s[0] >= 0xE0 ? 3
	                : s[0] >= 0xC2 ? 2
	                               : 0;

	if (octets == 0 || octets > len || s[0] > 0xF4)
		return 0;
	*point = octets == 1 ? s[0] : s[0] & (0x7Fu >> octets);
	for (size_t i = 1; i < octets; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3Fu);
	}
	if (octets > 1 && (*point < smallest[octets] || *point > 0x10FFFF ||
	                      (*point >= 0xD800 && *point <= 0xDFFF)))
		return 0;
	return octets;
}

size_t utf8_valid(const char *text, size_t len)
{
	size_t at = 0, octets;
	uint32_t point;

	for (;;) {
		while (at < len && (unsigned char)text[at] < 0x80)
			at++;
		if (at == len || !(octets = utf8_decode(text + at, len - at, &point)))
			return at;
		at += octets;
	}
}

bool utf8_is_wide(uint32_t point)
{
	return point >= 0x2E80 && point < 0xFE00;
}

size_t utf8_count(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}
