/* translation_test.c - what translations lack, and that a change of the English texts is noticed.
 */
#include "../unit.h"

#include "fixture.h"

#include "explain/translation.h"

#include "explain/export_translation.h"
#include "explain/strbuf.h"

#define ENGLISH                                                                                    \
	"- phrases: {permanent: Permanent., temporary: Temporary., help: 'Help:', ref: 'Ref:'}\n"  \
	"- pages: {title: Help}\n"

static const char mailbox[] =
    "- cause: mailbox-full\n  reason: mailbox-full\n  fixer: recipient\n"
    "  summary: [\"{recipient}'s mailbox is full.\", \"It is full.\"]\n  action: \"Wait.\"\n";

static struct catalog *read_both(const char *english, const char *german)
{
	struct problems *problems = problems_create();
	const char *dirs[] = {tree_path("tr"), NULL};

	fixture_write("tr", "causes/en.yaml", english);
	fixture_write("tr", "causes/de.yaml", german);
	struct catalog *catalog = catalog_read(dirs, problems);
	problems_free(&problems);
	return catalog;
}

static const char *fingerprint(const char *english, const char *id)
{
	static char result[FINGERPRINT_SIZE];
	struct catalog *catalog = read_both(english, "");

	memcpy(
	    result, catalog_cause(catalog, id)->texts[0]->translation.fingerprint, sizeof(result));
	catalog_free(&catalog);
	return result;
}

