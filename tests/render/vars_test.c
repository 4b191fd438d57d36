/* vars_test.c - variables: names, and values from attackers made harmless. */
#include "../unit.h"

#include "explain/vars.h"

START_TEST(standard_names)
{
	static const char *const expected[] = {"recipient", "sender", "client_address",
	    "client_name", "helo", "code", "status", "stage", "host", "list", "url", "limit",
	    "domain", "site", "contact", "help_url", "ref", "cause"};
	struct varnames *names = varnames_create();

	ck_assert_uint_eq(COUNT(expected), VAR_STANDARD_COUNT);
	for (int i = 0; i < VAR_STANDARD_COUNT; i++) {
		size_t len = strlen(expected[i]);
		ck_assert_str_eq(varnames_get(names, i), expected[i]);
		ck_assert_int_eq(varnames_find(names, expected[i], len), i);
		ck_assert_int_eq(varnames_add(names, expected[i], len), i);
		ck_assert_int_eq(varnames_find(names, expected[i], len - 1), -1);
	}
	ck_assert_int_eq(varnames_find(names, "", 0), -1);
	ck_assert_int_eq(varnames_find(names, "helo\0", 5), -1);
	varnames_free(&names);
	ck_assert_ptr_null(names);
	varnames_free(&names);
}
END_TEST

