/* stage_test.c - names of stages, and the commands in `(in reply to X command)`. */
#include "../unit.h"

#include "explain/stage.h"

#include <ctype.h>

START_TEST(stage_names)
{
	static const char *const expected[] = {"", "connect", "helo", "mail", "rcpt", "data", "eom",
	    "vrfy", "etrn", "auth", "starttls", "unknown"};

	ck_assert_uint_eq(COUNT(expected), STAGE_UNKNOWN + 1);
	for (size_t i = 0; i < COUNT(expected); i++) {
		char upper[16];
		size_t len = strlen(expected[i]);
		ck_assert_str_eq(stage_name((enum stage)i), expected[i]);
		for (size_t j = 0; j <= len; j++)
			upper[j] = (char)toupper((unsigned char)expected[i][j]);
		ck_assert_int_eq(stage_by_name(expected[i], len), (int)i);
		ck_assert_int_eq(stage_by_name(upper, len), (int)i);
		/* Cut at every octet it is another name. */
		for (size_t cut = 0; cut < len; cut++)
			ck_assert_int_eq(stage_by_name(expected[i], cut), STAGE_NONE);
	}
	static const char *const none[] = {
	    "rcpt ", " rcpt", "rcptx", "rcpt to", "quit", "none", "-"};
	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_int_eq(stage_by_name(none[i], strlen(none[i])), STAGE_NONE);
	ck_assert_int_eq(stage_by_name("rcpt\0", 5), STAGE_NONE);
}
END_TEST

START_TEST(commands)
{
	static const struct {
		const char *command;
		enum stage stage;
	} cases[] = {
	    /* Postfix smtp(8), in the order of its state table. */
	    {"HELO command", STAGE_HELO},
	    {"EHLO command", STAGE_HELO},
	    {"LHLO command", STAGE_HELO},
	    {"STARTTLS command", STAGE_STARTTLS},
	    {"AUTH command", STAGE_AUTH},
	    {"XFORWARD name/address command", STAGE_NONE},
	    {"MAIL FROM command", STAGE_MAIL},
	    {"RCPT TO command", STAGE_RCPT},
	    {"DATA command", STAGE_DATA},
	    {"end of DATA command", STAGE_EOM},
	    {"final RSET command", STAGE_NONE},
	    {"QUIT command", STAGE_NONE},
	    {"end of data command", STAGE_EOM},
	    {"rcpt to command", STAGE_RCPT},
	    {"BDAT 1000 LAST", STAGE_DATA},
	    {"VRFY bob", STAGE_VRFY},
	    {"ETRN example.org", STAGE_ETRN},
	    {"initial server greeting", STAGE_CONNECT},
	    {"", STAGE_NONE},
	    {"NOOP", STAGE_NONE},
	    {"RCP", STAGE_NONE},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(
		    stage_by_command(cases[i].command, strlen(cases[i].command)) == cases[i].stage,
		    "'%s'", cases[i].command);
	/* Only LEN octets count. */
	ck_assert_int_eq(stage_by_command("RCPT TO", 3), STAGE_NONE);
	ck_assert_int_eq(stage_by_command("end of DATA", 10), STAGE_NONE);
	ck_assert_int_eq(stage_by_command("end of DATA", 11), STAGE_EOM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stage");
	TCase *tcase = unit_case(suite, "stage");

	tcase_add_test(tcase, stage_names);
	tcase_add_test(tcase, commands);
	return unit_run(suite);
}
