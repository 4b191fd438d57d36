/* nearest_test.c - "did you mean". */
#include "../unit.h"

#include "explain/nearest.h"

START_TEST(misspellings)
{
	static const char *const known[] = {"rule", "cause", "match", "examples", "summary",
	    "summary_temporary", "set", "sets", NULL};
	static const struct {
		const char *name, *expected; /* "": none */
	} cases[] = {
	    {"rule", "rule"},
	    {"sets", "sets"},
	    {"set", "set"},
	    /* Short names: one edit of each kind. */
	    {"rul", "rule"},
	    {"rulee", "rule"},
	    {"ruie", "rule"},
	    {"rlue", "rule"},
	    {"rxxe", ""},
	    {"st", "set"},
	    {"causes", "cause"},
	    {"exmpales", "examples"},
	    {"Examples", "examples"},
	    {"examp", ""},
	    {"example", "examples"},
	    {"sumary_temporery", "summary_temporary"},
	    {"zzzzzzzz", ""},
	    {"", ""},
	    {"summarysummarysummarysummarysummarysummarysummarysummarysummarysu", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *found = nearest_name(cases[i].name, known);
		ck_assert_msg(strcmp(found ? found : "", cases[i].expected) == 0,
		    "'%s' gives '%s', not '%s'", cases[i].name, found ? found : "",
		    cases[i].expected);
	}
}
END_TEST

START_TEST(limits)
{
	static const char *const none[] = {NULL};
	static char exact[65], longer[66];
	const char *const names[] = {longer, exact, NULL};

	ck_assert_ptr_null(nearest_name("rule", none));
	memset(exact, 'a', 64);
	memset(longer, 'a', 65);
	ck_assert_ptr_eq(nearest_name(exact, names), exact);
	/* The first of several that are equally near. */
	const char *const twins[] = {"cat", "car", NULL};
	ck_assert_str_eq(nearest_name("cax", twins), "cat");
}
END_TEST

START_TEST(slips)
{
	static const char *const known[] = {"gmail.com", "gmx.de", "gmx.at", "mail.com", NULL};
	static const struct {
		const char *name, *expected; /* "": none */
	} cases[] = {{"gmial.com", "gmail.com"}, {"gmal.com", "gmail.com"},
	    {"gmaill.com", "gmail.com"}, {"gnail.com", "gmail.com"}, {"gmail.co", "gmail.com"},
	    {"gmail.com", ""}, {"gmx.net", ""}, {"gm.com", ""}, {"", ""}, {"gmx.dt", "gmx.de"},
	    {"ggmail.con", ""}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *found = nearest_slip(cases[i].name, known);
		ck_assert_msg(strcmp(found ? found : "", cases[i].expected) == 0,
		    "'%s' gives '%s', not '%s'", cases[i].name, found ? found : "",
		    cases[i].expected);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nearest");
	TCase *tcase = unit_case(suite, "nearest");

	tcase_add_test(tcase, misspellings);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, slips);
	return unit_run(suite);
}
