/* match_test.c - which rule a reply selects, the cache of compiled patterns, and captures. */
#include "../catalog/fixture.h"
#include "../unit.h"

#include "explain/match.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/vars.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>

static struct catalog *load(const char *rules)
{
	struct problems *problems = problems_create();

	fixture_write("match-base", "a.yaml", fixture_texts);
	fixture_write("match-site", "a.yaml", rules);
	const char *dirs[] = {tree_path("match-site"), tree_path("match-base"), NULL};
	struct catalog *catalog = catalog_load(dirs, problems);
	fixture_expect_none(problems);
	problems_free(&problems);
	return catalog;
}

static struct matcher *start(
    const struct catalog *catalog, enum matcher_start how, const char *cache)
{
	struct problems *problems = problems_create();
	struct matcher *matcher = matcher_create(catalog, how, cache, problems);

	fixture_expect_none(problems);
	ck_assert_ptr_nonnull(matcher);
	problems_free(&problems);
	return matcher;
}

static struct matcher *create(const struct catalog *catalog, const char *cache)
{
	struct matcher *matcher = start(catalog, MATCHER_COMPILED, cache);

	ck_assert(!matcher_is_interim(matcher));
	return matcher;
}

/* For tests that hold with and without a libhs database: `_i` of the loop. */
static struct matcher *create_either(const struct catalog *catalog, int how)
{
	struct matcher *matcher = start(catalog, (enum matcher_start)how, NULL);

	ck_assert_int_eq(matcher_is_interim(matcher), how == MATCHER_AT_ONCE);
	return matcher;
}

/* The rule for a reply, "" for none. */
static const char *select_rule(
    const struct matcher *matcher, const char *text, enum stage stage, struct vars *vars)
{
	struct reply *reply = reply_create();

	ck_assert_int_eq(reply_parse(reply, text, strlen(text)), 0);
	struct match_input input = {
	    .code = reply_code(reply), .status = reply_status(reply), .stage = stage};
	input.text = reply_text(reply, &input.text_len);
	input.host = reply_host(reply, &input.host_len);
	const struct rule *rule = matcher_select(matcher, &input, vars);
	const struct rule *all[8] = {NULL};
	size_t count = matcher_select_all(matcher, &input, all, 8);
	/* The list begins with the one that is selected. */
	ck_assert_int_eq(count > 0, rule != NULL);
	ck_assert_ptr_eq(all[0], rule);
	reply_free(&reply);
	return rule ? rule->id : "";
}

static const char rules[] =
    "- {rule: code, cause: unclassified, match: {code: 521}}\n"
    "- {rule: class, cause: unclassified, match: {code: 4XX, stage: [vrfy, etrn]}}\n"
    "- {rule: status, cause: unclassified, match: {status: 5.1.2}}\n"
    "- {rule: any-class, cause: unclassified, match: {status: x.2.2}}\n"
    "- {rule: any-detail, cause: unclassified, match: {status: 5.3.x}}\n"
    "- {rule: any-subject, cause: unclassified, match: {status: 4.x.x, stage: eom}}\n"
    "- {rule: both, cause: unclassified, match: {code: [550, 553], status: [5.4.1, 5.4.6]}}\n"
    "- {rule: text, cause: unclassified, match: {text: '^access denied\\b'}}\n"
    "- {rule: text-code, cause: unclassified, match: {text: greylist, code: 4xx}}\n"
    "- {rule: text-status, cause: unclassified, match: {text: 'policy', status: x.7.x}}\n"
    "- {rule: text-stage, cause: unclassified, match: {text: helo, stage: helo}}\n"
    "- rule: several\n"
    "  cause: unclassified\n"
    "  match: [{code: 531}, {text: 'one.{0,9}two'}, {status: 5.6.7, code: 554}]\n"
    "- {rule: host, cause: unclassified, match: {text: quoted, host: [Example.ORG, b.example]}}\n"
    "- {rule: end, cause: unclassified, match: {text: 'the end$'}}\n"
    "- {rule: last-text, cause: unclassified, match: {text: 'denied'}}\n"
    "- {rule: last-code, cause: unclassified, match: {code: [550, 2xx]}}\n";

