/* ascii_test.c - Latin scripts as ASCII. */
#include "../unit.h"

#include "explain/ascii.h"
#include "explain/strbuf.h"

static const char *fold(const char *text, bool german)
{
	static struct strbuf out;

	strbuf_reset(&out);
	ascii_fold(&out, text, strlen(text), german);
	return strbuf_str(&out);
}

START_TEST(test_fold)
{
	static const struct {
		const char *text, *plain, *german;
		bool fits;
	} cases[] = {
	    {"", "", "", true},
	    {"plain ~ text", "plain ~ text", "plain ~ text", true},
	    {"Empf\xC3\xA4nger, \xC3\x96l, Stra\xC3\x9F"
	     "e",
	        "Empfanger, Ol, Strasse", "Empfaenger, Oel, Strasse", true},
	    {"d\xC3\xA9j\xC3\xA0 \xC3\xA7"
	     "a \xC5\x93uvre",
	        "deja ca oeuvre", "deja ca oeuvre", true},
	    {"\xC2\xBF"
	     "Qu\xC3\xA9? \xC2\xA1No!",
	        "Que? No!", "Que? No!", true},
	    {"za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87 g\xC4\x99\xC5\x9Bl\xC4\x85", "zazolc gesla",
	        "zazolc gesla", true},
	    {"\xE2\x80\x9E"
	     "a\xE2\x80\x9C \xE2\x80\x93 l\xE2\x80\x99"
	     "b\xE2\x80\xA6",
	        "\"a\" - l'b...", "\"a\" - l'b...", true},
	    {"Aide\xC2\xA0:", "Aide :", "Aide :", true},
	    {"\xE6\x97\xA5\xE6\x9C\xAC", "??", "??", false},
	    {"\xD0\x94\xD0\xB0", "??", "??", false},
	    {"a\nb\x7f", "a?b?", "a?b?", false},
	    {"\xC5\xBE\xC5\xBD\xC5\xB3\xC5\xB8\xC5\xB5\xC5\xBF\xC5\xA1", "zZuYwss", "zZuYwss",
	        true},
	    {"\xC4\x80\xC4\x9F\xC4\xB0\xC5\x8F\xC5\x9F", "AgIos", "AgIos", true},
	    {"\xC3", "?", "?", false},
	    {"\x80\x80\x80z", "?z", "?z", false},
	    {"\xF0\x9F\x98\x80", "?", "?", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_str_eq(fold(cases[i].text, false), cases[i].plain);
		ck_assert_str_eq(fold(cases[i].text, true), cases[i].german);
		ck_assert_int_eq(ascii_fits(cases[i].text), cases[i].fits);
	}
}
END_TEST

/* Whatever comes in, printable ASCII goes out, and what was ASCII stays. */
START_TEST(test_any_octets)
{
	struct unit_random random = {1};
	char text[64];

	for (int round = 0; round < 20000; round++) {
		size_t len = unit_random(&random, sizeof(text));
		for (size_t i = 0; i < len; i++)
			text[i] = (char)unit_random(&random, 256);
		struct strbuf out;
		strbuf_init(&out, 0);
		ascii_fold(&out, text, len, round % 2);
		for (size_t i = 0; i < out.len; i++)
			require(out.data[i] >= ' ' && out.data[i] < 127, "round %d", round);
		strbuf_free(&out);
	}
}
END_TEST

START_TEST(test_ends_with)
{
	ck_assert(ascii_ends_with("mx said: 550", 9, "said: "));
	ck_assert(ascii_ends_with("SAID: ", 6, "said: "));
	ck_assert(ascii_ends_with("x", 1, ""));
	ck_assert(ascii_ends_with("", 0, ""));
	ck_assert(!ascii_ends_with("aid: ", 5, "said: "));
	ck_assert(!ascii_ends_with("mx said: 550", 12, "said: "));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ascii");
	TCase *tcase = unit_case(suite, "ascii");

	tcase_add_test(tcase, test_fold);
	tcase_add_test(tcase, test_any_octets);
	tcase_add_test(tcase, test_ends_with);
	return unit_run(suite);
}
