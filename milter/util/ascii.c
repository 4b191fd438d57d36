/* ascii.c - text in Latin scripts as ASCII.
 *
 * Written by hand: iconv's transliteration depends on the locale and on the C library, and ICU is
 * thirty megabytes for a table of two hundred letters. */
#include "explain/ascii.h"

#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Latin-1 Supplement and Latin Extended-A, U+00A0 to U+017F, one entry a character; "?" has no
 * substitute. */
static const char *const latin[] = {
    /* A0 */ " ", "", "?", "?", "?", "?", "?", "?", "", "(c)", "a", "\"", "?", "", "(R)", "?",
    /* B0 */ " deg", "+/-", "2", "3", "'", "u", "?", ".", "", "1", "o", "\"", "1/4", "1/2", "3/4",
    "",
    /* C0 */ "A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I", "I",
    /* D0 */ "D", "N", "O", "O", "O", "O", "O", "x", "O", "U", "U", "U", "U", "Y", "Th", "ss",
    /* E0 */ "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    /* F0 */ "d", "n", "o", "o", "o", "o", "o", "/", "o", "u", "u", "u", "u", "y", "th", "y",
    /* 100 */ "A", "a", "A", "a", "A", "a", "C", "c", "C", "c", "C", "c", "C", "c", "D", "d",
    /* 110 */ "D", "d", "E", "e", "E", "e", "E", "e", "E", "e", "E", "e", "G", "g", "G", "g",
    /* 120 */ "G", "g", "G", "g", "H", "h", "H", "h", "I", "i", "I", "i", "I", "i", "I", "i",
    /* 130 */ "I", "i", "IJ", "ij", "J", "j", "K", "k", "k", "L", "l", "L", "l", "L", "l", "L",
    /* 140 */ "l", "L", "l", "N", "n", "N", "n", "N", "n", "'n", "N", "n", "O", "o", "O", "o",
    /* 150 */ "O", "o", "OE", "oe", "R", "r", "R", "r", "R", "r", "S", "s", "S", "s", "S", "s",
    /* 160 */ "S", "s", "T", "t", "T", "t", "T", "t", "U", "u", "U", "u", "U", "u", "U", "u",
    /* 170 */ "U", "u", "U", "u", "W", "w", "Y", "y", "Y", "Z", "z", "Z", "z", "Z", "z", "s"};
#define LATIN_FIRST 0xA0
#define LATIN_LAST 0x17F
_Static_assert(
    sizeof(latin) / sizeof(latin[0]) == LATIN_LAST - LATIN_FIRST + 1, "a letter is missing");

/* What stands elsewhere. */
static const struct {
	uint32_t point;
	const char *ascii;
} others[] = {{0x218, "S"}, {0x219, "s"}, {0x21A, "T"}, {0x21B, "t"}, {0x2002, " "}, {0x2003, " "},
    {0x2009, " "}, {0x2010, "-"}, {0x2011, "-"}, {0x2013, "-"}, {0x2014, "-"}, {0x2018, "'"},
    {0x2019, "'"}, {0x201A, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x201E, "\""}, {0x2026, "..."},
    {0x202F, " "}, {0x2039, "'"}, {0x203A, "'"}, {0x20AC, "EUR"}, {0x2192, "->"}};

static const struct {
	uint32_t point;
	const char *ascii;
} umlauts[] = {{0xC4, "Ae"}, {0xD6, "Oe"}, {0xDC, "Ue"}, {0xE4, "ae"}, {0xF6, "oe"}, {0xFC, "ue"}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *substitute(uint32_t point, bool german)
{
	for (size_t i = 0; german && i < COUNT(umlauts); i++)
		if (umlauts[i].point == point)
			return umlauts[i].ascii;
	if (point >= LATIN_FIRST && point - LATIN_FIRST < COUNT(latin))
		return latin[point - LATIN_FIRST];
	for (size_t i = 0; i < COUNT(others); i++)
		if (others[i].point == point)
			return others[i].ascii;
	return "?";
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 127;
}

void ascii_fold(struct strbuf *out, const char *text, size_t len, bool german)
{
	const char *end = text + len;

	while (text < end) {
		size_t run = 0;
		while (text + run < end && is_plain((unsigned char)text[run]))
			run++;
		strbuf_add(out, text, run);
		text += run;
		if (text == end)
			break;
		uint32_t point = 0;
		size_t octets = utf8_decode(text, (size_t)(end - text), &point);
		strbuf_addstr(out, octets ? substitute(point, german) : "?");
		/* What is no UTF-8 becomes one '?' with what seems to continue it. */
		text += octets ? octets : 1;
		while (!octets && text < end && (*text & 0xC0) == 0x80)
			text++;
	}
}

bool ascii_fits(const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		uint32_t point = 0;
		size_t octets = utf8_decode(text, (size_t)(end - text), &point);
		if (!octets || (octets == 1 && !is_plain((unsigned char)*text)) ||
		    (octets > 1 && strcmp(substitute(point, false), "?") == 0))
			return false;
		text += octets;
	}
	return true;
}

bool ascii_ends_with(const char *text, size_t len, const char *tail)
{
	size_t tail_len = strlen(tail);

	return len >= tail_len && strncasecmp(text + len - tail_len, tail, tail_len) == 0;
}