static const struct {
	const char *reply;
	enum stage stage;
	const char *rule;
} selections[] = {
    {"521 no", STAGE_NONE, "code"},
    {"522 no", STAGE_NONE, ""},
    {"520 no", STAGE_NONE, ""},
    {"450 no", STAGE_VRFY, "class"},
    {"499 no", STAGE_ETRN, "class"},
    {"450 no", STAGE_RCPT, ""},
    {"450 no", STAGE_NONE, ""},
    {"550 5.1.2 no", STAGE_NONE, "status"},
    {"450 5.1.2 no", STAGE_NONE, "status"}, /* as it stands, whatever the code */
    {"550 5.1.20 no", STAGE_NONE, "last-code"},
    {"450 4.1.2 no", STAGE_NONE, ""},
    {"452 4.2.2 no", STAGE_NONE, "any-class"},
    {"552 5.2.2 no", STAGE_NONE, "any-class"},
    {"250 2.2.2 no", STAGE_NONE, "any-class"},
    {"5.2.2 no", STAGE_NONE, "any-class"},
    {"554 5.3.0 no", STAGE_NONE, "any-detail"},
    {"554 5.3.999 no", STAGE_NONE, "any-detail"},
    {"454 4.3.0 no", STAGE_NONE, ""},
    {"454 4.3.0 no", STAGE_EOM, "any-subject"},
    {"550 5.4.1 no", STAGE_NONE, "both"},
    {"553 5.4.6 no", STAGE_NONE, "both"},
    {"550 5.4.2 no", STAGE_NONE, "last-code"},
    {"554 5.4.1 no", STAGE_NONE, ""},
    {"5.4.1 no", STAGE_NONE, ""},
    {"554 Access Denied", STAGE_NONE, "text"},
    {"access denied", STAGE_NONE, "text"},
    {"554 access denieds", STAGE_NONE, "last-text"},
    {"554 no access denied", STAGE_NONE, "last-text"},
    {"550 denied", STAGE_NONE, "last-text"},
    {"450 GreyListed", STAGE_NONE, "text-code"},
    {"554 Greylisted", STAGE_NONE, ""},
    {"450 4.7.1 our policy", STAGE_NONE, "text-status"},
    {"450 4.2.1 our policy", STAGE_NONE, ""},
    {"450 our policy", STAGE_NONE, ""},
    {"504 bad helo", STAGE_HELO, "text-stage"},
    {"504 bad helo", STAGE_RCPT, ""},
    {"531 no", STAGE_NONE, "several"},
    {"554 one and two", STAGE_NONE, "several"},
    {"554 one 0123456789 two", STAGE_NONE, ""},
    {"554-one\r\n554 two", STAGE_NONE, "several"}, /* lines are joined */
    {"554 5.6.7 no", STAGE_NONE, "several"},
    {"550 5.6.7 no", STAGE_NONE, "last-code"},
    /* The quoted server's domain and what is in it. */
    {"host mx.example.org[192.0.2.1] said: 554 quoted", STAGE_NONE, "host"},
    {"host EXAMPLE.org[192.0.2.1] said: 554 quoted", STAGE_NONE, "host"},
    {"host a.b.example[192.0.2.1] said: 554 quoted", STAGE_NONE, "host"},
    {"host myexample.org[192.0.2.1] said: 554 quoted", STAGE_NONE, ""},
    {"host example.org.net[192.0.2.1] said: 554 quoted", STAGE_NONE, ""},
    {"host org[192.0.2.1] said: 554 quoted", STAGE_NONE, ""},
    {"554 quoted", STAGE_NONE, ""},
    {"554 this is the end", STAGE_NONE, "end"},
    {"554 this is the end.", STAGE_NONE, ""},
    {"250 fine", STAGE_NONE, "last-code"},
    {"354 go", STAGE_NONE, ""},
    {"", STAGE_NONE, ""},
    {"550", STAGE_NONE, "last-code"},
};

