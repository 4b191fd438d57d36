/* utf8_test.c - what is UTF-8 by RFC 3629, and what is not. */
#include "../unit.h"

#include "explain/utf8.h"

START_TEST(decode)
{
	static const struct {
		const char *text;
		size_t octets;
		uint32_t point;
	} cases[] = {{"a", 1, 'a'}, {"\x7f", 1, 0x7F}, {"\x80", 0, 0}, {"\xc1\xbf", 0, 0},
	    {"\xc2\x80", 2, 0x80}, {"\xdf\xbf", 2, 0x7FF}, {"\xe0\x9f\xbf", 0, 0},
	    {"\xe0\xa0\x80", 3, 0x800}, {"\xed\x9f\xbf", 3, 0xD7FF}, {"\xed\xa0\x80", 0, 0},
	    {"\xee\x80\x80", 3, 0xE000}, {"\xf0\x8f\xbf\xbf", 0, 0},
	    {"\xf0\x90\x80\x80", 4, 0x10000}, {"\xf4\x8f\xbf\xbf", 4, 0x10FFFF},
	    {"\xf4\x90\x80\x80", 0, 0}, {"\xf5\x80\x80\x80", 0, 0}, {"\xff", 0, 0},
	    {"\xc3"
	     "a",
	        0, 0},
	    {"\xe2\x82"
	     "a",
	        0, 0}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		uint32_t point = 0;
		ck_assert_msg(
		    utf8_decode(cases[i].text, len, &point) == cases[i].octets, "case %zu", i);
		if (!cases[i].octets)
			continue;
		ck_assert_uint_eq(point, cases[i].point);
		/* Cut off. */
		for (size_t cut = 1; cut < len; cut++)
			ck_assert_uint_eq(utf8_decode(cases[i].text, cut, &point), 0);
	}
}
END_TEST

START_TEST(valid)
{
	ck_assert_uint_eq(utf8_valid("", 0), 0);
	ck_assert_uint_eq(utf8_valid("a\0b", 3), 3);
	ck_assert_uint_eq(utf8_valid("Gr\xc3\xbc\xc3\x9f"
	                             "e",
	                      7),
	    7);
	ck_assert_uint_eq(utf8_valid("Gr\xfc\xdf"
	                             "e",
	                      5),
	    2);
	ck_assert_uint_eq(utf8_valid("Gr\xc3\xbc\xc3", 5), 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tests = unit_case(suite, "utf8");

	tcase_add_test(tests, decode);
	tcase_add_test(tests, valid);
	return unit_run(suite);
}
