/* load_test.c - reading catalogues: what files may say, layers, and every mistake with its place.
 */
#include "../unit.h"
#include "fixture.h"

#include "explain/reason.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

static struct catalog *load(const char *first, const char *second, struct problems *problems)
{
	const char *dirs[] = {first, second, NULL};

	return catalog_load(dirs, problems);
}

/* Loads SITE as the file site/site.yaml over the base; no mistake expected. */
static struct catalog *load_site(const char *site)
{
	struct problems *problems = problems_create();

	fixture_write("site", "site.yaml", site);
	struct catalog *catalog = load(tree_path("site"), fixture_base("base"), problems);
	fixture_expect_none(problems);
	ck_assert_ptr_nonnull(catalog);
	problems_free(&problems);
	return catalog;
}

static const char *show(const struct variants *variants, size_t i)
{
	static struct strbuf text;

	ck_assert_uint_lt(i, variants->count);
	strbuf_reset(&text);
	template_show(&text, variants->items[i]);
	return strbuf_str(&text);
}

/* One mistake a file, each with its place. */
static const struct mistake {
	const char *name, *text;
	unsigned line, column;
	const char *words;
} mistakes[] = {
    {"unknown-key", "- rule: a\n  cause: mailbox-full\n  match: {code: 450}\n  exampels: [x]\n", 4,
        3, "rule a: unknown key 'exampels', did you mean 'examples'?"},
    {"unknown-key-far", "- rule: a\n  cause: mailbox-full\n  match: {code: 450}\n  zzz: [x]\n", 4,
        3, "rule a: unknown key 'zzz'"},
    {"unknown-match-key",
        "- rule: a\n  cause: mailbox-full\n  match:\n    - code: 450\n      txt: x\n", 5, 7,
        "unknown key 'txt', did you mean 'text'?"},
    {"unknown-cause", "- rule: a\n  cause: mailbx-full\n  match: {code: 450}\n", 2, 10,
        "rule a: unknown cause 'mailbx-full', did you mean 'mailbox-full'?"},
    {"unknown-cause-far", "- rule: a\n  cause: zzzzzz\n  match: {code: 450}\n", 2, 10,
        "unknown cause 'zzzzzz'"},
    {"unknown-cause-of-a-change", "- rule: full\n  cause: mailbx-full\n", 2, 10,
        "rule full: unknown cause 'mailbx-full', did you mean 'mailbox-full'?"},
    {"no-cause", "- rule: a\n  match: {code: 450}\n", 1, 3, "rule a: needs a 'cause'"},
    {"no-match", "\n- rule: a\n  cause: mailbox-full\n", 2, 3, "rule a: needs a 'match'"},
    {"empty-match", "- rule: a\n  cause: mailbox-full\n  match: []\n", 3, 3, "'match' is empty"},
    {"match-word", "- rule: a\n  cause: mailbox-full\n  match: 450\n", 3, 10, "needs keys"},
    {"match-nothing", "- rule: a\n  cause: mailbox-full\n  match: {stage: rcpt}\n", 3, 11,
        "needs a code, a status or a text"},
    {"bad-code", "- rule: a\n  cause: mailbox-full\n  match:\n    - code: 650\n", 4, 13,
        "'650' is no reply code"},
    {"bad-code-class", "- rule: a\n  cause: mailbox-full\n  match: {code: 6xx}\n", 3, 17,
        "'6xx' is no reply code"},
    {"bad-code-short", "- rule: a\n  cause: mailbox-full\n  match: {code: 45}\n", 3, 17,
        "'45' is no reply code"},
    {"bad-code-long", "- rule: a\n  cause: mailbox-full\n  match: {code: 4500}\n", 3, 17,
        "'4500' is no reply code"},
    {"bad-code-in-list", "- rule: a\n  cause: mailbox-full\n  match: {code: [450, 4x0]}\n", 3, 23,
        "'4x0' is no reply code"},
    {"bad-status", "- rule: a\n  cause: mailbox-full\n  match:\n    - status: 5.1\n", 4, 15,
        "'5.1' is no status"},
    {"bad-status-class", "- rule: a\n  cause: mailbox-full\n  match: {status: 3.1.1}\n", 3, 19,
        "'3.1.1' is no status"},
    {"bad-status-tail", "- rule: a\n  cause: mailbox-full\n  match: {status: 5.1.1.}\n", 3, 19,
        "is no status"},
    {"bad-stage", "- rule: a\n  cause: mailbox-full\n  match: {code: 450, stage: rcp}\n", 3, 29,
        "'rcp' is no stage"},
    {"bad-rule-name", "- rule: A b\n  cause: mailbox-full\n  match: {code: 450}\n", 1, 9,
        "'A b' is no name"},
    {"rule-name-dash", "- rule: -a\n  cause: mailbox-full\n  match: {code: 450}\n", 1, 9,
        "is no name"},
    {"duplicate-rule",
        "- rule: a\n  cause: mailbox-full\n  match: {code: 450}\n"
        "- rule: a\n  cause: mailbox-full\n  match: {code: 451}\n",
        4, 3, "rule a: the name is already used in"},
    {"duplicate-change", "- rule: full\n  disabled: true\n- rule: full\n  disabled: true\n", 3, 3,
        "rule full: the name is already used in"},
    {"duplicate-cause", "- cause: mailbox-full\n  action: x\n- cause: mailbox-full\n  action: y\n",
        3, 3, "cause mailbox-full: is defined twice"},
    {"own-texts-half", "- rule: a\n  summary: x\n  match: {code: 450}\n", 1, 3,
        "needs 'summary' and 'action'"},
    {"own-texts-and-cause",
        "- rule: a\n  cause: mailbox-full\n  summary: x\n  action: y\n  match: {code: 450}\n", 1, 3,
        "either a 'cause' or its own"},
    {"own-texts-named-like-a-cause",
        "- rule: mailbox-full\n  summary: x\n  action: y\n  match: {code: 450}\n", 1, 3,
        "'mailbox-full' is the name of a cause"},
    {"disabled-maybe", "- rule: full\n  disabled: maybe\n", 2, 13, "must be true or false"},
    {"set-list", "- rule: a\n  cause: mailbox-full\n  match: {code: 450}\n  set: [x]\n", 4, 9,
        "'set' needs variables and values"},
    {"set-bad-name", "- rule: a\n  cause: mailbox-full\n  match: {code: 450}\n  set: {List: x}\n",
        4, 9, "'List' can't be a variable"},
    {"group-bad-name", "- rule: a\n  cause: mailbox-full\n  match: {text: 'x(?<Bad>y)'}\n", 3, 18,
        "the group name 'Bad' can't be a variable"},
    {"empty-text", "- rule: a\n  cause: mailbox-full\n  match: {text: ''}\n", 3, 18,
        "must not be empty"},
    {"text-list", "- rule: a\n  cause: mailbox-full\n  match: {text: [x]}\n", 3, 18,
        "must be a text"},
    {"long-summary",
        "- cause: mailbox-full\n  summary: "
        "\"0123456789012345678901234567890123456789012345678901234567"
        "890123456789012345678901234567890123456789012345678901234567890\"\n",
        2, 13, "has 121 characters, at most 110"},
    {"two-lines", "- cause: mailbox-full\n  action: \"one\\ntwo\"\n", 2, 12, "must be one line"},
    {"unclosed", "- cause: mailbox-full\n  action: \"Ask {contact.\"\n", 2, 12, "a '{' has no '}'"},
    {"bad-variable", "- cause: mailbox-full\n  action: \"Ask {Con tact}.\"\n", 2, 12,
        "'{Con tact}' can't be a variable"},
    {"unknown-variable", "\n- cause: mailbox-full\n  action: \"Ask {contakt}.\"\n", 2, 3,
        "cause mailbox-full: action: no rule of this cause sets {contakt}"},
    {"unsure-variable", "- cause: mailbox-full\n  action: [\"Ask {sender}.\"]\n", 1, 3,
        "action: the last variant uses {sender}, which is not always known"},
    {"unknown-reason",
        "- cause: new\n  reason: mailbox-fool\n  fixer: sender\n  summary: x\n  action: y\n", 2, 11,
        "unknown reason 'mailbox-fool', did you mean 'mailbox-full'?"},
    {"unknown-fixer",
        "- cause: new\n  reason: mailbox-full\n  fixer: nobody\n  summary: x\n  action: y\n", 3, 10,
        "unknown fixer 'nobody'"},
    {"cause-without-reason", "- cause: new\n  fixer: sender\n  summary: x\n  action: y\n", 1, 3,
        "cause new: needs a 'reason'"},
    {"cause-without-fixer", "- cause: new\n  reason: malware\n  summary: x\n  action: y\n", 1, 3,
        "needs a 'fixer'"},
    {"cause-without-summary", "- cause: new\n  reason: malware\n  fixer: sender\n  action: y\n", 1,
        3, "needs an English 'summary'"},
    {"cause-without-action", "- cause: new\n  reason: malware\n  fixer: sender\n  summary: y\n", 1,
        3, "needs an English 'action'"},
    {"cause-unknown-key", "- cause: mailbox-full\n  acton: x\n", 2, 3,
        "unknown key 'acton', did you mean 'action'?"},
    {"unknown-kind", "- rul: a\n  cause2: x\n", 1, 3, "an item must begin with"},
    {"item-word", "- hello\n", 1, 3, "an item must begin with"},
    {"not-a-list", "rule: a\n", 1, 1, "the file must be a list"},
    {"phrases-word", "- phrases: hello\n", 1, 3, "needs keys and their texts"},
    {"phrases-key", "- phrases:\n    permanet: x\n", 2, 5, "did you mean 'permanent'?"},
    {"phrases-long",
        "- phrases:\n    permanent: "
        "01234567890123456789012345678901234567890123456789012345678901234567\n",
        2, 16, "'permanent' is longer than 66 characters"},
    {"phrases-lines", "- phrases: {permanent: \"a\\nb\"}\n", 1, 25, "'permanent' must be one line"},
    {"phrases-item-key", "- phrases: {ref: x}\n  sourc: y\n", 2, 3,
        "unknown key 'sourc', did you mean 'source'?"},
    {"language-path", "- cause: mailbox-full\n  lang: ../x\n  action: a\n", 1, 3,
        "'../x' is no language"},
    {"language-quote", "- cause: mailbox-full\n  lang: 'a\"b'\n  action: a\n", 1, 3,
        "is no language"},
    {"language-short", "- cause: mailbox-full\n  lang: d\n  action: a\n", 1, 3,
        "'d' is no language"},
    {"language-dash", "- cause: mailbox-full\n  lang: de-\n  action: a\n", 1, 3,
        "'de-' is no language"},
    {"cause-codes",
        "- cause: codes\n  reason: policy-other\n  fixer: sender\n  summary: s\n  action: a\n", 1,
        3, "the help pages have another page of this name"},
    {"cause-language",
        "- cause: en\n  reason: policy-other\n  fixer: sender\n  summary: s\n  action: a\n", 1, 3,
        "the help pages have another page of this name"},
    {"code-bad", "- code: 199\n  name: x\n  meaning: y\n", 1, 9, "'199' is no reply code"},
    {"code-no-name", "- code: 250\n  meaning: y\n", 1, 3, "code 250: needs a 'name'"},
    {"code-no-meaning", "- status: X.1.1\n  name: y\n", 1, 3, "status X.1.1: needs a 'meaning'"},
    {"code-cause", "- code: 550\n  name: x\n  meaning: y\n  cause: mailbox-ful\n", 4, 10,
        "did you mean 'mailbox-full'?"},
    {"code-codes", "- status: X.1.1\n  name: x\n  meaning: y\n  codes: [55]\n", 4, 11,
        "'55' is no reply code"},
    {"status-bad", "- status: 5.1\n  name: x\n  meaning: y\n", 1, 3, "is no enhanced status code"},
    {"yaml-item",
        "- rule: a\n  cause: [mailbox-full\n- rule: b\n  cause: mailbox-full\n  match: {code: "
        "450}\n",
        3, 1, "YAML: flow sequence without a closing bracket"},
    {"yaml-tab", "- rule: a\n  cause: mailbox-full\n\tmatch: {code: 450}\n", 3, 2, "YAML: "},
    {"yaml-before-the-list",
        "nonsense: [\n- rule: b\n  cause: mailbox-full\n  match: {code: 450}\n", 0, 0, "YAML: "},
    {"yaml-duplicate-key",
        "- rule: a\n  cause: mailbox-full\n  cause: mailbox-full\n  match: {code: 450}\n", 3, 3,
        "YAML: "},
};