START_TEST(test_select)
{
	struct catalog *catalog = load(rules);
	struct matcher *matcher = create_either(catalog, _i);

	for (size_t i = 0; i < COUNT(selections); i++) {
		const char *rule =
		    select_rule(matcher, selections[i].reply, selections[i].stage, NULL);
		ck_assert_msg(strcmp(rule, selections[i].rule) == 0, "'%s' selects '%s', not '%s'",
		    selections[i].reply, rule, selections[i].rule);
	}
	matcher_free(&matcher);
	ck_assert_ptr_null(matcher);
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

START_TEST(test_select_all)
{
	struct catalog *catalog = load(rules);
	struct matcher *matcher = create_either(catalog, _i);
	struct match_input input = {
	    .code = 550, .status = {5, 4, 1}, .text = "access denied", .text_len = 13};
	const struct rule *all[4];
	static const char *const wanted[] = {"both", "text", "last-text", "last-code"};

	ck_assert_uint_eq(matcher_select_all(matcher, &input, all, 4), 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(all[i]->id, wanted[i]);
	all[1] = NULL;
	ck_assert_uint_eq(matcher_select_all(matcher, &input, all, 1), 4);
	ck_assert_ptr_null(all[1]);
	ck_assert_uint_eq(matcher_select_all(matcher, &input, NULL, 0), 4);
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

/* Layers before files before rules, whether a rule has a text or not. */
START_TEST(test_first_match)
{
	struct problems *problems = problems_create();

	fixture_write("fm-base", "a.yaml", fixture_texts);
	fixture_write("fm-base", "rules/20-b.yaml",
	    "- {rule: b1, cause: unclassified, match: {text: word}}\n"
	    "- {rule: b2, cause: unclassified, match: {code: 550}}\n"
	    "- {rule: b3, cause: unclassified, match: {text: word}}\n");
	fixture_write("fm-base", "rules/10-a.yaml",
	    "- {rule: a1, cause: unclassified, match: {code: 551}}\n");
	fixture_write("fm-base", "rules/30-c.yaml",
	    "- {rule: c1, cause: unclassified, match: {text: other}}\n"
	    "- {rule: c2, cause: unclassified, match: {text: 'o'}}\n");
	fixture_write("fm-site", "z.yaml",
	    "- {rule: s1, cause: unclassified, match: {text: word, code: 554}}\n"
	    "- {rule: b3, cause: mailbox-full}\n");
	const char *dirs[] = {tree_path("fm-site"), tree_path("fm-base"), NULL};
	struct catalog *catalog = catalog_load(dirs, problems);
	fixture_expect_none(problems);
	struct matcher *matcher = create_either(catalog, _i);
	static const char *const cases[][2] = {{"554 word", "s1"}, {"551 word", "a1"},
	    {"550 word", "b1"}, {"550 other", "b2"}, {"553 other", "c1"}, {"553 o", "c2"},
	    {"553 x", ""}};
	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(select_rule(matcher, cases[i][0], STAGE_NONE, NULL), cases[i][1]);
	matcher_free(&matcher);
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

/* So many patterns that they can't be in one piece: the first rule still wins. */
START_TEST(test_many_rules)
{
	struct strbuf text;
	char reply[64];
	enum { RULES = 1200 };

	strbuf_init(&text, 0);
	for (int i = 0; i < RULES; i++) {
		strbuf_addf(&text,
		    "- {rule: r%d, cause: unclassified, match: {text: '\\bnumber %d\\b'}}\n", i, i);
		if (i % 100 == 50)
			strbuf_addf(&text,
			    "- {rule: code%d, cause: unclassified, match: {code: %d}}\n", i,
			    500 + i / 100);
	}
	strbuf_addstr(&text, "- rule: spread\n  cause: unclassified\n  match:\n");
	for (int i = 0; i < 300; i++)
		strbuf_addf(&text, "    - text: 'spread %d\\b'\n", i);
	struct catalog *catalog = load(text.data);
	struct matcher *matcher = create_either(catalog, _i);
	for (int i = 0; i < RULES; i += 37) {
		char id[16];
		snprintf(reply, sizeof(reply), "554 number %d and number %d", RULES - 1, i);
		snprintf(id, sizeof(id), "r%d", i);
		ck_assert_str_eq(select_rule(matcher, reply, STAGE_NONE, NULL), id);
		/* A code that stands at 550 of the texts. */
		snprintf(reply, sizeof(reply), "505 number %d", i);
		ck_assert_str_eq(
		    select_rule(matcher, reply, STAGE_NONE, NULL), i <= 550 ? id : "code550");
	}
	ck_assert_str_eq(select_rule(matcher, "554 spread 0", STAGE_NONE, NULL), "spread");
	ck_assert_str_eq(select_rule(matcher, "554 spread 299", STAGE_NONE, NULL), "spread");
	matcher_free(&matcher);
	catalog_free(&catalog);
	strbuf_free(&text);
}
END_TEST

START_TEST(test_no_patterns)
{
	struct catalog *catalog = load("- {rule: a, cause: unclassified, match: {code: 550}}\n");
	struct matcher *matcher = create(catalog, tree_path("cache-none"));

	ck_assert_str_eq(select_rule(matcher, "550 x", STAGE_NONE, NULL), "a");
	ck_assert_str_eq(select_rule(matcher, "551 x", STAGE_NONE, NULL), "");
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

/* Valid for one library and not for the other, or for none: each is reported where it stands. */
START_TEST(test_bad_patterns)
{
	static const char text[] =
	    "- rule: unclosed\n  cause: unclassified\n  match:\n    text: '(abc'\n"
	    "- rule: good\n  cause: unclassified\n  match: {text: abc}\n"
	    "- rule: lookahead\n  cause: unclassified\n  match: {text: 'a(?=b)'}\n"
	    "- rule: backreference\n  cause: unclassified\n  match:\n    - code: 550\n    - text: "
	    "'(a)\\1'\n"
	    "- rule: empty\n  cause: unclassified\n  match: {text: 'a*'}\n"
	    "- rule: atomic\n  cause: unclassified\n  match: {text: '(?<host>(?>a+)b)'}\n"
	    "- rule: range\n  cause: unclassified\n  match: {text: '(?<host>[z-a])'}\n"
	    "- rule: callout\n  cause: unclassified\n  match: {text: '(?<host>a[b-\\d])'}\n";
	static const struct {
		unsigned line, column;
		const char *words;
	} wanted[] = {{4, 12, "rule unclosed: text: "}, {10, 18, "rule lookahead: text: "},
	    {15, 14, "rule backreference: text: "}, {18, 18, "rule empty: text: "},
	    {21, 18, "rule atomic: text: "}, {24, 18, "rule range: text: "},
	    {27, 18, "rule callout: text: "}};
	struct problems *problems = problems_create();
	struct catalog *catalog = load(text);
	char *file = mem_printf("%s/a.yaml", tree_path("match-site"));

	struct matcher *matcher =
	    matcher_create(catalog, (enum matcher_start)_i, tree_path("cache-bad"), problems);
	bool ok = problems_count(problems) == COUNT(wanted);
	for (size_t i = 0; ok && i < COUNT(wanted); i++)
		ok = fixture_has(problems, file, wanted[i].line, wanted[i].column, wanted[i].words);
	if (!ok)
		fixture_show(problems);
	ck_assert(ok);
	ck_assert_int_lt(access(tree_path("cache-bad"), F_OK), 0);
	ck_assert_int_eq(matcher_is_interim(matcher), _i == MATCHER_AT_ONCE);
	/* The others are there, for a checker to go on with. */
	ck_assert_str_eq(select_rule(matcher, "551 abc", STAGE_NONE, NULL), "good");
	ck_assert_str_eq(select_rule(matcher, "551 aab", STAGE_NONE, NULL), "");
	matcher_free(&matcher);
	free(file);
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

/* What a daemon says in its first seconds is what it says later. */
START_TEST(test_interim_is_the_same)
{
	const char *dirs[] = {"conf/catalog", NULL};
	struct problems *problems = problems_create();
	struct catalog *catalog = catalog_load(dirs, problems);
	fixture_expect_none(problems);
	struct matcher *slow = create_either(catalog, MATCHER_AT_ONCE);
	struct matcher *fast = create(catalog, "build/cache");
	size_t count, tried = 0;
	const struct rule *list = catalog_rules(catalog, &count);

	for (size_t i = 0; i < count; i += 3)
		for (size_t j = 0; j < list[i].example_count; j++, tried++)
			ck_assert_str_eq(select_rule(slow, list[i].examples[j], STAGE_NONE, NULL),
			    select_rule(fast, list[i].examples[j], STAGE_NONE, NULL));
	ck_assert_uint_gt(tried, count / 3);
	matcher_free(&slow);
	matcher_free(&fast);
	catalog_free(&catalog);
	problems_free(&problems);
}
END_TEST

/* With a cache there is nothing to wait for. */
START_TEST(test_at_once_with_a_cache)
{
	struct catalog *catalog = load(rules);
	struct matcher *matcher = start(catalog, MATCHER_AT_ONCE, tree_path("cache-at-once"));

	ck_assert(matcher_is_interim(matcher));
	matcher_free(&matcher);
	matcher = create(catalog, tree_path("cache-at-once"));
	matcher_free(&matcher);
	matcher = start(catalog, MATCHER_AT_ONCE, tree_path("cache-at-once"));
	ck_assert(!matcher_is_interim(matcher));
	ck_assert(matcher_was_cached(matcher));
	ck_assert_str_eq(select_rule(matcher, "554 access denied", STAGE_NONE, NULL), "text");
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

/* ---- captures ---- */

static const struct {
	const char *reply;
	const char *rule;
	const char *values[6]; /* name, value, ... */
} captures[] = {
    {"550 5.1.1 <bob@example.org>: User unknown", "unknown",
        {"recipient", "bob@example.org", NULL}},
    {"550 user unknown", "unknown", {"recipient", NULL, NULL}},
    {"554 blocked using bl.example.net; https://bl.example.net/?192.0.2.1 now", "blocked",
        {"list", "Example List", "domain", "bl.example.net", "url",
            "https://bl.example.net/?192.0.2.1"}},
    {"554 Blocked Using bl.example.net", "blocked",
        {"list", "Example List", "domain", "bl.example.net", "url", NULL}},
    {"554 blocked using x; https://evil\x1b[2J\x07{ref}$\\n", "blocked",
        {"url", "https://evil", "domain", "x"}}, /* controls count as blanks */
    {"550 <\xe2\x80\xae"
     "moc@x>: user unknown",
        "unknown", {"recipient", "?moc@x"}},
    {"550 <\xff\xfe@x>: user unknown", "unknown", {"recipient", "??@x"}},
    {"550 <{sender}$x%s\\n@x>: user unknown", "unknown", {"recipient", "{sender}$x%s\\n@x"}},
    {"554 other", "any-5xx", {"recipient", NULL, "list", NULL}},
};

static const char *value(const struct catalog *catalog, const struct vars *vars, const char *name)
{
	int var = varnames_find(catalog_varnames(catalog), name, strlen(name));

	ck_assert_int_ge(var, 0);
	return vars_get(vars, var);
}

START_TEST(test_captures)
{
	struct catalog *catalog = load(fixture_rules);
	struct matcher *matcher = create_either(catalog, _i);
	struct vars *vars = vars_create();

	for (size_t i = 0; i < COUNT(captures); i++) {
		vars_reset(vars);
		ck_assert_str_eq(
		    select_rule(matcher, captures[i].reply, STAGE_NONE, vars), captures[i].rule);
		for (size_t j = 0; j + 1 < 6 && captures[i].values[j]; j += 2) {
			const char *got = value(catalog, vars, captures[i].values[j]);
			const char *want = captures[i].values[j + 1];
			ck_assert_msg((!got && !want) || (got && want && strcmp(got, want) == 0),
			    "'%s': {%s} is '%s', not '%s'", captures[i].reply,
			    captures[i].values[j], got ? got : "(unknown)",
			    want ? want : "(unknown)");
		}
	}
	vars_free(&vars);
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

/* A long value is cut; a pattern that backtracks without end on a hostile text gives up, and the
 * rule stands. */
START_TEST(test_hostile_captures)
{
	struct catalog *catalog =
	    load("- {rule: slow, cause: unclassified, match: {text: '^(?<host>(a+)+)(b|$)'}}\n"
	         "- {rule: any, cause: unclassified, match: {text: 'x(?<list>.*)y'}}\n");
	struct matcher *matcher = create_either(catalog, _i);
	struct vars *vars = vars_create();
	static char text[REPLY_MAX + 1];

	memset(text, 'z', REPLY_MAX);
	memcpy(text, "554 x", 5);
	text[REPLY_MAX - 1] = 'y';
	ck_assert_str_eq(select_rule(matcher, text, STAGE_NONE, vars), "any");
	ck_assert_uint_eq(strlen(vars_get(vars, VAR_LIST)), VAR_MAX_CHARACTERS);
	vars_reset(vars);
	memset(text, 'a', REPLY_MAX);
	memcpy(text, "554 ", 4);
	text[400] = '\0';
	ck_assert_str_eq(select_rule(matcher, text, STAGE_NONE, vars), "slow");
	vars_reset(vars);
	text[400] = 'c';
	memcpy(text + 401, " x1y", 5);
	ck_assert_str_eq(select_rule(matcher, text, STAGE_NONE, vars), "any");
	ck_assert_str_eq(vars_get(vars, VAR_LIST), "1");
	vars_free(&vars);
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

/* ---- the cache ---- */

/* The only file in directory DIR, "" if there is none. The caller frees it. */
static char *cache_file(const char *dir)
{
	DIR *directory = opendir(dir);
	char *found = NULL;

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (entry->d_name[0] != '.') {
			ck_assert_ptr_null(found);
			found = mem_printf("%s/%s", dir, entry->d_name);
		}
	if (directory)
		closedir(directory);
	return found ? found : mem_strdup("");
}

static bool was_cached(const struct catalog *catalog, const char *dir)
{
	struct matcher *matcher = create(catalog, dir);
	bool cached = matcher_was_cached(matcher);

	/* However it came to be, it works. */
	ck_assert_str_eq(select_rule(matcher, "550 user unknown", STAGE_NONE, NULL), "unknown");
	ck_assert_str_eq(select_rule(matcher, "550 nothing", STAGE_NONE, NULL), "any-5xx");
	matcher_free(&matcher);
	return cached;
}

START_TEST(test_cache)
{
	struct catalog *catalog = load(fixture_rules);
	const char *dir = tree_path("cache");

	ck_assert(!was_cached(catalog, dir));
	char *file = cache_file(dir);
	struct stat status;
	ck_assert_int_eq(stat(file, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0644);
	ck_assert(was_cached(catalog, dir));
	ck_assert(was_cached(catalog, dir));
	ck_assert(!was_cached(catalog, NULL));
	catalog_free(&catalog);

	/* Other patterns are another database; one that nobody used for weeks goes. */
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, file, old, 0), 0);
	struct strbuf more;
	strbuf_init(&more, 0);
	strbuf_addf(
	    &more, "- {rule: more, cause: unclassified, match: {text: abcdef}}\n%s", fixture_rules);
	catalog = load(more.data);
	ck_assert(!was_cached(catalog, dir));
	char *other = cache_file(dir);
	ck_assert_str_ne(file, other);
	ck_assert(was_cached(catalog, dir));
	catalog_free(&catalog);
	strbuf_free(&more);
	free(other);
	free(file);
}
END_TEST

/* Two lists of patterns that would be one text if line breaks told them apart. */
START_TEST(test_cache_line_breaks)
{
	static const char *const lists[] = {
	    "- {rule: a, cause: unclassified, match: {text: \"aa\\nbb\"}}\n"
	    "- {rule: b, cause: unclassified, match: {text: \"cc\"}}\n",
	    "- {rule: a, cause: unclassified, match: {text: \"aa\"}}\n"
	    "- {rule: b, cause: unclassified, match: {text: \"bb\\ncc\"}}\n"};
	static const char *const texts[] = {"554 cc", "554 aa"}, *const found[] = {"b", "a"};

	for (size_t i = 0; i < 2; i++) {
		struct catalog *catalog = load(lists[i]);
		struct matcher *matcher = create(catalog, tree_path("cache-breaks"));
		ck_assert(!matcher_was_cached(matcher));
		ck_assert_str_eq(select_rule(matcher, texts[i], STAGE_NONE, NULL), found[i]);
		ck_assert_str_eq(select_rule(matcher, texts[1 - i], STAGE_NONE, NULL), "");
		matcher_free(&matcher);
		catalog_free(&catalog);
	}
}
END_TEST

static void truncate_half(const char *file)
{
	struct stat status;

	ck_assert_int_eq(stat(file, &status), 0);
	ck_assert_int_eq(truncate(file, status.st_size / 2), 0);
}

static void truncate_all(const char *file)
{
	ck_assert_int_eq(truncate(file, 0), 0);
}

static void cut_one(const char *file)
{
	struct stat status;

	ck_assert_int_eq(stat(file, &status), 0);
	ck_assert_int_eq(truncate(file, status.st_size - 1), 0);
}

static void flip(const char *file, off_t from_end, off_t from_start)
{
	FILE *stream = fopen(file, "r+");
	int c;

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(
	    from_end ? fseek(stream, -from_end, SEEK_END) : fseek(stream, from_start, SEEK_SET), 0);
	c = fgetc(stream);
	ck_assert_int_eq(fseek(stream, -1, SEEK_CUR), 0);
	fputc(c ^ 0x40, stream);
	ck_assert_int_eq(fclose(stream), 0);
}

/* The last octets of a serialised database mean nothing to libhs. */
static void flip_late(const char *file)
{
	flip(file, 1000, 0);
}

static void flip_middle(const char *file)
{
	struct stat status;

	ck_assert_int_eq(stat(file, &status), 0);
	flip(file, status.st_size / 2, 0);
}

static void flip_first(const char *file)
{
	flip(file, 0, 0);
}

static void garbage(const char *file)
{
	char data[5000];

	memset(data, 0xA5, sizeof(data));
	tree_write_data(file, data, sizeof(data));
}

static void writable_by_others(const char *file)
{
	ck_assert_int_eq(chmod(file, 0666), 0);
}

static void writable_by_group(const char *file)
{
	ck_assert_int_eq(chmod(file, 0664), 0);
}

static void owned_by_another(const char *file)
{
	if (geteuid() == 0)
		ck_assert_int_eq(chown(file, 65534, 65534), 0);
	else
		writable_by_others(file);
}

static void symlinked(const char *file)
{
	char *real = mem_printf("%s", tree_path("real-cache-file"));

	ck_assert_int_eq(rename(file, real), 0);
	ck_assert_int_eq(symlink(real, file), 0);
	free(real);
}

static void fifo(const char *file)
{
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
}

static const struct {
	const char *name;
	void (*spoil)(const char *file);
} spoilers[] = {{"truncated", truncate_half}, {"emptied", truncate_all}, {"one octet cut", cut_one},
    {"late octet", flip_late}, {"middle octet", flip_middle}, {"first octet", flip_first},
    {"garbage", garbage}, {"mode 666", writable_by_others}, {"mode 664", writable_by_group},
    {"another owner", owned_by_another}, {"a symbolic link", symlinked}, {"a FIFO", fifo}};

/* What can't be trusted is compiled anew and replaced. */
START_TEST(test_spoiled_cache)
{
	struct catalog *catalog = load(fixture_rules);
	char dir[64];

	snprintf(dir, sizeof(dir), "cache-%d", _i);
	ck_assert(!was_cached(catalog, tree_path(dir)));
	char *file = cache_file(tree_path(dir));
	spoilers[_i].spoil(file);
	ck_assert_msg(!was_cached(catalog, tree_path(dir)), "%s", spoilers[_i].name);
	struct stat status;
	ck_assert_int_eq(lstat(file, &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 0777, 0644);
	ck_assert_msg(was_cached(catalog, tree_path(dir)), "%s: not replaced", spoilers[_i].name);
	free(file);
	catalog_free(&catalog);
}
END_TEST

/* A header that lies: every octet of the serialised database's beginning, changed. */
START_TEST(test_fuzzed_cache)
{
	struct catalog *catalog =
	    load("- {rule: unknown, cause: unclassified, match: {text: user unknown}}\n"
	         "- {rule: any-5xx, cause: unclassified, match: {code: 5xx}}\n");
	const char *dir = tree_path("cache-fuzz");
	struct stat status;

	ck_assert(!was_cached(catalog, dir));
	char *file = cache_file(dir);
	ck_assert_int_eq(stat(file, &status), 0);
	for (off_t at = 0; at < status.st_size; at += at < 300 ? 3 : 997) {
		flip(file, 0, at);
		was_cached(catalog, dir);
	}
	ck_assert(was_cached(catalog, dir));
	free(file);
	catalog_free(&catalog);
}
END_TEST

/* A directory that can't be had costs time only. */
START_TEST(test_no_cache)
{
	struct catalog *catalog = load(fixture_rules);

	tree_write(tree_path("a-file"), "x");
	ck_assert(!was_cached(catalog, tree_path("a-file")));
	ck_assert(!was_cached(catalog, tree_path("a-file")));
	ck_assert(!was_cached(catalog, tree_path("no/such/parent")));
	ck_assert(!was_cached(catalog, "/proc/self/nowhere"));
	ck_assert(!was_cached(catalog, "/proc/self"));
	catalog_free(&catalog);
}
END_TEST

/* ---- threads ---- */

static void *select_often(void *context)
{
	const struct matcher *matcher = context;
	struct vars *vars = vars_create();
	struct reply *reply = reply_create();
	static const char text[] = "550 5.1.1 <bob@example.org>: User unknown";

	for (int i = 0; i < 2000; i++) {
		reply_parse(reply, text, sizeof(text) - 1);
		struct match_input input = {
		    .code = reply_code(reply), .status = reply_status(reply)};
		input.text = reply_text(reply, &input.text_len);
		input.host = reply_host(reply, &input.host_len);
		vars_reset(vars);
		const struct rule *rule = matcher_select(matcher, &input, vars);
		if (!rule || strcmp(rule->id, "unknown") != 0 ||
		    strcmp(vars_get(vars, VAR_RECIPIENT), "bob@example.org") != 0) {
			reply_free(&reply);
			vars_free(&vars);
			return context;
		}
	}
	reply_free(&reply);
	vars_free(&vars);
	return NULL;
}

START_TEST(test_threads)
{
	struct catalog *catalog = load(fixture_rules);
	struct matcher *matcher = create(catalog, NULL);
	pthread_t threads[6];

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, select_often, matcher), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	matcher_free(&matcher);
	catalog_free(&catalog);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("match");
	TCase *tests = unit_case(suite, "match");

	tcase_add_loop_test(tests, test_select, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tcase_add_loop_test(tests, test_select_all, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tcase_add_loop_test(tests, test_first_match, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tcase_add_loop_test(tests, test_many_rules, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tcase_add_test(tests, test_no_patterns);
	tcase_add_loop_test(tests, test_bad_patterns, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tcase_add_test(tests, test_interim_is_the_same);
	tcase_add_test(tests, test_at_once_with_a_cache);
	tests = unit_case(suite, "captures");
	tcase_add_loop_test(tests, test_captures, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tcase_add_loop_test(tests, test_hostile_captures, MATCHER_COMPILED, MATCHER_AT_ONCE + 1);
	tests = unit_case(suite, "cache");
	tcase_add_test(tests, test_cache);
	tcase_add_test(tests, test_cache_line_breaks);
	tcase_add_loop_test(tests, test_spoiled_cache, 0, (int)COUNT(spoilers));
	tcase_add_test(tests, test_fuzzed_cache);
	tcase_add_test(tests, test_no_cache);
	tests = unit_case(suite, "threads");
	tcase_add_test(tests, test_threads);
	return tree_run(suite);
}