START_TEST(new_names)
{
	static const char *const good[] = {
	    "a", "z9", "a_", "a_b_c", "abcdefghijklmnopqrstuvwxyz012345"};
	static const char *const bad[] = {"", "A", "aB", "9a", "_a", "a-b", "a b", "a.b", "a{",
	    " a", "a\n", "\xc3\xa9", "a\xc3\xa9", "abcdefghijklmnopqrstuvwxyz0123456"};
	struct varnames *names = varnames_create();

	for (size_t i = 0; i < COUNT(good); i++) {
		int var = varnames_add(names, good[i], strlen(good[i]));
		ck_assert_int_eq(var, VAR_STANDARD_COUNT + (int)i);
		ck_assert_int_eq(varnames_add(names, good[i], strlen(good[i])), var);
		ck_assert_int_eq(varnames_find(names, good[i], strlen(good[i])), var);
		ck_assert_str_eq(varnames_get(names, var), good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(varnames_add(names, bad[i], strlen(bad[i])) == -1, "'%s'", bad[i]);
	ck_assert_int_eq(varnames_add(names, "a\0b", 3), -1);
	varnames_free(&names);
}
END_TEST

START_TEST(full_table)
{
	struct varnames *names = varnames_create();
	char name[16];

	for (int i = VAR_STANDARD_COUNT; i < VARS_MAX; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		ck_assert_int_eq(varnames_add(names, name, strlen(name)), i);
	}
	ck_assert_int_eq(varnames_add(names, "one_more", 8), -1);
	ck_assert_int_eq(varnames_add(names, "recipient", 9), VAR_RECIPIENT);
	ck_assert_int_eq(varnames_find(names, "v63", 3), 63);
	varnames_free(&names);

	/* The last one has a value of its own too. */
	struct vars *vars = vars_create();
	vars_set(vars, VARS_MAX - 1, "last", 4);
	ck_assert_str_eq(vars_get(vars, VARS_MAX - 1), "last");
	ck_assert(vars_known(vars) == UINT64_C(1) << 63);
	ck_assert_ptr_null(vars_get(vars, 0));
	vars_free(&vars);
}
END_TEST

START_TEST(values)
{
	struct vars *vars = vars_create();

	ck_assert(vars_known(vars) == 0);
	for (int i = 0; i < VARS_MAX; i++)
		ck_assert_ptr_null(vars_get(vars, i));
	vars_set(vars, VAR_HELO, "", 0);
	ck_assert(vars_known(vars) == 0);
	vars_set(vars, VAR_HELO, "mx.example.org", 14);
	vars_set(vars, VAR_SENDER, "alice@example.org and more", 17);
	ck_assert_str_eq(vars_get(vars, VAR_HELO), "mx.example.org");
	ck_assert_str_eq(vars_get(vars, VAR_SENDER), "alice@example.org");
	ck_assert(vars_known(vars) == (UINT64_C(1) << VAR_HELO | UINT64_C(1) << VAR_SENDER));
	vars_set(vars, VAR_HELO, "other", 5);
	ck_assert_str_eq(vars_get(vars, VAR_HELO), "other");
	ck_assert_str_eq(vars_get(vars, VAR_SENDER), "alice@example.org");
	vars_reset(vars);
	ck_assert(vars_known(vars) == 0);
	ck_assert_ptr_null(vars_get(vars, VAR_HELO));
	vars_set(vars, VAR_LIMIT, "x", 1);
	ck_assert_str_eq(vars_get(vars, VAR_LIMIT), "x");
	ck_assert_ptr_null(vars_get(vars, VAR_SENDER));
	vars_free(&vars);
	ck_assert_ptr_null(vars);
	vars_free(&vars);
}
END_TEST

/* The value after vars_set(), from memory of exactly LEN octets. */
static const char *set(struct vars *vars, const char *value, size_t len)
{
	char *copy = malloc(len ? len : 1);

	require(copy, "out of memory");
	memcpy(copy, value, len);
	vars_reset(vars);
	vars_set(vars, VAR_RECIPIENT, copy, len);
	free(copy);
	return vars_get(vars, VAR_RECIPIENT);
}

START_TEST(harmful)
{
	static const struct {
		const char *value;
		size_t len; /* 0: up to the NUL */
		const char *expected;
	} cases[] = {
	    {"a b~!", 0, "a b~!"},
	    {"${x} %s \\n <>&\"'", 0, "${x} %s \\n <>&\"'"},
	    {"a\r\nb", 0, "a??b"},
	    {"a\0b", 3, "a?b"},
	    {"\0", 1, "?"},
	    {"\t\x1b[0m\x7f", 0, "??[0m?"},
	    /* C1 controls, NEL and CSI. */
	    {"\xc2\x80|\xc2\x85|\xc2\x9b|\xc2\x9f|\xc2\xa0", 0, "?|?|?|?|\xc2\xa0"},
	    /* Direction marks: ALM, LRM, RLM, line and paragraph separator, LRE to RLO, LRI to PDI.
	     */
	    {"\xd8\x9c|\xe2\x80\x8e|\xe2\x80\x8f", 0, "?|?|?"},
	    {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae",
	        0, "???????"},
	    {"\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", 0, "????"},
	    {"\xef\xbb\xbf", 0, "?"},
	    /* Their neighbours. */
	    {"\xd8\x9b\xd8\x9d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf", 0,
	        "\xd8\x9b\xd8\x9d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf"},
	    /* UTF-8 at its borders (RFC 3629). */
	    {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 0, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd", 0,
	        "\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd"},
	    {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	    /* Overlong forms, of '/' and of NUL. */
	    {"\xc0\xaf|\xc1\xbf|\xe0\x80\xaf|\xe0\x9f\xbf|\xf0\x80\x80\xaf|\xf0\x8f\xbf\xbf", 0,
	        "??|??|???|???|????|????"},
	    {"\xc0\x80", 0, "??"},
	    /* Surrogates, beyond U+10FFFF, octets that are never there. */
	    {"\xed\xa0\x80|\xed\xbf\xbf", 0, "???|???"},
	    {"\xf4\x90\x80\x80|\xf5\x80\x80\x80|\xf8|\xfe|\xff", 0, "????|????|?|?|?"},
	    /* Cut, and continuation without a beginning. */
	    {"\xc3", 0, "?"},
	    {"\xe2\x82", 0, "??"},
	    {"\xf0\x9f\x98", 0, "???"},
	    {"\xc3x", 0, "?x"},
	    {"\xe2\x82x", 0, "??x"},
	    {"\x80\xbf", 0, "??"},
	    {"\xc3\xc3\xa9", 0, "?\xc3\xa9"},
	};
	struct vars *vars = vars_create();

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].value);
		ck_assert_msg(strcmp(set(vars, cases[i].value, len), cases[i].expected) == 0,
		    "case %zu: '%s'", i, vars_get(vars, VAR_RECIPIENT));
	}
	vars_free(&vars);
}
END_TEST