START_TEST(test_mistake)
{
	const struct mistake *mistake = &mistakes[_i];
	struct problems *problems = problems_create();

	fixture_write(mistake->name, "site.yaml", mistake->text);
	char *site = mem_strdup(tree_path(mistake->name));
	char *file = mem_printf("%s/site.yaml", site);
	struct catalog *catalog = load(site, fixture_base("base"), problems);
	ck_assert_ptr_null(catalog);
	bool found = mistake->line == 0;
	if (found) /* only that it is said, and for that file */
		found = strstr(problems_get(problems, 0), file) &&
		        strstr(problems_get(problems, 0), mistake->words);
	else
		found = fixture_has(problems, file, mistake->line, mistake->column, mistake->words);
	if (!found || problems_count(problems) != 1) {
		fprintf(stderr, "%s: want %u:%u %s\n", mistake->name, mistake->line,
		    mistake->column, mistake->words);
		fixture_show(problems);
	}
	ck_assert(found);
	ck_assert_uint_eq(problems_count(problems), 1);
	problems_free(&problems);
	free(file);
	free(site);
}
END_TEST

/* All mistakes of a file at once, in the order of its lines. */
START_TEST(test_all_mistakes)
{
	static const char text[] = "- rule: one\n"
	                           "  cause: mailbx-full\n"
	                           "  match: {code: 450}\n"
	                           "- rule: two\n"
	                           "  cause: mailbox-full\n"
	                           "  match: {cod: 450, status: x.2.2}\n"
	                           "- rule: three\n"
	                           "  cause: [mailbox-full\n"
	                           "- rule: four\n"
	                           "  cause: mailbox-full\n"
	                           "  match: {code: 999, status: 7.7.7}\n"
	                           "- rule: two\n"
	                           "  cause: mailbox-full\n"
	                           "  match: {code: 450}\n"
	                           "- cause: mailbox-full\n"
	                           "  action: 'Ask {contact'\n";
	static const struct {
		unsigned line, column;
		const char *words;
	} wanted[] = {{2, 10, "unknown cause"}, {6, 11, "unknown key"}, {9, 1, "YAML"},
	    {11, 17, "reply code"}, {11, 30, "status"}, {12, 3, "already used"},
	    {16, 12, "no '}'"}};
	struct problems *problems = problems_create();

	fixture_write("all", "site.yaml", text);
	char *site = mem_strdup(tree_path("all"));
	char *file = mem_printf("%s/site.yaml", site);
	ck_assert_ptr_null(load(site, fixture_base("base"), problems));
	if (problems_count(problems) != COUNT(wanted))
		fixture_show(problems);
	ck_assert_uint_eq(problems_count(problems), COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		char *place = mem_printf("%s:%u:%u: ", file, wanted[i].line, wanted[i].column);
		const char *got = problems_get(problems, i);
		ck_assert_msg(
		    strncmp(got, place, strlen(place)) == 0 && strstr(got, wanted[i].words),
		    "'%s' is not at %s", got, place);
		free(place);
	}
	problems_free(&problems);
	free(file);
	free(site);
}
END_TEST

