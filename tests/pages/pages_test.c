/* pages_test.c - the help site from a small catalogue: escaping, situations, Markdown, files. */
#include "../catalog/fixture.h"
#include "../unit.h"

#include "../../milter/pages/pages.h"

#include "explain/engine.h"
#include "explain/pages.h"
#include "explain/reason.h"
#include "explain/strbuf.h"

START_TEST(test_escape)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	html_element(&out, "p", "<b>&\"'");
	ck_assert_str_eq(out.data, "<p>&lt;b&gt;&amp;&quot;'</p>\n");
	strbuf_free(&out);
}
END_TEST

START_TEST(test_markdown)
{
	static const struct {
		const char *text, *html;
	} cases[] = {{"## A\n\n1. `b`\n", "<h2>A</h2>\n<ol>\n<li><code>b</code></li>\n</ol>\n"},
	    {"x <i>y</i> [a](javascript:alert)", "<p>x <!-- raw HTML omitted -->y<!-- raw HTML "
	                                         "omitted --> <a href=\"\">a</a></p>\n"},
	    {"<script>x</script>", "<!-- raw HTML omitted -->\n"},
	    {"one\ntwo", "<p>one\ntwo</p>\n"},
	    {"\xE3\x81\x82\n\xE3\x81\x84", "<p>\xE3\x81\x82\xE3\x81\x84</p>\n"},
	    {"\xE3\x80\x82\nabc", "<p>\xE3\x80\x82\nabc</p>\n"},
	    {"\xC3\xA9\n\xC3\xA0", "<p>\xC3\xA9\n\xC3\xA0</p>\n"},
	    /* Preformatted lines stay lines. */
	    {"    \xE3\x81\x82\n    \xE3\x81\x84\n\n\xE3\x81\x82\n\xE3\x81\x84",
	        "<pre><code>\xE3\x81\x82\n\xE3\x81\x84\n</code></"
	        "pre>\n<p>\xE3\x81\x82\xE3\x81\x84</p>\n"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out;
		strbuf_init(&out, 0);
		html_markdown(&out, cases[i].text);
		ck_assert_str_eq(out.data, cases[i].html);
		strbuf_free(&out);
	}
}
END_TEST

/* Every reason but the two that say nothing stands under a heading of its own kind. */
START_TEST(test_situations)
{
	const char *const *reasons = reason_names();

	for (size_t i = 0; reasons[i]; i++) {
		bool other = situation_of(reasons[i]) == PAGE_S_OTHER;
		ck_assert_int_eq(other, strcmp(reasons[i], "policy-other") == 0 ||
		                            strcmp(reasons[i], "unclassified") == 0);
	}
}
END_TEST

static char *read_file(const char *path)
{
	FILE *stream = fopen(path, "r");
	char *data = mem_calloc(1, 65536);

	ck_assert_msg(stream != NULL, "%s", path);
	ck_assert_uint_gt(fread(data, 1, 65535, stream), 0);
	fclose(stream);
	return data;
}

START_TEST(test_write)
{
	static const struct profile_settings profile = {.name = (char *)"default",
	    .contact = (char *)"<me> & you",
	    .language = (char *)"en",
	    .width = 78,
	    .max_lines = 4,
	    .max_octets = 480};
	struct problems *problems = problems_create();
	char *error = NULL;
	struct pages_result result;

	fixture_base("pages");
	fixture_write("pages-t", "layout.html", "<title>@title@</title>@body@|@contact@|@x@");
	fixture_write("pages-t", "style.css", "/**/");
	fixture_write("pages-t", "site.js", "/**/");
	fixture_write("pages-t", "search.js", "/**/");
	const char *dirs[] = {tree_path("pages"), NULL};
	struct engine_settings settings = {
	    .catalog_dirs = dirs, .site = "", .profiles = &profile, .profile_count = 1};
	struct engine *engine = engine_create(&settings, problems);
	fixture_expect_none(problems);
	struct pages_settings pages = {.templates = tree_path("pages-t"), .version = "v"};
	ck_assert_int_eq(pages_write(engine, &pages, tree_path("pages-out"), &result, &error), 0);
	/* Index, codes and four causes; five entries. */
	ck_assert_uint_eq(result.pages, 6 + 5);
	ck_assert_uint_eq(result.languages, 1);
	char *page = read_file(tree_path("pages-out/en/unclassified.html"));
	ck_assert_ptr_nonnull(strstr(page, "<title>The server refused the message.</title>"));
	ck_assert_ptr_nonnull(strstr(page, "Ask &lt;me&gt; &amp; you."));
	ck_assert_ptr_nonnull(strstr(page, "|@x@"));
	free(page);
	/* Again over what is there; a file of somebody else's stays. */
	fixture_write("pages-out", "en/own.html", "mine");
	ck_assert_int_eq(pages_write(engine, &pages, tree_path("pages-out"), &result, &error), 0);
	page = read_file(tree_path("pages-out/en/own.html"));
	ck_assert_str_eq(page, "mine");
	free(page);

	ck_assert_int_eq(pages_write(engine, &pages, "/proc/none", &result, &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "/proc/none: the directory can't be made"));
	free(error);
	pages.templates = "/nowhere";
	ck_assert_int_eq(pages_write(engine, &pages, tree_path("pages-out"), &result, &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "/nowhere/layout.html: can't be read"));
	free(error);
	engine_put(&engine);
	problems_free(&problems);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pages");
	TCase *tcase = unit_case(suite, "pages");

	tcase_add_test(tcase, test_escape);
	tcase_add_test(tcase, test_markdown);
	tcase_add_test(tcase, test_situations);
	tcase_add_test(tcase, test_write);
	return tree_run(suite);
}
