/* export_test.c - the catalogue as JSON, as a pcre: table, and as work for translators. */
#include "../catalog/fixture.h"
#include "../unit.h"

#include "explain/engine.h"
#include "explain/export_json.h"
#include "explain/export_pcre.h"
#include "explain/export_translation.h"
#include "explain/strbuf.h"

#include <jansson.h>

static struct engine *make_engine_for(const char *site, const char *help_url)
{
	const struct profile_settings profile = {.name = (char *)"default",
	    .contact = (char *)"postmaster@example.org",
	    .help_url = (char *)help_url,
	    .language = (char *)"en",
	    .width = 78,
	    .max_lines = 4,
	    .max_octets = 480};
	struct problems *problems = problems_create();

	fixture_base("export");
	fixture_write("export-site", "site.yaml", site);
	const char *dirs[] = {tree_path("export-site"), tree_path("export"), NULL};
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .site = "mx.example.org",
	    .profiles = &profile,
	    .profile_count = 1};
	struct engine *engine = engine_create(&settings, problems);
	fixture_expect_none(problems);
	problems_free(&problems);
	return engine;
}

static struct engine *make_engine(const char *site)
{
	return make_engine_for(site, "https://example.org/{cause}?s={site}");
}

START_TEST(test_json)
{
	struct engine *engine = make_engine(
	    "- rule: staged\n  cause: mailbox-full\n"
	    "  match: {stage: rcpt, host: mx.example.org, code: [5xx, 450], text: '\xC3\xA4'}\n"
	    "  examples: [\"450 \xC3\xA4\", \"550 \xC3\xA4\"]\n");
	struct strbuf out;

	strbuf_init(&out, 0);
	export_json(&out, engine_catalog(engine));
	json_t *object = json_loads(out.data, 0, NULL);
	ck_assert_ptr_nonnull(object);
	json_t *rules = json_object_get(object, "rules");
	ck_assert_uint_eq(json_array_size(rules), 5);
	char *first = json_dumps(json_array_get(rules, 0), JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(first,
	    "{\"cause\":\"mailbox-full\",\"examples\":[\"450 \xC3\xA4\",\"550 \xC3\xA4\"],"
	    "\"match\":[{\"code\":[\"5xx\",\"450\"],\"host\":[\"mx.example.org\"],\"stage\":["
	    "\"rcpt\"],"
	    "\"text\":\"\xC3\xA4\"}],\"rule\":\"staged\"}");
	free(first);
	json_t *blocked = json_array_get(rules, 3);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(blocked, "set"), "list")),
	    "Example List");
	ck_assert_uint_eq(json_array_size(json_object_get(object, "causes")), 4);
	ck_assert_ptr_nonnull(json_object_get(
	    json_object_get(json_array_get(json_object_get(object, "causes"), 1), "texts"), "en"));
	json_decref(object);
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* The table's line number N (from 1, comments not counted) of class CLASS. */
static const char *line_of(const char *table, int class, size_t number)
{
	static char line[4096];
	char begin[16];

	snprintf(begin, sizeof(begin), "if /^%d/\n", class);
	const char *at = strstr(table, begin);
	ck_assert_ptr_nonnull(at);
	for (at += strlen(begin); *at; at = strchr(at, '\n') + 1) {
		if (*at == '#')
			continue;
		if (--number == 0)
			break;
	}
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

START_TEST(test_pcre)
{
	struct engine *engine = make_engine("- rule: odd\n  cause: mailbox-full\n"
	                                    "  match:\n"
	                                    "    - {stage: rcpt, text: 'staged'}\n"
	                                    "    - {host: example.org, text: 'hosted'}\n"
	                                    "    - {code: 550, text: '(?:^|x)a/b[/^(]\\/c'}\n"
	                                    "  examples: [\"550 a/b(/c\", \"550 a/b^/c\"]\n"
	                                    "- rule: dollar\n  match: {code: 551}\n  summary: \"It "
	                                    "costs $5.\"\n  action: \"Pay.\"\n"
	                                    "  examples: [\"551 x\", \"551 y\"]\n");
	struct strbuf out;

	strbuf_init(&out, 0);
	export_postfix_pcre(&out, engine, engine_profile(engine, "", 0));
	/* Neither stage nor host can be known to Postfix, and a ^ in brackets is none. */
	ck_assert_ptr_null(strstr(out.data, "staged"));
	ck_assert_ptr_null(strstr(out.data, "hosted"));
	const char *line = line_of(out.data, 5, 1);
	ck_assert_ptr_nonnull(strstr(line, "(?:(?<="));
	ck_assert_ptr_nonnull(strstr(line, ")|x)a\\/b[\\/^(]\\/c)"));
	ck_assert_int_eq(strncmp(line, "/^(?:550)[ -]", 13), 0);
	ck_assert_ptr_nonnull(
	    strstr(line, "Help: https://example.org/mailbox-full?s=mx.example.org"));
	/* Once for the table, once for the footer. */
	ck_assert_ptr_nonnull(strstr(line_of(out.data, 5, 2), "It costs $$$$5."));
	/* With the recipient first, then without. */
	ck_assert_ptr_nonnull(strstr(out.data, "The address ${1} does not exist."));
	ck_assert_ptr_nonnull(strstr(out.data, "(?(1)|(?!))/ The address ${1}"));
	ck_assert(
	    strstr(out.data, "The address ${1}") < strstr(out.data, "The address does not exist."));
	ck_assert_ptr_nonnull(strstr(out.data, "for now.\\nWait.\\nTemporary."));
	ck_assert_ptr_null(strstr(out.data, "~~"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* What a table can't do: encode a value for an address; and what looks like a value but is none. */
START_TEST(test_pcre_odd)
{
	struct engine *engine =
	    make_engine_for("- rule: odd\n  match: {code: 552, text: 'x[\\\\/]y'}\n  summary: "
	                    "\"Write to ~~99, @@9\"\n"
	                    "  action: \"Go ~~\"\n  examples: ['552 x/y', '552 x/y z']\n",
	        "https://example.org/{cause}?r={recipient}");
	struct strbuf out;

	strbuf_init(&out, 0);
	export_postfix_pcre(&out, engine, engine_profile(engine, "", 0));
	ck_assert_ptr_nonnull(strstr(out.data, "Write to ~~99, @@9"));
	ck_assert_ptr_nonnull(strstr(out.data, "x[\\\\\\/]y"));
	ck_assert_ptr_null(strstr(out.data, "${1}?"));
	ck_assert_ptr_null(strstr(out.data, "r=$"));
	ck_assert_ptr_null(strstr(out.data, "r=~"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* What is printed reads back as the same texts, and then nothing is left to do but to translate. */
START_TEST(test_translation)
{
	struct engine *engine =
	    make_engine("- rule: own\n  match: {code: 551}\n  summary: 'A \"q\" \\.'\n"
	                "  action: Go.\n  examples: [\"551 x\", \"551 y\"]\n"
	                "- cause: recipient-unknown\n  action: Site words.\n");
	struct problems *problems = problems_create();
	struct strbuf out;

	strbuf_init(&out, 0);
	/* Phrases and four causes; the site's own rule is the site's business. */
	const char *dirs[] = {tree_path("export"), NULL};
	struct catalog *master = catalog_load(dirs, problems);
	ck_assert_uint_eq(export_translation(&out, master, engine_catalog(engine), "sv"), 5);
	/* A site's own words for a built-in cause are not what is translated. */
	ck_assert_ptr_nonnull(strstr(out.data, "Check the spelling."));
	ck_assert_ptr_null(strstr(out.data, "Site words."));
	fixture_write("export", "causes/sv.yaml", out.data);
	struct catalog *catalog = catalog_load(dirs, problems);
	fixture_expect_none(problems);
	int sv = catalog_language(catalog, "sv");
	const struct cause *full = catalog_cause(catalog, "mailbox-full");
	ck_assert_str_eq(full->texts[sv]->help, full->texts[0]->help);
	ck_assert_str_eq(
	    full->texts[sv]->translation.fingerprint, full->texts[0]->translation.fingerprint);
	strbuf_reset(&out);
	ck_assert_uint_eq(export_translation(&out, master, catalog, "sv"), 0);
	catalog_free(&master);
	ck_assert_uint_eq(out.len, 0);
	strbuf_free(&out);
	catalog_free(&catalog);
	problems_free(&problems);
	engine_put(&engine);
	remove(tree_path("export/causes/sv.yaml"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("export");
	TCase *tcase = unit_case(suite, "export");

	tcase_add_test(tcase, test_json);
	tcase_add_test(tcase, test_pcre);
	tcase_add_test(tcase, test_pcre_odd);
	tcase_add_test(tcase, test_translation);
	return tree_run(suite);
}