/* A catalogue for a checker keeps what could be read. */
START_TEST(test_read_with_mistakes)
{
	struct problems *problems = problems_create();

	fixture_write("faulty", "site.yaml", "- rule: a\n  cause: nowhere\n  match: {text: abc}\n");
	const char *dirs[] = {tree_path("faulty"), fixture_base("base"), NULL};
	struct catalog *catalog = catalog_read(dirs, problems);
	ck_assert_uint_eq(problems_count(problems), 1);
	ck_assert_ptr_nonnull(catalog);
	ck_assert_ptr_nonnull(fixture_rule(catalog, "a"));
	ck_assert_ptr_null(fixture_rule(catalog, "a")->cause);
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

START_TEST(test_base)
{
	struct problems *problems = problems_create();
	struct catalog *catalog = load(fixture_base("base"), NULL, problems);
	size_t count;

	fixture_expect_none(problems);
	const struct rule *rules = catalog_rules(catalog, &count);
	ck_assert_uint_eq(count, 4);
	ck_assert_str_eq(rules[0].id, "full");
	ck_assert_str_eq(rules[3].id, "any-5xx");
	ck_assert_uint_eq(rules[0].alternative_count, 2);
	ck_assert_uint_eq(rules[0].alternatives[0].status_count, 2);
	ck_assert_uint_eq(rules[0].alternatives[1].code_count, 2);
	ck_assert_int_eq(rules[0].alternatives[1].codes[1][0], 552);
	ck_assert_int_eq(rules[0].alternatives[1].codes[1][1], 552);
	ck_assert_int_eq(rules[3].alternatives[0].codes[0][0], 500);
	ck_assert_int_eq(rules[3].alternatives[0].codes[0][1], 599);
	ck_assert(!rules[0].alternatives[1].pattern->has_groups);
	ck_assert(rules[1].alternatives[0].pattern->has_groups);
	ck_assert_uint_eq(rules[1].alternatives[0].pattern->place.line, 10);
	ck_assert_uint_eq(rules[1].alternatives[0].pattern->place.column, 18);
	ck_assert_uint_eq(rules[2].constant_count, 1);
	ck_assert_int_eq(rules[2].constants[0].var, VAR_LIST);
	ck_assert_str_eq(rules[2].constants[0].value, "Example List");
	ck_assert_uint_eq(rules[0].example_count, 2);
	ck_assert_uint_eq(rules[0].layer, 0);
	ck_assert_uint_eq(rules[1].place.line, 8);

	catalog_causes(catalog, &count);
	ck_assert_uint_eq(count, 4);
	const struct cause *cause = catalog_cause(catalog, "mailbox-full");
	ck_assert_str_eq(cause->reason, "mailbox-full");
	ck_assert_str_eq(cause->fixer, "recipient");
	ck_assert_uint_eq(cause_text(cause, 0)->texts[TEXT_SUMMARY].count, 2);
	ck_assert_uint_eq(cause_text(cause, 0)->texts[TEXT_SUMMARY_TEMPORARY].count, 0);
	ck_assert_str_eq(cause_text(cause, 0)->help, "## If you sent the message\n1. Wait.");
	ck_assert_ptr_null(catalog_cause(catalog, "mailbox"));
	ck_assert_int_eq(catalog_language(catalog, "en"), 0);
	ck_assert_int_eq(catalog_language(catalog, "de"), -1);
	ck_assert_int_eq(catalog_language_count(catalog), 1);
	ck_assert_str_eq(catalog_phrases(catalog, 0)->ref, "Ref:");
	catalog_free(&catalog);
	ck_assert_ptr_null(catalog);
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

START_TEST(test_incomplete)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"", "no cause 'unclassified'"},
	    {"", "no complete English 'phrases'"},
	    {"- phrases: {permanent: a, temporary: b, help: c}\n", "no complete English 'phrases'"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems *problems = problems_create();
		fixture_write("alone", "a.yaml", cases[i].text);
		ck_assert_ptr_null(load(tree_path("alone"), NULL, problems));
		bool found = false;
		for (size_t j = 0; j < problems_count(problems); j++)
			found = found || strstr(problems_get(problems, j), cases[i].words);
		ck_assert_msg(found, "%s", cases[i].words);
		problems_free(&problems);
	}
}
END_TEST

