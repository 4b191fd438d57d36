/* postfix_list_test.c - adding to and taking from main.cf lists leaves the rest alone. */
#include "explain/postfix_list.h"

#include "../unit.h"

#define MILTER "{ unix:explain-milter/milter.sock, default_action=accept }"
#define MARK "unix:explain-milter/milter.sock"

static const struct {
	const char *list;
	bool has;
	const char *added, *removed;
} lists[] = {
    {"", false, MILTER, ""},
    {" ", false, MILTER, ""},
    {"inet:127.0.0.1:9", false, "inet:127.0.0.1:9, " MILTER, "inet:127.0.0.1:9"},
    {MILTER, true, MILTER ", " MILTER, ""},
    {"a b," MILTER ",c", true, "a b," MILTER ",c, " MILTER, "a, b, c"},
    {"{ inet:a:1, x={y z} } " MILTER, true, NULL, "{ inet:a:1, x={y z} }"},
    {"unix:explain-milter/milter.sock", true, NULL, ""},
    {"inline:{x=y}, hash:/etc/postfix/f", false, NULL, "inline:{x=y}, hash:/etc/postfix/f"},
    {"{ unclosed " MARK, true, NULL, ""},
    {"closed } " MARK, true, NULL, "closed, }"},
    {"\n\tfirst\n\tsecond", false, NULL, "first, second"},
};

START_TEST(test_lists)
{
	ck_assert_int_eq(postfix_list_has(lists[_i].list, MARK), lists[_i].has);
	char *added = postfix_list_add(lists[_i].list, MILTER);
	if (lists[_i].added)
		ck_assert_str_eq(added, lists[_i].added);
	ck_assert(postfix_list_has(added, MARK) || strstr(lists[_i].list, "{ unclosed"));
	char *removed = postfix_list_remove(lists[_i].list, MARK);
	ck_assert_str_eq(removed, lists[_i].removed);
	ck_assert(!postfix_list_has(removed, MARK));
	free(added);
	free(removed);
}
END_TEST

static const struct {
	const char *list, *word, *expected;
} fronts[] = {
    {"", "a", "a"},
    {" ,", "a", "a"},
    {" b", "a", "a, b"},
    {"{ b, x=y }, c", MILTER, MILTER ", { b, x=y }, c"},
    {"$b\n\tc", "a", "a, $b\n\tc"},
};

START_TEST(test_first)
{
	char *added = postfix_list_add_first(fronts[_i].list, fronts[_i].word);
	ck_assert_str_eq(added, fronts[_i].expected);
	free(added);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postfix_list");
	TCase *tcase = unit_case(suite, "postfix_list");

	tcase_add_loop_test(tcase, test_lists, 0, (int)COUNT(lists));
	tcase_add_loop_test(tcase, test_first, 0, (int)COUNT(fronts));
	return unit_run(suite);
}
