/* strbuf_test.c - the string builder: content, limits, the sticky overflow. */
#include "../unit.h"

#include "explain/strbuf.h"

#include <limits.h>

START_TEST(empty)
{
	struct strbuf buf;

	strbuf_init(&buf, 0);
	ck_assert_str_eq(strbuf_str(&buf), "");
	strbuf_truncate(&buf, 0);
	strbuf_reset(&buf);
	strbuf_add(&buf, "x", 0);
	strbuf_addstr(&buf, "");
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_str_eq(strbuf_str(&buf), "");
	ck_assert(!buf.overflow);
	strbuf_free(&buf);
	strbuf_free(&buf);
	ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(pieces)
{
	struct strbuf buf;

	strbuf_init(&buf, 0);
	strbuf_addstr(&buf, "550");
	strbuf_addch(&buf, ' ');
	strbuf_add(&buf, "5.1.1x", 5);
	strbuf_addf(&buf, " %s=%d", "n", -7);
	strbuf_addu(&buf, 0);
	strbuf_addu(&buf, UINT_MAX);
	ck_assert_str_eq(strbuf_str(&buf), "550 5.1.1 n=-704294967295");
	ck_assert_uint_eq(buf.len, strlen(strbuf_str(&buf)));

	strbuf_truncate(&buf, 3);
	ck_assert_str_eq(strbuf_str(&buf), "550");
	strbuf_add(&buf, "\0x", 2);
	ck_assert_uint_eq(buf.len, 5);
	ck_assert_mem_eq(buf.data, "550\0x", 6);
	strbuf_reset(&buf);
	ck_assert_str_eq(strbuf_str(&buf), "");
	strbuf_addf(&buf, "%s", "");
	ck_assert_uint_eq(buf.len, 0);
	strbuf_free(&buf);
}
END_TEST

/* Every length around the sizes at which the buffer grows, octet by octet and in one piece. */
START_TEST(growth)
{
	static char text[4200];
	struct strbuf octets, whole, formatted;

	memset(text, 'x', sizeof(text));
	strbuf_init(&octets, 0);
	for (size_t len = 0; len < sizeof(text); len++) {
		strbuf_init(&whole, 0);
		strbuf_add(&whole, text, len);
		require(
		    whole.len == len && whole.data[len] == '\0', "%zu octets in one piece", len);
		strbuf_free(&whole);
		strbuf_init(&formatted, 0);
		strbuf_addf(&formatted, "%.*s", (int)len, text);
		require(formatted.len == len && formatted.data[len] == '\0', "%zu octets by printf",
		    len);
		strbuf_free(&formatted);
		strbuf_addch(&octets, 'x');
		require(octets.len == len + 1 && octets.data[len + 1] == '\0', "octet %zu", len);
	}
	ck_assert_mem_eq(octets.data, text, sizeof(text));
	strbuf_free(&octets);
}
END_TEST

START_TEST(limit)
{
	static const struct {
		size_t limit;
		const char *parts[4];
		const char *expected;
		bool overflow;
	} cases[] = {
	    {5, {"12345"}, "12345", false},
	    {5, {"123456"}, "", true},
	    {5, {"123", "45"}, "12345", false},
	    {5, {"123", "456"}, "123", true},
	    /* What comes after the overflow is left out, though it would fit. */
	    {5, {"123", "456", "4"}, "123", true},
	    {5, {"12345", ""}, "12345", false},
	    {1, {"1", "2"}, "1", true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int form = 0; form < 2; form++) {
			struct strbuf buf;
			strbuf_init(&buf, cases[i].limit);
			for (size_t j = 0; j < 4 && cases[i].parts[j]; j++) {
				if (form == 0)
					strbuf_addstr(&buf, cases[i].parts[j]);
				else
					strbuf_addf(&buf, "%s", cases[i].parts[j]);
			}
			ck_assert_str_eq(strbuf_str(&buf), cases[i].expected);
			ck_assert_int_eq(buf.overflow, cases[i].overflow);
			strbuf_reset(&buf);
			ck_assert(!buf.overflow);
			strbuf_addch(&buf, 'x');
			ck_assert_str_eq(strbuf_str(&buf), "x");
			strbuf_free(&buf);
			ck_assert_uint_eq(buf.limit, cases[i].limit);
		}
	}
}
END_TEST

START_TEST(limit_of_numbers)
{
	struct strbuf buf;

	strbuf_init(&buf, 3);
	strbuf_addu(&buf, 550);
	strbuf_addu(&buf, 1);
	ck_assert_str_eq(strbuf_str(&buf), "550");
	ck_assert(buf.overflow);
	strbuf_free(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strbuf");
	TCase *tcase = unit_case(suite, "strbuf");

	tcase_add_test(tcase, empty);
	tcase_add_test(tcase, pieces);
	tcase_add_test(tcase, growth);
	tcase_add_test(tcase, limit);
	tcase_add_test(tcase, limit_of_numbers);
	return unit_run(suite);
}