START_TEST(test_missing_directory)
{
	struct problems *problems = problems_create();

	ck_assert_ptr_null(load(tree_path("nowhere"), fixture_base("base"), problems));
	ck_assert_uint_eq(problems_count(problems), 1);
	ck_assert_ptr_nonnull(
	    strstr(problems_get(problems, 0), "nowhere: the catalogue directory"));
	problems_free(&problems);
}
END_TEST

/* Layer before layer, then files by name, then their order: top level, rules/, causes/. */
START_TEST(test_order)
{
	static const char *const wanted[] = {"s1", "s2", "s3", "b1", "full"};
	struct problems *problems = problems_create();
	size_t count;

#define RULE(name) "- rule: " name "\n  cause: mailbox-full\n  match: {code: 450}\n"
	fixture_write("order", "b.yaml", RULE("s2"));
	fixture_write("order", "a.yaml", RULE("s1"));
	fixture_write("order", "rules/a.yaml", RULE("s3"));
	fixture_write("order", ".hidden.yaml", "[broken");
	fixture_write("order", "note.txt", "[broken");
	fixture_write("order", "old.yaml~", "[broken");
	fixture_write("order", "deeper/x.yaml", "[broken");
	fixture_base("order-base");
	fixture_write("order-base", "rules/10-first.yaml", RULE("b1"));
	char *site = mem_strdup(tree_path("order"));
	struct catalog *catalog = load(site, tree_path("order-base"), problems);
	fixture_expect_none(problems);
	const struct rule *rules = catalog_rules(catalog, &count);
	ck_assert_uint_eq(count, 8);
	for (size_t i = 0; i < COUNT(wanted); i++)
		ck_assert_str_eq(rules[i].id, wanted[i]);
	ck_assert_uint_eq(rules[2].layer, 0);
	ck_assert_uint_eq(rules[3].layer, 1);
	catalog_free(&catalog);
	problems_free(&problems);
	free(site);
}
END_TEST

