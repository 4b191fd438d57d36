/* problems_test.c - the list of mistakes in files. */
#include "../unit.h"

#include "explain/problems.h"

START_TEST(form)
{
	static const struct {
		const char *file;
		unsigned line, column;
		const char *subject, *text, *expected;
	} cases[] = {
	    {"a.yaml", 3, 7, "rule x", "is wrong", "a.yaml:3:7: rule x: is wrong"},
	    {"a.yaml", 3, 7, NULL, "is wrong", "a.yaml:3:7: is wrong"},
	    {"a.yaml", 0, 0, NULL, "is wrong", "a.yaml: is wrong"},
	    {"a.yaml", 0, 0, "rule x", "is wrong", "a.yaml: rule x: is wrong"},
	    {NULL, 0, 0, NULL, "is wrong", "is wrong"},
	    {NULL, 5, 5, "cause y", "is wrong", "cause y: is wrong"},
	    {"%s%n", 1, 1, "%s%n", "%s%n", "%s%n:1:1: %s%n: %s%n"},
	};
	struct problems *problems = problems_create();

	ck_assert_uint_eq(problems_count(problems), 0);
	problems_sort(problems);
	for (size_t i = 0; i < COUNT(cases); i++) {
		problems_add(problems, cases[i].file, cases[i].line, cases[i].column,
		    cases[i].subject, "%s", cases[i].text);
		ck_assert_uint_eq(problems_count(problems), i + 1);
		ck_assert_str_eq(problems_get(problems, i), cases[i].expected);
	}
	problems_free(&problems);
	ck_assert_ptr_null(problems);
	problems_free(&problems);
}
END_TEST

START_TEST(order)
{
	static const struct {
		const char *file;
		unsigned line, column;
	} in[] = {{"z", 9, 1}, {"a", 2, 2}, {"z", 10, 1}, {"a", 2, 1}, {NULL, 0, 0}, {"z", 0, 0},
	    {"a", 1, 9}, {"z", 9, 1}};
	static const char *const expected[] = {"z: #5", "z:9:1: #0", "z:9:1: #7", "z:10:1: #2",
	    "a:1:9: #6", "a:2:1: #3", "a:2:2: #1", "#4"};
	struct problems *problems = problems_create();

	for (size_t i = 0; i < COUNT(in); i++)
		problems_add(problems, in[i].file, in[i].line, in[i].column, NULL, "#%zu", i);
	problems_sort(problems);
	for (size_t i = 0; i < COUNT(expected); i++)
		ck_assert_str_eq(problems_get(problems, i), expected[i]);
	problems_free(&problems);
}
END_TEST

START_TEST(many)
{
	struct problems *problems = problems_create();

	for (unsigned i = 0; i < 5000; i++)
		problems_add(problems, "f", 5000 - i, 1, NULL, "p");
	problems_sort(problems);
	ck_assert_uint_eq(problems_count(problems), 5000);
	for (unsigned i = 0; i < 5000; i++) {
		char expected[32];
		snprintf(expected, sizeof(expected), "f:%u:1: p", i + 1);
		require(strcmp(problems_get(problems, i), expected) == 0, "%u is not in order", i);
	}
	problems_free(&problems);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("problems");
	TCase *tcase = unit_case(suite, "problems");

	tcase_add_test(tcase, form);
	tcase_add_test(tcase, order);
	tcase_add_test(tcase, many);
	return unit_run(suite);
}