/* One thing after the other, each of which must be noticed. */
START_TEST(test_check)
{
	char *english = mem_printf("%s%s", ENGLISH, mailbox);
	char *source = mem_strdup(fingerprint(english, "mailbox-full"));
	struct catalog *catalog = read_both(english, "");
	char *phrases = mem_strdup(catalog_phrases(catalog, 0)->translation.fingerprint);
	char *pages = mem_strdup(catalog_page_texts(catalog, 0)->translation.fingerprint);
	catalog_free(&catalog);
	const struct {
		const char *entry, *words;
	} cases[] = {
	    {"- cause: mailbox-full\n  source: %s\n"
	     "  summary: [\"{recipient} ist voll.\", \"Voll.\"]\n  action: Warten.\n",
	        NULL},
	    {"- cause: mailbox-full\n  source: 12345678%.0s\n"
	     "  summary: [\"{recipient} ist voll.\", \"Voll.\"]\n  action: Warten.\n",
	        "the English text has changed"},
	    {"- cause: mailbox-full\n%.0s"
	     "  summary: [\"{recipient} ist voll.\", \"Voll.\"]\n  action: Warten.\n",
	        "does not say which English text it translates"},
	    {"- cause: mailbox-full\n  source: %s\n"
	     "  summary: Voll.\n  action: Warten.\n",
	        "summary: {recipient} is lost in translation"},
	    {"- cause: mailbox-full\n  source: %s\n"
	     "  summary: [\"{recipient}, {sender}.\", \"{recipient}.\", \"Voll.\"]\n  action: "
	     "Warten.\n",
	        "summary: {sender} is not in the English text"},
	    {"- cause: mailbox-full\n  source: %s\n"
	     "  summary: [\"{recipient} ist voll.\", \"Voll.\"]\n",
	        "the translation lacks 'action'"},
	    {"- cause: mailbox-full\n  source: %s\n"
	     "  summary: [\"{recipient} ist voll.\", \"Voll.\"]\n  action: Warten.\n  help: "
	     "Hilfe\n",
	        "'help' is not there in English"},
	    {"%.0s", "is missing in 'de'; 'explainctl export translation de'"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems *problems = problems_create();
		char *entry = mem_printf(cases[i].entry, source);
		char *german =
		    mem_printf("- phrases: {permanent: E., temporary: V., help: 'H:', ref: 'Z:'}\n"
		               "  source: %s\n- pages: {title: Hilfe}\n  source: %s\n%s",
		        phrases, pages, entry);
		catalog = read_both(english, german);
		translation_check(catalog, problems);
		if (problems_count(problems) != (cases[i].words != NULL))
			fixture_show(problems);
		ck_assert_uint_eq(problems_count(problems), cases[i].words != NULL);
		if (cases[i].words)
			ck_assert_msg(strstr(problems_get(problems, 0), cases[i].words) != NULL,
			    "%s", problems_get(problems, 0));
		struct strbuf out;
		strbuf_init(&out, 0);
		bool current = !cases[i].words || (i >= 3 && i <= 6);
		ck_assert_uint_eq(export_translation(&out, catalog, catalog, "de"), !current);
		strbuf_free(&out);
		catalog_free(&catalog);
		problems_free(&problems);
		free(german);
		free(entry);
	}
	free(pages);
	free(phrases);
	free(source);
	free(english);
}
END_TEST

/* Wrapped anew it is the same text; another word, or a text more, is not. */
START_TEST(test_fingerprint)
{
	static const char *const same[] = {
	    "- cause: a\n  summary: S.\n  action: A.\n  help: |\n    one two\n    three\n",
	    "- cause: a\n  action: A.\n  help: |\n    one\n    two three\n  summary: S.\n"};
	static const char *const others[] = {
	    "- cause: a\n  summary: S.\n  action: A.\n  help: |\n    one two four\n",
	    "- cause: a\n  summary: S.\n  action: A.\n",
	    "- cause: a\n  summary: [S., S.]\n  action: A.\n  help: |\n    one two\n    three\n",
	    "- cause: a\n  summary: A.\n  action: S.\n  help: |\n    one two\n    three\n"};
	char *first = mem_strdup(fingerprint(same[0], "a"));

	ck_assert_uint_eq(strlen(first), FINGERPRINT_SIZE - 1);
	ck_assert_str_eq(fingerprint(same[1], "a"), first);
	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert_str_ne(fingerprint(others[i], "a"), first);
	free(first);
}
END_TEST

/* Site texts change neither what is stale nor what is missing; a language without phrases is none.
 */
START_TEST(test_layers)
{
	struct problems *problems = problems_create();
	char *source = mem_strdup(fingerprint(mailbox, "mailbox-full"));
	char *german =
	    mem_printf("- phrases: {permanent: E., temporary: V., help: 'H:', ref: 'Z:'}\n"
	               "- cause: mailbox-full\n  source: %s\n"
	               "  summary: [\"{recipient}\", V.]\n  action: W.\n",
	        source);
	char *english = mem_printf(
	    "- phrases: {permanent: P., temporary: T., help: 'H:', ref: 'R:'}\n%s", mailbox);

	fixture_write("tr-site", "site.yaml",
	    "- cause: mailbox-full\n  summary: Ours.\n"
	    "- cause: own\n  reason: policy-other\n  fixer: sender\n  summary: S.\n  action: A.\n"
	    "- cause: own\n  lang: fr\n  summary: Notre.\n");
	fixture_write("tr", "causes/en.yaml", english);
	fixture_write("tr", "causes/de.yaml", german);
	const char *dirs[] = {tree_path("tr-site"), tree_path("tr"), NULL};
	struct catalog *catalog = catalog_read(dirs, problems);
	size_t before = problems_count(problems);
	translation_check(catalog, problems);
	/* The phrases of this translation bear no source. */
	if (problems_count(problems) != before + 1)
		fixture_show(problems);
	ck_assert_uint_eq(problems_count(problems), before + 1);
	ck_assert_ptr_nonnull(strstr(problems_get(problems, before), "phrases: "));
	catalog_free(&catalog);
	problems_free(&problems);
	free(english);
	free(german);
	free(source);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("translation");
	TCase *tcase = unit_case(suite, "translation");

	tcase_add_test(tcase, test_check);
	tcase_add_test(tcase, test_fingerprint);
	tcase_add_test(tcase, test_layers);
	return tree_run(suite);
}