START_TEST(test_site_replaces)
{
	size_t count;
	struct catalog *catalog =
	    load_site("- rule: any-5xx\n  cause: mailbox-full\n"
	              "  match: {code: 451}\n  examples: [\"451 a\", \"451 b\"]\n");
	const struct rule *rules = catalog_rules(catalog, &count);

	ck_assert_uint_eq(count, 4);
	ck_assert_str_eq(rules[0].id, "any-5xx"); /* where the site put it */
	ck_assert_uint_eq(rules[0].layer, 0);
	ck_assert_str_eq(rules[0].cause->id, "mailbox-full");
	ck_assert_int_eq(rules[0].alternatives[0].codes[0][0], 451);
	ck_assert_str_eq(rules[0].examples[0], "451 a");
	catalog_free(&catalog);
}
END_TEST

START_TEST(test_site_disables)
{
	size_t count;
	struct catalog *catalog = load_site("- rule: full\n  disabled: true\n");

	catalog_rules(catalog, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_ptr_null(fixture_rule(catalog, "full"));
	catalog_free(&catalog);
	catalog = load_site("- rule: full\n  disabled: false\n");
	ck_assert_ptr_nonnull(fixture_rule(catalog, "full"));
	catalog_free(&catalog);
}
END_TEST

START_TEST(test_site_changes_cause)
{
	size_t count;
	struct catalog *catalog = load_site("- rule: full\n  cause: recipient-unknown\n");
	const struct rule *rules = catalog_rules(catalog, &count);

	ck_assert_uint_eq(count, 4);
	ck_assert_str_eq(rules[0].id, "full"); /* where it was */
	ck_assert_uint_eq(rules[0].layer, 1);
	ck_assert_str_eq(rules[0].cause->id, "recipient-unknown");
	ck_assert_uint_eq(rules[0].alternative_count, 2);
	ck_assert_uint_eq(rules[0].example_count, 2);
	catalog_free(&catalog);
}
END_TEST

START_TEST(test_site_changes_constants)
{
	struct catalog *catalog = load_site("- rule: blocked\n  set: {list: Our List}\n");
	const struct rule *rule = fixture_rule(catalog, "blocked");

	ck_assert_uint_eq(rule->constant_count, 1);
	ck_assert_str_eq(rule->constants[0].value, "Our List");
	ck_assert_str_eq(rule->cause->id, "ip-blocklisted");
	catalog_free(&catalog);
}
END_TEST

/* A rule with texts of its own, new or in the place of a cause. */
START_TEST(test_site_own_texts)
{
	struct catalog *catalog =
	    load_site("- rule: helpdesk\n  match: {code: 450}\n"
	              "  summary: Ours.\n  action: [\"Call {list}.\", Call.]\n"
	              "- rule: full\n  summary: Changed.\n  action: Act.\n"
	              "  reason: malware\n  fixer: wait\n");
	const struct rule *rule = fixture_rule(catalog, "helpdesk");

	ck_assert_str_eq(rule->cause->id, "helpdesk");
	ck_assert_str_eq(rule->cause->reason, "policy-other");
	ck_assert_str_eq(rule->cause->fixer, "recipient-admin");
	ck_assert_str_eq(show(&cause_text(rule->cause, 0)->texts[TEXT_SUMMARY], 0), "Ours.");
	ck_assert_str_eq(show(&cause_text(rule->cause, 0)->texts[TEXT_ACTION], 1), "Call.");
	rule = fixture_rule(catalog, "full");
	ck_assert_str_eq(rule->cause->id, "full");
	ck_assert_str_eq(rule->cause->reason, "malware");
	ck_assert_str_eq(rule->cause->fixer, "wait");
	ck_assert_str_eq(show(&cause_text(rule->cause, 0)->texts[TEXT_SUMMARY], 0), "Changed.");
	ck_assert_uint_eq(rule->alternative_count, 2);
	catalog_free(&catalog);
}
END_TEST

/* A cause with only what changes; special forms don't come back beside a changed text. */
START_TEST(test_site_changes_texts)
{
	struct catalog *catalog = load_site("- cause: mailbox-full\n  action: Ask us.\n"
	                                    "- cause: unclassified\n  summary: Hm.\n");
	const struct cause *cause = catalog_cause(catalog, "mailbox-full");
	const struct cause_text *text = cause_text(cause, 0);

	ck_assert_str_eq(cause->reason, "mailbox-full");
	ck_assert_str_eq(show(&text->texts[TEXT_ACTION], 0), "Ask us.");
	ck_assert_uint_eq(text->texts[TEXT_ACTION_TEMPORARY].count, 0);
	ck_assert_uint_eq(text->texts[TEXT_ACTION_INTERNAL].count, 0);
	ck_assert_uint_eq(text->texts[TEXT_SUMMARY].count, 2);
	ck_assert_ptr_nonnull(text->help);
	text = cause_text(catalog_cause(catalog, "unclassified"), 0);
	ck_assert_str_eq(show(&text->texts[TEXT_SUMMARY], 0), "Hm.");
	ck_assert_uint_eq(text->texts[TEXT_SUMMARY_TEMPORARY].count, 0);
	ck_assert_uint_eq(text->texts[TEXT_ACTION_TEMPORARY].count, 1);
	ck_assert_ptr_eq(fixture_rule(catalog, "full")->cause, cause);
	catalog_free(&catalog);
}
END_TEST

/* Three layers: the first has the last word on each part. */
START_TEST(test_three_layers)
{
	struct problems *problems = problems_create();
	struct catalog *catalog;

	fixture_write("first", "a.yaml", "- rule: full\n  set: {limit: 10 MB}\n");
	fixture_write("second", "a.yaml",
	    "- rule: full\n  cause: recipient-unknown\n  set: {limit: 5 MB}\n- rule: unknown\n  "
	    "disabled: true\n");
	const char *dirs[] = {tree_path("first"), tree_path("second"), fixture_base("base"), NULL};
	catalog = catalog_load(dirs, problems);
	fixture_expect_none(problems);
	ck_assert_str_eq(fixture_rule(catalog, "full")->cause->id, "recipient-unknown");
	ck_assert_str_eq(fixture_rule(catalog, "full")->constants[0].value, "10 MB");
	ck_assert_ptr_null(fixture_rule(catalog, "unknown"));
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

/* A layer may be one file; a file named de.yaml in causes/ is German. */
START_TEST(test_file_layer)
{
	struct problems *problems = problems_create();

	fixture_write(
	    "one", "mine.yaml", "- rule: mine\n  cause: mailbox-full\n  match: {code: 450}\n");
	fixture_write("one", "causes/de.yaml", "- cause: mailbox-full\n  summary: Voll.\n");
	const char *dirs[] = {tree_path("one/mine.yaml"), tree_path("one/causes/de.yaml"),
	    fixture_base("base"), NULL};
	struct catalog *catalog = catalog_load(dirs, problems);
	fixture_expect_none(problems);
	ck_assert_ptr_nonnull(fixture_rule(catalog, "mine"));
	ck_assert_int_eq(catalog_language(catalog, "de"), 1);
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

/* Texts that a translation leaves out are the English ones. */
START_TEST(test_languages)
{
	struct problems *problems = problems_create();

	fixture_base("lang");
	fixture_write("lang", "causes/de.yaml",
	    "- cause: mailbox-full\n  summary: Das Postfach ist voll.\n"
	    "- phrases: {permanent: Endgueltig., temporary: Voruebergehend., help: 'Hilfe:', ref: "
	    "'Zeichen:'}\n");
	fixture_write("lang", "site.yaml",
	    "- cause: unclassified\n  lang: fr\n  summary: Refus.\n  action: Demandez.\n");
	struct catalog *catalog = load(tree_path("lang"), NULL, problems);
	fixture_expect_none(problems);
	int de = catalog_language(catalog, "de"), fr = catalog_language(catalog, "fr");
	ck_assert_int_gt(de, 0);
	ck_assert_int_gt(fr, 0);
	ck_assert_int_ne(de, fr);
	ck_assert_int_eq(catalog_language_count(catalog), 3);
	const struct cause *full = catalog_cause(catalog, "mailbox-full");
	ck_assert_str_eq(
	    show(&cause_text(full, de)->texts[TEXT_SUMMARY], 0), "Das Postfach ist voll.");
	ck_assert_str_eq(
	    show(&cause_text(full, de)->texts[TEXT_ACTION], 0), "Wait, then send again.");
	ck_assert_ptr_nonnull(cause_text(full, de)->help);
	ck_assert_ptr_eq(cause_text(full, fr), cause_text(full, 0));
	ck_assert_str_eq(catalog_phrases(catalog, de)->ref, "Zeichen:");
	ck_assert_str_eq(catalog_phrases(catalog, fr)->ref, "Ref:");
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

START_TEST(test_codes)
{
	size_t count;
	struct catalog *catalog = load_site(
	    "- code: 251\n  name: Forward\n  meaning: \"Passes on.\"\n  refs: [RFC 5321]\n"
	    "- status: X.1.1\n  name: Bad mailbox\n  meaning: m\n  codes: [450, 550]\n"
	    "  cause: recipient-unknown\n"
	    "- status: 5.7.x\n  name: Policy\n  meaning: m\n");
	const struct code_entry *codes = catalog_codes(catalog, &count);

	ck_assert_uint_eq(count, 3);
	ck_assert_int_eq(codes[0].code, 251);
	ck_assert_ptr_null(codes[0].cause);
	ck_assert_str_eq(codes[0].refs[0], "RFC 5321");
	ck_assert_int_eq(codes[1].code, 0);
	ck_assert_int_eq(codes[1].status.class, STATUS_ANY);
	ck_assert_uint_eq(codes[1].code_count, 2);
	ck_assert_str_eq(codes[1].cause->id, "recipient-unknown");
	ck_assert_int_eq(codes[2].status.detail, STATUS_ANY);
	catalog_free(&catalog);
}
END_TEST

START_TEST(test_compile)
{
	static const struct {
		const char *text, *error;
	} cases[] = {{"https://example.org/{cause}?r={recipient}", NULL}, {"", NULL},
	    {"{ref}", NULL}, {"https://example.org/{couse}", "unknown variable {couse}"},
	    {"https://example.org/{cause", "no '}'"}, {"{}", "can't be a variable"}};
	struct catalog *catalog = load_site("");

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *error = NULL;
		const struct template *template = catalog_compile(catalog, cases[i].text, &error);
		ck_assert_int_eq(template != NULL, cases[i].error == NULL);
		ck_assert_msg(!cases[i].error || strstr(error, cases[i].error), "%s", error);
		free(error);
	}
	catalog_free(&catalog);
}
END_TEST

/* As many variables as fit, and one more. */
START_TEST(test_too_many_variables)
{
	struct problems *problems = problems_create();
	struct strbuf text;

	strbuf_init(&text, 0);
	strbuf_addstr(&text, "- rule: many\n  cause: mailbox-full\n  match: {code: 450}\n  set:\n");
	for (int i = 0; i < VARS_MAX - VAR_STANDARD_COUNT; i++)
		strbuf_addf(&text, "    v%d: x\n", i);
	fixture_write("many", "a.yaml", text.data);
	struct catalog *catalog = load(tree_path("many"), fixture_base("base"), problems);
	fixture_expect_none(problems);
	catalog_free(&catalog);
	strbuf_addstr(&text, "    toomany: x\n");
	fixture_write("many", "a.yaml", text.data);
	ck_assert_ptr_null(load(tree_path("many"), fixture_base("base"), problems));
	ck_assert_uint_eq(problems_count(problems), 1);
	strbuf_free(&text);
	problems_free(&problems);
}
END_TEST

START_TEST(test_reasons)
{
	ck_assert_int_eq(reason_number("recipient-unknown"), 0);
	ck_assert_int_ge(reason_number("unclassified"), 0);
	ck_assert_int_eq(reason_number("nonsense"), -1);
	ck_assert_int_eq(reason_number(""), -1);
	for (int i = 0; reason_names()[i]; i++)
		ck_assert_int_eq(reason_number(reason_names()[i]), i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalog");
	TCase *tests = unit_case(suite, "load");

	tcase_add_loop_test(tests, test_mistake, 0, (int)COUNT(mistakes));
	tcase_add_test(tests, test_all_mistakes);
	tcase_add_test(tests, test_read_with_mistakes);
	tcase_add_test(tests, test_base);
	tcase_add_test(tests, test_incomplete);
	tcase_add_test(tests, test_missing_directory);
	tcase_add_test(tests, test_order);
	tcase_add_test(tests, test_site_replaces);
	tcase_add_test(tests, test_site_disables);
	tcase_add_test(tests, test_site_changes_cause);
	tcase_add_test(tests, test_site_changes_constants);
	tcase_add_test(tests, test_site_own_texts);
	tcase_add_test(tests, test_site_changes_texts);
	tcase_add_test(tests, test_three_layers);
	tcase_add_test(tests, test_file_layer);
	tcase_add_test(tests, test_languages);
	tcase_add_test(tests, test_codes);
	tcase_add_test(tests, test_compile);
	tcase_add_test(tests, test_too_many_variables);
	tcase_add_test(tests, test_reasons);
	return tree_run(suite);
}