START_TEST(length)
{
	static const char *const characters[] = {
	    "x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\n", "\xff"};
	struct vars *vars = vars_create();

	for (size_t i = 0; i < COUNT(characters); i++) {
		size_t octets = strlen(characters[i]);
		char value[4 * 200];
		for (size_t at = 0; at < 200; at++)
			memcpy(value + at * octets, characters[i], octets);
		bool bad = characters[i][0] == '\n' || characters[i][0] == '\xff';
		for (size_t count = 126; count <= 200; count++) {
			size_t kept = count < VAR_MAX_CHARACTERS ? count : VAR_MAX_CHARACTERS;
			const char *found = set(vars, value, count * octets);
			require(strlen(found) == kept * (bad ? 1 : octets), "%zu of %zu", count,
			    octets);
			require(bad || memcmp(found, value, kept * octets) == 0, "%zu of %zu",
			    count, octets);
		}
	}
	/* One character of several octets as number 128, and as number 129. */
	char value[132];
	memset(value, 'x', sizeof(value));
	memcpy(value + 127, "\xe2\x82\xac", 3);
	ck_assert_uint_eq(strlen(set(vars, value, 130)), 130);
	memcpy(value + 127, "x\xe2\x82\xac", 4);
	ck_assert_uint_eq(strlen(set(vars, value, 131)), 128);
	static char huge[100000];
	memset(huge, '\xc3', sizeof(huge));
	ck_assert_uint_eq(strlen(set(vars, huge, sizeof(huge))), 128);
	vars_free(&vars);
}
END_TEST

/* How many octets follow FIRST in UTF-8; 9 when it can't be first. */
static size_t following(unsigned char first)
{
	static const struct {
		unsigned char below;
		size_t count;
	} table[] = {{0x80, 0}, {0xC2, 9}, {0xE0, 1}, {0xF0, 2}, {0xF5, 3}};

	for (size_t i = 0; i < COUNT(table); i++)
		if (first < table[i].below)
			return table[i].count;
	return 9;
}

/* Whatever comes in: no controls, valid UTF-8, nothing longer than allowed. Reads by a table of its
 * own, so that the module's decoder doesn't check itself. */
START_TEST(fuzz)
{
	static const char octets[] =
	    "ax \n\x7f\x80\x8e\x9f\xa0\xaa\xbf\xc0\xc2\xc3\xd8\x9c\xdf\xe0\xe2\x80"
	    "\xa8\xed\xef\xbb\xf0\x90\xf4\x8f\xf5\xff";
	struct unit_random random = {26};
	struct vars *vars = vars_create();

	for (int round = 0; round < 200000; round++) {
		char value[200];
		size_t len = 1 + unit_random(&random, round % 20 ? 12 : sizeof(value)),
		       characters = 0;
		for (size_t i = 0; i < len; i++)
			value[i] = octets[unit_random(&random, sizeof(octets))];
		const unsigned char *s = (const unsigned char *)set(vars, value, len);
		for (; *s; characters++) {
			size_t more = following(*s);
			require(more <= 3 && *s >= ' ' && *s != 127, "round %d: %02x", round, *s);
			require(!(*s == 0xC2 && s[1] < 0xA0) && !(*s == 0xE0 && s[1] < 0xA0) &&
			            !(*s == 0xED && s[1] > 0x9F) && !(*s == 0xF0 && s[1] < 0x90) &&
			            !(*s == 0xF4 && s[1] > 0x8F),
			    "round %d: %02x%02x", round, *s, s[1]);
			require(!(*s == 0xE2 && s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE),
			    "round %d: a direction mark", round);
			s++;
			for (; more > 0; more--, s++)
				require((*s & 0xC0) == 0x80, "round %d: not UTF-8", round);
		}
		require(characters > 0 && characters <= VAR_MAX_CHARACTERS && characters <= len,
		    "round %d: %zu characters", round, characters);
	}
	vars_free(&vars);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vars");
	TCase *names = unit_case(suite, "names");
	TCase *contents = unit_case(suite, "values");

	tcase_add_test(names, standard_names);
	tcase_add_test(names, new_names);
	tcase_add_test(names, full_table);
	tcase_add_test(contents, values);
	tcase_add_test(contents, harmful);
	tcase_add_test(contents, length);
	tcase_add_test(contents, fuzz);
	return unit_run(suite);
}
