/* fold_test.c - folding at words. */
#include "../unit.h"

#include "explain/fold.h"

#define HARD 40

/* TEXT in memory of exactly its length; the lines come back with '|' between them. */
static size_t fold(const char *text, size_t width, size_t hard, char *out, size_t size)
{
	struct fold_line lines[64];
	size_t len = strlen(text), used = 0;
	char *copy = malloc(len ? len : 1);

	require(copy, "out of memory");
	memcpy(copy, text, len);
	size_t count = fold_text(copy, len, width, hard, lines, COUNT(lines));
	out[0] = '\0';
	for (size_t i = 0; i < count && i < COUNT(lines); i++) {
		require(lines[i].at + lines[i].len <= len, "line %zu is outside", i);
		used += (size_t)snprintf(out + used, size - used, "%s%.*s", i ? "|" : "",
		    (int)lines[i].len, copy + lines[i].at);
	}
	free(copy);
	return count;
}

START_TEST(examples)
{
	static const struct {
		const char *text;
		size_t width, hard;
		const char *expected;
	} cases[] = {
	    {"", 10, HARD, ""},
	    {"    ", 10, HARD, ""},
	    {"a", 10, HARD, "a"},
	    {"1234567890", 10, HARD, "1234567890"},
	    {"12345 7890", 10, HARD, "12345 7890"},
	    {"12345 78901", 10, HARD, "12345|78901"},
	    {"1234567890 b", 10, HARD, "1234567890|b"},
	    {"123456789 b", 10, HARD, "123456789|b"},
	    {"12345678901 b", 10, HARD, "12345678901|b"},
	    {"a 12345678901 b", 10, HARD, "a|12345678901|b"},
	    {"  a  b  ", 10, HARD, "a  b"},
	    {"aaaa      bbbb", 5, HARD, "aaaa|bbbb"},
	    {"aaaa      bbbb", 4, HARD, "aaaa|bbbb"},
	    {"12345678901234567890", 5, 8, "12345678|90123456|7890"},
	    {"1234567890 x", 5, 10, "1234567890|x"},
	    {"12345678901 x", 5, 10, "1234567890|1 x"},
	    /* Never inside of a character. */
	    {"\xc3\xa9\xc3\xa9\xc3\xa9", 2, 3, "\xc3\xa9|\xc3\xa9|\xc3\xa9"},
	    {"\xe2\x82\xac\xe2\x82\xac", 2, 5, "\xe2\x82\xac|\xe2\x82\xac"},
	    {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 2, 7, "\xf0\x9f\x98\x80|\xf0\x9f\x98\x80"},
	    {"ab cd", 1, HARD, "ab|cd"},
	    {"a b c", 1, HARD, "a|b|c"},
	    {"abc", 1, 1, "a|b|c"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[256];
		fold(cases[i].text, cases[i].width, cases[i].hard, out, sizeof(out));
		ck_assert_msg(strcmp(out, cases[i].expected) == 0, "'%s' at %zu gives '%s'",
		    cases[i].text, cases[i].width, out);
	}
}
END_TEST

START_TEST(more_than_max)
{
	struct fold_line lines[3] = {{9, 9}, {9, 9}, {9, 9}};

	ck_assert_uint_eq(fold_text("a b c d", 7, 1, 10, lines, 2), 4);
	ck_assert_uint_eq(lines[0].at, 0);
	ck_assert_uint_eq(lines[1].at, 2);
	ck_assert_uint_eq(lines[2].at, 9);
	ck_assert_uint_eq(fold_text("a b c d", 7, 1, 10, NULL, 0), 4);
	ck_assert_uint_eq(fold_text("", 0, 1, 10, NULL, 0), 0);
}
END_TEST

/* Every octet but blanks is in exactly one line, in order; lines obey both limits; a line is longer
 * than the width only if it is one word, and no word could have stood one line higher. */
START_TEST(fuzz)
{
	static const char alphabet[] = "aaab   .-";
	struct unit_random random = {25};

	for (int round = 0; round < 100000; round++) {
		char text[120];
		struct fold_line lines[120];
		size_t len = unit_random(&random, sizeof(text)),
		       width = 1 + unit_random(&random, 30);
		size_t hard = width + unit_random(&random, 30), at = 0;
		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[unit_random(&random, sizeof(alphabet) - 1)];
		size_t count = fold_text(text, len, width, hard, lines, COUNT(lines));
		for (size_t i = 0; i < count; i++) {
			const struct fold_line *line = &lines[i];
			require(line->len > 0 && line->len <= hard, "line %zu, %.*s", i, (int)len,
			    text);
			for (; at < line->at; at++)
				require(text[at] == ' ', "%zu is missing in '%.*s'", at, (int)len,
				    text);
			at += line->len;
			require(at <= len && text[line->at] != ' ' && text[at - 1] != ' ',
			    "blanks in line %zu of '%.*s'", i, (int)len, text);
			require(line->len <= width || !memchr(text + line->at, ' ', line->len),
			    "line %zu of '%.*s' at %zu is too long", i, (int)len, text, width);
			if (i + 1 < count) {
				const struct fold_line *next = &lines[i + 1];
				size_t word = 0;
				while (word < next->len && text[next->at + word] != ' ')
					word++;
				require(line->len == hard || next->at + word - line->at > width,
				    "line %zu of '%.*s' at %zu is too short", i, (int)len, text,
				    width);
			}
		}
		for (; at < len; at++)
			require(text[at] == ' ', "%zu is missing in '%.*s'", at, (int)len, text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fold");
	TCase *tcase = unit_case(suite, "fold");

	tcase_add_test(tcase, examples);
	tcase_add_test(tcase, more_than_max);
	tcase_add_test(tcase, fuzz);
	return unit_run(suite);
}
