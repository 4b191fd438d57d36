/* command_test.c - running other programs. */
#include "explain/command.h"

#include "../unit.h"

START_TEST(test_output)
{
	char *argv[] = {"printf", "%s|%s", "a b", "$HOME;`x`", NULL}, *output = NULL, *error = NULL;

	ck_assert_int_eq(command_run(argv, &output, &error), 0);
	ck_assert_str_eq(output, "a b|$HOME;`x`");
	ck_assert_ptr_null(error);
	free(output);
}
END_TEST

START_TEST(test_status)
{
	char *fails[] = {"false", NULL}, *output = NULL, *error = NULL;

	ck_assert_int_eq(command_run(fails, &output, &error), 1);
	ck_assert_str_eq(output, "");
	free(output);
	ck_assert_int_eq(command_run(fails, NULL, &error), 1);
	ck_assert_ptr_null(error);
}
END_TEST

START_TEST(test_missing)
{
	char *argv[] = {"no-such-program-anywhere", NULL}, *output = NULL, *error = NULL;

	ck_assert_int_eq(command_run(argv, &output, &error), -1);
	ck_assert_ptr_null(output);
	ck_assert_ptr_nonnull(strstr(error, "no-such-program-anywhere"));
	free(error);
}
END_TEST

/* Output beyond the limit is read and left out: the program must not block on a full pipe. */
START_TEST(test_much_output)
{
	char *argv[] = {"head", "-c", "3000000", "/dev/zero", NULL}, *output = NULL, *error = NULL;

	ck_assert_int_eq(command_run(argv, &output, &error), 0);
	ck_assert_ptr_nonnull(output);
	free(output);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = unit_case(suite, "command");

	tcase_add_test(tcase, test_output);
	tcase_add_test(tcase, test_status);
	tcase_add_test(tcase, test_missing);
	tcase_add_test(tcase, test_much_output);
	return unit_run(suite);
}
