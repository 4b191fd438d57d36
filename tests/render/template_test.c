/* template_test.c - texts with {variables}: compiling, expanding, escaping. */
#include "../unit.h"

#include "explain/mem.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

static struct arena *arena;
static struct varnames *names;
static struct vars *vars;
static struct strbuf out;

static void begin(void)
{
	arena = arena_create();
	names = varnames_create();
	vars = vars_create();
	strbuf_init(&out, 0);
}

static void end(void)
{
	arena_free(&arena);
	varnames_free(&names);
	vars_free(&vars);
	strbuf_free(&out);
}

/* From memory of exactly LEN octets, which is gone when the template is used. */
static const struct template *compile(const char *text, size_t len, char **error)
{
	char *copy = malloc(len ? len : 1);

	require(copy, "out of memory");
	memcpy(copy, text, len);
	const struct template *template = template_compile(arena, names, copy, len, error);
	free(copy);
	return template;
}

static const char *expand(const char *text, enum template_escape escape)
{
	char *error = NULL;
	const struct template *template = compile(text, strlen(text), &error);

	ck_assert_msg(template && !error, "'%s': %s", text, error ? error : "");
	strbuf_reset(&out);
	template_expand(&out, template, vars, escape);
	return strbuf_str(&out);
}

static void set(int var, const char *value)
{
	vars_set(vars, var, value, strlen(value));
}

START_TEST(expanding)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"", ""},
	    {"no variable", "no variable"},
	    {"{recipient}", "bob@example.org"},
	    {"The address {recipient} does not exist.",
	        "The address bob@example.org does not exist."},
	    {"{recipient}{helo}{recipient}", "bob@example.orgmx}{helobob@example.org"},
	    {"{sender}", ""},
	    {"a{sender}b{sender}c", "abc"},
	    {"}", "}"},
	    {"a } b }} c", "a } b }} c"},
	    {"$ % \\n {helo}", "$ % \\n mx}{helo"},
	    {"{own_name}", ""},
	    {"\xc3\xa9{helo}\xc3\xa9", "\xc3\xa9mx}{helo\xc3\xa9"},
	};

	set(VAR_RECIPIENT, "bob@example.org");
	/* Braces of a value are no variable. */
	set(VAR_HELO, "mx}{helo");
	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(expand(cases[i].text, TEMPLATE_PLAIN), cases[i].expected);
}
END_TEST

START_TEST(urls)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
	    {"AZaz09-._~", "AZaz09-._~"},
	    {" ", "%20"},
	    {"a/b?c=d&e#f", "a%2Fb%3Fc%3Dd%26e%23f"},
	    {"100%", "100%25"},
	    {"bob+x@example.org", "bob%2Bx%40example.org"},
	    {"\"'<>\\^`{|}", "%22%27%3C%3E%5C%5E%60%7B%7C%7D"},
	    {"\xc3\xa9\xf0\x9f\x98\x80", "%C3%A9%F0%9F%98%80"},
	    {"\r\n", "%3F%3F"},
	    {"../..", "..%2F.."},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char expected[128];
		set(VAR_CAUSE, cases[i].value);
		snprintf(expected, sizeof(expected), "https://x/?a=b&%%/%s", cases[i].expected);
		ck_assert_str_eq(expand("https://x/?a=b&%/{cause}", TEMPLATE_URL), expected);
	}
}
END_TEST

START_TEST(needs)
{
	char *error = NULL;
	const struct template *template = compile("{helo} {own} {helo}", 19, &error);
	int own = varnames_find(names, "own", 3);

	ck_assert_int_eq(own, VAR_STANDARD_COUNT);
	ck_assert(template_needs(template) == (UINT64_C(1) << VAR_HELO | UINT64_C(1) << own));
	ck_assert(template_needs(compile("", 0, &error)) == 0);
	for (int i = VAR_STANDARD_COUNT + 1; i < VARS_MAX; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "{v%d}", i);
		template = compile(text, (size_t)len, &error);
		ck_assert(template_needs(template) == UINT64_C(1) << i);
	}
	ck_assert_ptr_null(compile("{too_many}", 10, &error));
	ck_assert_ptr_nonnull(strstr(error, "{too_many}"));
	free(error);
}
END_TEST

START_TEST(mistakes)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"{", "no '}'"},
	    {"a {helo", "no '}'"},
	    {"{helo} {", "no '}'"},
	    {"} {", "no '}'"},
	    {"{}", "'{}'"},
	    {"{ helo}", "'{ helo}'"},
	    {"{Helo}", "'{Helo}'"},
	    {"{{helo}}", "'{{helo}'"},
	    {"{a-b}", "'{a-b}'"},
	    {"{abcdefghijklmnopqrstuvwxyz0123456}", "abcdefghijklmnopqrstuvwxyz0123456"},
	    {"{%s%n}", "'{%s%n}'"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *error = NULL;
		ck_assert_msg(
		    !compile(cases[i].text, strlen(cases[i].text), &error), "'%s'", cases[i].text);
		ck_assert_ptr_nonnull(error);
		ck_assert_msg(
		    strstr(error, cases[i].says) != NULL, "'%s': %s", cases[i].text, error);
		free(error);
	}
}
END_TEST

/* Cut at every octet: right, or a mistake exactly while a brace is open. Shown as it was written.
 */
START_TEST(cut)
{
	static const char text[] = "a {helo} b {sender}{own_name} } c";
	bool open = false;

	for (size_t len = 0; len < sizeof(text); len++) {
		char *error = NULL;
		const struct template *template = compile(text, len, &error);
		if (len > 0)
			open = text[len - 1] == '{' || (open && text[len - 1] != '}');
		ck_assert_msg(open == !template, "cut after %zu", len);
		free(error);
		if (!template)
			continue;
		strbuf_reset(&out);
		template_show(&out, template);
		ck_assert(out.len == len && memcmp(strbuf_str(&out), text, len) == 0);
	}
}
END_TEST

START_TEST(fuzz)
{
	static const char alphabet[] = "{}{}ab_9 A\n";
	struct unit_random random = {27};

	for (int round = 0; round < 50000; round++) {
		char text[24], *error = NULL;
		size_t len = unit_random(&random, sizeof(text));
		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[unit_random(&random, sizeof(alphabet) - 1)];
		const struct template *template = compile(text, len, &error);
		require(!template == !!error, "round %d", round);
		free(error);
		if (!template)
			continue;
		strbuf_reset(&out);
		template_expand(&out, template, vars, TEMPLATE_PLAIN);
		require(out.len <= len, "round %d", round);
		if (round % 1000 == 0) {
			end();
			begin();
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template");
	TCase *tcase = unit_case(suite, "template");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, expanding);
	tcase_add_test(tcase, urls);
	tcase_add_test(tcase, needs);
	tcase_add_test(tcase, mistakes);
	tcase_add_test(tcase, cut);
	tcase_add_test(tcase, fuzz);
	return unit_run(suite);
}
