/* reject_log_test.c - the form of a log line. */
#include "../unit.h"

#include "explain/catalog.h"
#include "explain/explain.h"
#include "explain/profile.h"
#include "explain/reject_log.h"
#include "explain/strbuf.h"

START_TEST(test_lines)
{
	static const struct rule rule = {.id = "postfix-quota"};
	static const struct cause cause = {.id = "mailbox-full", .reason = "mailbox-full"};
	static const struct profile first = {.name = "default"}, other = {.name = "internal"},
	                            odd = {.name = "a\nb"};
	static const struct {
		enum front front;
		const struct profile *profile;
		struct explanation explanation;
		const char *line;
	} cases[] = {
	    {FRONT_FOOTER, &first,
	        {.code = 552,
	            .status = {5, 2, 2},
	            .rule = &rule,
	            .cause = &cause,
	            .ref = "7Q2K-M4RX"},
	        "explained map=footer code=552 status=5.2.2 rule=postfix-quota reason=mailbox-full "
	        "ref=7Q2K-M4RX"},
	    {FRONT_REWRITE, &other,
	        {.code = 452, .rule = &rule, .cause = &cause, .ref = "7Q2K-M4RX"},
	        "explained map=rewrite profile=internal code=452 rule=postfix-quota "
	        "reason=mailbox-full "
	        "ref=7Q2K-M4RX"},
	    {FRONT_DELIVERY_STATUS, &first,
	        {.status = {4, 999, 100}, .cause = &cause, .ref = "0000-0000"},
	        "explained map=delivery-status status=4.999.100 rule=- reason=mailbox-full "
	        "ref=0000-0000"},
	    {FRONT_FOOTER, &odd, {.code = 550, .cause = &cause, .ref = "0000-0000"},
	        "explained map=footer profile=\"a\\x0ab\" code=550 rule=- reason=mailbox-full "
	        "ref=0000-0000"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf line;
		strbuf_init(&line, 0);
		strbuf_addstr(&line, "> ");
		reject_log_line(&line, cases[i].front, cases[i].profile, &cases[i].explanation);
		ck_assert_str_eq(line.data + 2, cases[i].line);
		strbuf_free(&line);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reject_log");

	tcase_add_test(unit_case(suite, "reject_log"), test_lines);
	return unit_run(suite);
}
