/* style_test.c - syllables, sentences, grades, and what a strict reader objects to. */
#include "../catalog/fixture.h"
#include "../unit.h"

#include "explain/style.h"

START_TEST(test_syllables)
{
	static const struct {
		const char *word;
		size_t syllables;
	} cases[] = {{"a", 1}, {"the", 1}, {"mail", 1}, {"address", 2}, {"message", 2},
	    {"messages", 3}, {"server", 2}, {"table", 2}, {"time", 1}, {"times", 1}, {"asked", 1},
	    {"wanted", 2}, {"people", 2}, {"recipient", 4}, {"DNS", 3}, {"SPF", 3}, {"IP", 2},
	    {"sender's", 2}, {"PIPELINING", 4}, {"x", 1}, {"boxes", 2}, {"rhythm", 1}};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(
		    style_syllables(cases[i].word, strlen(cases[i].word)) == cases[i].syllables,
		    "%s has %zu", cases[i].word,
		    style_syllables(cases[i].word, strlen(cases[i].word)));
}
END_TEST

START_TEST(test_longest_sentence)
{
	static const struct {
		const char *text;
		size_t words;
	} cases[] = {{"", 0}, {"...", 0}, {"One.", 1}, {"One two. Three four five.", 3},
	    {"One two; three: four. Five", 4}, {"See mx.example.org now.", 3},
	    {"To {recipient} it `does not matter at all`. Yes?", 4}, {"Ask {contact}.", 2},
	    {"Un \xC3\xA9t\xC3\xA9 \xC3\xA0 No\xC3\xABl.", 4}, {"{open", 1}, {"`open", 1},
	    {"a/b c", 2}};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(style_longest_sentence(cases[i].text) == cases[i].words,
		    "'%s' has %zu", cases[i].text, style_longest_sentence(cases[i].text));
}
END_TEST

START_TEST(test_grade)
{
	ck_assert(style_grade("") == 0);
	ck_assert(style_grade("Check the spelling.") < 6);
	ck_assert(style_grade("The administrator's organisational responsibilities necessitate "
	                      "comprehensive documentation of authentication procedures.") > 15);
	/* A clause counts as a sentence. */
	ck_assert(style_grade("One two three four five; six seven eight nine ten.") <
	          style_grade("One two three four five six seven eight nine ten."));
}
END_TEST

static void expect(const char *cause, const char *const *words)
{
	struct problems *problems = problems_create();
	const char *dirs[] = {tree_path("style"), NULL};

	fixture_write("style", "causes/en.yaml", cause);
	fixture_write("style", "causes/ja.yaml",
	    "- phrases: {permanent: \"\xE6\xB0\xB8\", temporary: t, help: h, ref: r}\n");
	struct catalog *catalog = catalog_read(dirs, problems);
	size_t before = problems_count(problems), expected = 0;
	style_check(catalog, problems);
	for (; words[expected]; expected++)
		;
	if (problems_count(problems) != before + expected)
		fixture_show(problems);
	ck_assert_uint_eq(problems_count(problems), before + expected);
	for (size_t i = 0; i < expected; i++) {
		bool found = false;
		for (size_t j = before; j < problems_count(problems); j++)
			found = found || strstr(problems_get(problems, j), words[i]);
		ck_assert_msg(found, "%s", words[i]);
	}
	catalog_free(&catalog);
	problems_free(&problems);
}

#define HELP                                                                                       \
	"  help: |\n    ## You\n\n    1. Wait.\n\n    ## Administrators\n\n    - Look.\n\n"        \
	"    ## Codes\n\n    - 550\n"
#define CAUSE(fixer, summary, action, help)                                                        \
	"- phrases: {permanent: p, temporary: t, help: h, ref: r}\n"                               \
	"- cause: one\n  reason: policy-other\n  fixer: " fixer "\n  summary: \"" summary "\"\n"   \
	"  action: \"" action "\"\n" help

START_TEST(test_check)
{
	static const struct {
		const char *cause;
		const char *const words[4];
	} cases[] = {
	    {CAUSE("sender", "The box is full.", "Wait.", HELP), {NULL}},
	    {CAUSE("sender", "The SPF check fails.", "Wait.", HELP),
	        {"summary: 'SPF' says nothing to the one who must act", NULL}},
	    {CAUSE("sender-admin", "The SPF check fails.", "Fix SPF at the relay.", HELP), {NULL}},
	    {CAUSE("recipient", "The box is full.", "Relay it.", HELP),
	        {"action: 'relay' means something else", NULL}},
	    {CAUSE("sender", "The box is full.", "Please wait.", HELP),
	        {"action: 'please' says nothing", NULL}},
	    {CAUSE("sender", "See spf.example.org for it.", "Wait.", HELP), {NULL}},
	    {CAUSE("sender", "a a a a a a a a a a a a a a a a a a a a a.", "Wait.", HELP),
	        {"summary: a sentence has 21 words", NULL}},
	    {CAUSE("sender", "Organisational responsibilities necessitate documentation.", "Wait.",
	         HELP),
	        {"reading grade", NULL}},
	    {CAUSE("sender", "The box is full.", "Wait.", ""), {"has no help page", NULL}},
	    {CAUSE(
	         "sender", "The box is full.", "Wait.", "  help: |\n    ## You\n\n    1. Wait.\n"),
	        {"needs three parts", NULL}},
	    {CAUSE("sender", "The box is full.", "Wait.",
	         "  help: |\n    ## You\n\n    Wait.\n\n    ## A\n\n    1. x\n\n    ## B\n\n    "
	         "y\n"),
	        {"needs numbered steps", NULL}},
	    {CAUSE("sender", "The box is full.", "Wait.",
	         "  help: |\n    ## You\n\n    1. Wait.\n    2. a a a a a a a a a a a a a a a\n"
	         "       a a a a a a.\n\n    ## A\n\n    x\n\n    ## B\n\n    y\n"),
	        {"help: a sentence has 21 words", NULL}},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].cause, cases[i].words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("style");
	TCase *tcase = unit_case(suite, "style");

	tcase_add_test(tcase, test_syllables);
	tcase_add_test(tcase, test_longest_sentence);
	tcase_add_test(tcase, test_grade);
	tcase_add_test(tcase, test_check);
	return tree_run(suite);
}
