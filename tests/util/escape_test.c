/* escape_test.c - text as the content of other languages. */
#include "../unit.h"

#include "explain/escape.h"
#include "explain/strbuf.h"

START_TEST(test_html)
{
	static const char *const cases[][2] = {{"", ""}, {"plain", "plain"},
	    {"<b>&\"x\"", "&lt;b&gt;&amp;&quot;x&quot;"}, {"&amp;", "&amp;amp;"},
	    {"\xc3\xa4 \xe6\x97\xa5", "\xc3\xa4 \xe6\x97\xa5"}, {"a\nb", "a\nb"}};
	struct strbuf out;

	strbuf_init(&out, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&out);
		escape_html(&out, cases[i][0]);
		ck_assert_str_eq(strbuf_str(&out), cases[i][1]);
	}
	strbuf_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("escape");
	TCase *tests = unit_case(suite, "escape");

	tcase_add_test(tests, test_html);
	return unit_run(suite);
}
