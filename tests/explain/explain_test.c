/* explain_test.c - explain_reply(), the engine and its holder, examples, references, JSON. */
#include "../catalog/fixture.h"
#include "../unit.h"

#include "explain/check.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/explain_json.h"
#include "explain/match.h"
#include "explain/profile.h"
#include "explain/ref.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

static const struct profile_settings profiles[] = {
    {.name = (char *)"default",
        .contact = (char *)"postmaster@example.org",
        .help_url = (char *)"https://example.org/why/{cause}",
        .language = (char *)"en",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
    {.name = (char *)"internal",
        .internal = true,
        .contact = (char *)"Helpdesk, ext. 4357",
        .help_url = (char *)"https://example.org/{cause}?to={recipient}&code={code}",
        .language = (char *)"en",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
    {.name = (char *)"german",
        .contact = (char *)"postmaster@example.org",
        .language = (char *)"de",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
    {.name = (char *)"bare",
        .contact = (char *)"postmaster@example.org",
        .help_url = (char *)"",
        .language = (char *)"en",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
};

static struct engine *try_engine(const char *site, struct problems *problems)
{
	fixture_base("ex-base");
	fixture_write("ex-base", "causes/de.yaml",
	    "- phrases: {permanent: Endgueltig., temporary: Voruebergehend., help: 'Hilfe:', ref: "
	    "'Zeichen:'}\n"
	    "- cause: mailbox-full\n  summary: Das Postfach ist voll.\n  action: Warten.\n");
	fixture_write("ex-site", "site.yaml", site);
	const char *dirs[] = {tree_path("ex-site"), tree_path("ex-base"), NULL};
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .cache_dir = tree_path("ex-cache"),
	    .site = "mx.example.org",
	    .profiles = profiles,
	    .profile_count = COUNT(profiles)};
	return engine_create(&settings, problems);
}

static struct engine *make_engine(const char *site)
{
	struct problems *problems = problems_create();
	struct engine *engine = try_engine(site, problems);

	fixture_expect_none(problems);
	ck_assert_ptr_nonnull(engine);
	problems_free(&problems);
	return engine;
}

/* ---- explain_reply() ---- */

static const struct {
	const char *reply, *profile, *recipient, *ref;
	/* Expected; rule NULL: no explanation. */
	const char *rule, *cause, *summary, *action, *note, *closing;
} cases[] = {
    {"250 2.1.5 Ok", "", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {"354 go", "", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {"2.1.5 ok", "", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {"550 5.1.1 gone  Ref: 7Q2K-M4RX", "", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {"550-5.1.1 gone\r\n550 5.1.1 Help: https://x/  Ref: 7Q2K-M4RX", "", NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL},
    {"550 weg Zeichen: 7Q2K-M4RX", "", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    {"550 gone Ref: 7Q2K-M4RI", "bare", NULL, NULL, "any-5xx", "unclassified",
        "The server refused the message.", "Ask postmaster@example.org.", "Permanent.", ""},
    {"550 gone Ref: 7Q2K-M4RX.", "bare", NULL, NULL, "any-5xx", "unclassified",
        "The server refused the message.", "Ask postmaster@example.org.", "Permanent.", ""},
    {"550 gone Code: 7Q2K-M4RX", "bare", NULL, NULL, "any-5xx", "unclassified",
        "The server refused the message.", "Ask postmaster@example.org.", "Permanent.", ""},
    {"550 7Q2K-M4RX", "bare", NULL, NULL, "any-5xx", "unclassified",
        "The server refused the message.", "Ask postmaster@example.org.", "Permanent.", ""},
    /* Nobody knows: by class only. */
    {"450 no", "bare", NULL, NULL, "", "unclassified", "The server refused the message for now.",
        "Wait.", "Temporary.", ""},
    {"4.0.0 no", "bare", NULL, NULL, "", "unclassified", "The server refused the message for now.",
        "Wait.", "Temporary.", ""},
    {"5.0.0 no", "bare", NULL, NULL, "", "unclassified", "The server refused the message.",
        "Ask postmaster@example.org.", "Permanent.", ""},
    {"something", "bare", NULL, NULL, "", "unclassified", "The server refused the message.",
        "Ask postmaster@example.org.", "", ""},
    {"", "bare", NULL, NULL, "", "unclassified", "The server refused the message.",
        "Ask postmaster@example.org.", "", ""},
    /* The code, not the status, says whether it is temporary. */
    {"550 4.2.2 full", "bare", NULL, NULL, "full", "mailbox-full", "The mailbox is full.",
        "Wait, then send again.", "Permanent.", ""},
    {"450 5.2.2 full", "bare", NULL, NULL, "full", "mailbox-full", "The mailbox is full.",
        "Nothing to do.", "Temporary.", ""},
    /* Variants, from the session or the reply; the reply's own words win. */
    {"552 5.2.2 x", "", "bob@example.org", NULL, "full", "mailbox-full",
        "The mailbox of bob@example.org is full.", "Wait, then send again.", "Permanent.",
        "Help: https://example.org/why/mailbox-full"},
    {"550 <ann@example.org>: user unknown", "", "bob@example.org", "7Q2K-M4RX", "unknown",
        "recipient-unknown", "The address ann@example.org does not exist.", "Check the spelling.",
        "Permanent.", "Help: https://example.org/why/recipient-unknown  Ref: 7Q2K-M4RX"},
    {"550 user unknown", "bare", NULL, "7Q2K-M4RX", "unknown", "recipient-unknown",
        "The address does not exist.", "Check the spelling.", "Permanent.", "Ref: 7Q2K-M4RX"},
    {"554 blocked using bl.example.net; https://bl.example.net/x", "bare", NULL, NULL, "blocked",
        "ip-blocklisted", "Your server is on Example List, see https://bl.example.net/x.",
        "Forward this notice.", "Permanent.", ""},
    {"554 blocked using bl.example.net", "bare", NULL, NULL, "blocked", "ip-blocklisted",
        "Your server is on Example List.", "Forward this notice.", "Permanent.", ""},
    /* Our own users. */
    {"452 4.2.2 x", "internal", "bob@example.org", NULL, "full", "mailbox-full",
        "The mailbox of bob@example.org is full.", "Call Helpdesk, ext. 4357.", "Temporary.",
        "Help: https://example.org/mailbox-full?to=bob%40example.org&code=452"},
    {"552 5.2.2 x", "internal", "a&b=\"<script>\"+%$\\n {ref}\r\n@x", NULL, "full", "mailbox-full",
        "The mailbox of a&b=\"<script>\"+%$\\n {ref}\?\?@x is full.", "Call Helpdesk, ext. 4357.",
        "Permanent.",
        "Help: "
        "https://example.org/"
        "mailbox-full?to=a%26b%3D%22%3Cscript%3E%22%2B%25%24%5Cn%20%7Bref%7D%3F%3F%40x"
        "&code=552"},
    {"550 user unknown", "internal", NULL, NULL, "unknown", "recipient-unknown",
        "The address does not exist.", "Check the spelling.", "Permanent.",
        "Help: https://example.org/recipient-unknown?to=&code=550"},
    /* Another language; English where it has no text. */
    {"552 5.2.2 x", "german", "bob@example.org", "7Q2K-M4RX", "full", "mailbox-full",
        "Das Postfach ist voll.", "Warten.", "Endgueltig.", "Zeichen: 7Q2K-M4RX"},
    {"450 no", "german", NULL, NULL, "", "unclassified", "The server refused the message for now.",
        "Wait.", "Voruebergehend.", ""},
};

START_TEST(test_explain)
{
	struct engine *engine = make_engine("");
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct explain_context context = {
		    .profile = engine_profile(engine, cases[i].profile, strlen(cases[i].profile)),
		    .recipient = cases[i].recipient,
		    .ref = cases[i].ref};
		ck_assert_ptr_nonnull(context.profile);
		ck_assert_int_eq(reply_parse(reply, cases[i].reply, strlen(cases[i].reply)), 0);
		const struct explanation *got = explain_reply(explainer, engine, reply, &context);
		ck_assert_msg((got != NULL) == (cases[i].rule != NULL), "'%s'", cases[i].reply);
		if (!got)
			continue;
		const char *const pairs[][2] = {{got->rule ? got->rule->id : "", cases[i].rule},
		    {got->cause->id, cases[i].cause}, {got->message.summary, cases[i].summary},
		    {got->message.action, cases[i].action}, {got->message.note, cases[i].note},
		    {got->message.closing, cases[i].closing},
		    {got->ref, cases[i].ref ? cases[i].ref : ""}};
		for (size_t j = 0; j < COUNT(pairs); j++)
			ck_assert_msg(strcmp(pairs[j][0], pairs[j][1]) == 0,
			    "%s (%s): '%s', not '%s'", cases[i].reply, cases[i].profile,
			    pairs[j][0], pairs[j][1]);
		ck_assert_int_eq(got->code, reply_code(reply));
		ck_assert_int_eq(got->class, reply_class(reply));
		ck_assert_int_eq(got->temporary, got->class == 4);
	}
	reply_free(&reply);
	explainer_free(&explainer);
	ck_assert_ptr_null(explainer);
	explainer_free(&explainer);
	engine_put(&engine);
}
END_TEST

/* What one explanation knew does not reach the next. */
START_TEST(test_no_leftovers)
{
	struct engine *engine = make_engine("");
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();
	struct explain_context context = {.profile = engine_profile(engine, "", 0),
	    .recipient = "secret@example.org",
	    .ref = "7Q2K-M4RX"};

	reply_parse(reply, "550 <ann@example.org>: user unknown", 35);
	ck_assert_ptr_nonnull(explain_reply(explainer, engine, reply, &context));
	context = (struct explain_context){.profile = engine_profile(engine, "", 0)};
	reply_parse(reply, "550 user unknown", 16);
	const struct explanation *got = explain_reply(explainer, engine, reply, &context);
	ck_assert_str_eq(got->message.summary, "The address does not exist.");
	ck_assert_str_eq(got->ref, "");
	ck_assert_str_eq(got->message.closing, "Help: https://example.org/why/recipient-unknown");
	reply_free(&reply);
	explainer_free(&explainer);
	engine_put(&engine);
}
END_TEST

/* The stage comes from the context, else from the reply itself. */
START_TEST(test_stages)
{
	struct engine *engine =
	    make_engine("- rule: at-data\n  match: {code: 550, stage: data}\n"
	                "  summary: [\"At {stage}.\", \"At data.\"]\n  action: x\n");
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();
	static const struct {
		const char *reply;
		enum stage stage;
		const char *rule;
	} stages[] = {{"550 no", STAGE_NONE, "any-5xx"}, {"550 no", STAGE_DATA, "at-data"},
	    {"550 no", STAGE_RCPT, "any-5xx"},
	    {"host mx.example.net[192.0.2.1] said: 550 no (in reply to DATA command)", STAGE_NONE,
	        "at-data"},
	    {"host mx.example.net[192.0.2.1] said: 550 no (in reply to DATA command)", STAGE_RCPT,
	        "any-5xx"}};

	for (size_t i = 0; i < COUNT(stages); i++) {
		struct explain_context context = {
		    .profile = engine_profile(engine, "", 0), .stage = stages[i].stage};
		reply_parse(reply, stages[i].reply, strlen(stages[i].reply));
		const struct explanation *got = explain_reply(explainer, engine, reply, &context);
		ck_assert_msg(got->rule && strcmp(got->rule->id, stages[i].rule) == 0,
		    "%s at %s: %s", stages[i].reply, stage_name(stages[i].stage),
		    got->rule ? got->rule->id : "-");
		if (strcmp(stages[i].rule, "at-data") == 0)
			ck_assert_str_eq(got->message.summary, "At data.");
	}
	reply_free(&reply);
	explainer_free(&explainer);
	engine_put(&engine);
}
END_TEST

/* ---- engine ---- */

/* Mistakes of every kind, told at once. */
START_TEST(test_engine_all_mistakes)
{
	static const char site[] =
	    "- rule: one\n  cause: mailbx-full\n  match: {code: 450}\n"
	    "- rule: two\n  cause: mailbox-full\n  match: {text: '(abc'}\n"
	    "- rule: three\n  cause: mailbox-full\n  match: {code: 7}\n"
	    "- rule: four\n  cause: mailbox-full\n  matsch: {code: 450}\n  match: {status: 1}\n"
	    "- rule: three\n  disabled: true\n";
	static const struct {
		unsigned line, column;
		const char *words;
	} wanted[] = {{2, 10, "unknown cause 'mailbx-full', did you mean 'mailbox-full'?"},
	    {6, 18, "rule two: text: "}, {9, 17, "'7' is no reply code"},
	    {12, 3, "unknown key 'matsch', did you mean 'match'?"}, {13, 19, "'1' is no status"},
	    {14, 3, "the name is already used"}};
	struct problems *problems = problems_create();

	ck_assert_ptr_null(try_engine(site, problems));
	char *file = mem_printf("%s/site.yaml", tree_path("ex-site"));
	bool ok = problems_count(problems) == COUNT(wanted);
	for (size_t i = 0; ok && i < COUNT(wanted); i++) {
		ok = fixture_has(problems, file, wanted[i].line, wanted[i].column, wanted[i].words);
		/* In the order of the file. */
		ok = ok && strstr(problems_get(problems, i), wanted[i].words);
	}
	if (!ok)
		fixture_show(problems);
	ck_assert(ok);
	free(file);
	problems_free(&problems);
}
END_TEST

START_TEST(test_bad_profiles)
{
	static const struct {
		struct profile_settings profile;
		const char *words;
	} bad[] = {
	    {{.name = (char *)"x", .language = (char *)"xx"},
	        "profile x: language: the catalogue has no texts in 'xx'"},
	    {{.name = (char *)"x",
	         .language = (char *)"en",
	         .help_url = (char *)"https://x/{couse}"},
	        "profile x: help_url: unknown variable {couse}"},
	    {{.name = (char *)"x",
	         .language = (char *)"en",
	         .help_url = (char *)"https://x/{cause"},
	        "profile x: help_url: a '{' has no '}'"},
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct problems *problems = problems_create();
		const char *dirs[] = {fixture_base("ex-profile"), NULL};
		struct engine_settings settings = {.catalog_dirs = dirs,
		    .site = "x",
		    .profiles = &bad[i].profile,
		    .profile_count = 1};
		ck_assert_ptr_null(engine_create(&settings, problems));
		ck_assert_uint_eq(problems_count(problems), 1);
		ck_assert_msg(strstr(problems_get(problems, 0), bad[i].words), "%s",
		    problems_get(problems, 0));
		problems_free(&problems);
	}
}
END_TEST

START_TEST(test_engine)
{
	struct engine *engine = make_engine("");
	struct engine *other = engine_get(engine);

	ck_assert_ptr_eq(engine, other);
	engine_put(&other);
	ck_assert_ptr_null(other);
	engine_put(&other);
	ck_assert_str_eq(engine_profile(engine, "", 0)->name, "default");
	ck_assert_str_eq(engine_profile(engine, "default", 7)->name, "default");
	ck_assert_str_eq(engine_profile(engine, "internal.x", 8)->name, "internal");
	ck_assert_ptr_null(engine_profile(engine, "internal", 7));
	ck_assert_ptr_null(engine_profile(engine, "Internal", 8));
	ck_assert_ptr_null(engine_profile(engine, "bare", 4)->help_url);
	ck_assert_str_eq(engine_profile(engine, "bare", 4)->site, "mx.example.org");
	engine_put(&engine);
	/* A second one takes its patterns from the cache. */
	engine = make_engine("");
	ck_assert(matcher_was_cached(engine_matcher(engine)));
	engine_put(&engine);
}
END_TEST

struct load {
	struct engine_holder *holder;
	atomic_bool stop;
	atomic_uint explained, wrong;
};

static void *explain_often(void *context)
{
	struct load *load = context;
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();

	while (!atomic_load(&load->stop)) {
		struct engine *engine = engine_current(load->holder);
		struct explain_context about = {.profile = engine_profile(engine, "internal", 8)};
		reply_parse(reply, "554 blocked using bl.example.net", 32);
		const struct explanation *got = explain_reply(explainer, engine, reply, &about);
		bool one = got && strcmp(got->message.summary, "Your server is on One.") == 0;
		bool two = got && strcmp(got->message.summary, "Your server is on Two.") == 0;
		atomic_fetch_add(one || two ? &load->explained : &load->wrong, 1);
		engine_put(&engine);
	}
	reply_free(&reply);
	explainer_free(&explainer);
	return NULL;
}

/* Engines change under threads that explain: each explanation is all old or all new. */
START_TEST(test_swap)
{
	struct engine *one = make_engine("- rule: blocked\n  set: {list: One}\n");
	struct engine *two = make_engine("- rule: blocked\n  set: {list: Two}\n");
	struct load load = {.holder = engine_holder_create(engine_get(one))};
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, explain_often, &load), 0);
	for (int i = 0; i < 2000 || (atomic_load(&load.explained) < 1000 && i < 1000000); i++) {
		engine_swap(load.holder, engine_get(i % 2 ? one : two));
		if (i % 50 == 0) /* one that nobody else holds */
			engine_swap(
			    load.holder, make_engine("- rule: blocked\n  set: {list: Two}\n"));
	}
	atomic_store(&load.stop, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_ge(atomic_load(&load.explained), 1000);
	ck_assert_uint_eq(atomic_load(&load.wrong), 0);
	engine_holder_free(&load.holder);
	ck_assert_ptr_null(load.holder);
	engine_holder_free(&load.holder);
	engine_put(&one);
	engine_put(&two);
}
END_TEST

/* ---- check_examples() ---- */

static const struct {
	const char *site, *words; /* NULL: in order */
} examples[] = {
    {"", NULL},
    {"- {rule: a, cause: mailbox-full, match: {text: abc}, examples: [550 abc, 450 abc]}\n", NULL},
    {"- {rule: a, cause: mailbox-full, match: {text: abc}, examples: [550 abc]}\n",
        NULL}, /* a site may save them */
    {"- {rule: a, cause: mailbox-full, match: {text: abc}}\n", NULL},
    {"- {rule: a, cause: mailbox-full, match: {text: abc}, examples: [550 abc, 550 ab]}\n",
        "rule a: the example selects any-5xx instead: 550 ab"},
    {"- {rule: a, cause: mailbox-full, match: {text: abc}, examples: [550 abc, 450 ab]}\n",
        "site.yaml:1:74: rule a: the example selects no rule: 450 ab"},
    {"- {rule: a, cause: mailbox-full, match: {text: abc}, examples: [550 abc, 250 abc]}\n",
        "rule a: the example is none of a rejection: 250 abc"},
    /* Stages: an example can't say where it was given. */
    {"- {rule: a, cause: mailbox-full, match: {code: 550, stage: [auth]}, examples: [550 a, 550 "
     "b]}\n",
        NULL},
    {"- {rule: a, cause: mailbox-full, match: {code: 550, stage: [auth]}, examples: [550 a, 551 "
     "b]}\n",
        "rule a: the example selects any-5xx instead: 551 b"},
    /* A site's rule may take built-in examples over; another of the same layer may not. */
    {"- {rule: a, cause: mailbox-full, match: {text: user unknown}, examples: [550 user unknown, "
     "551 user "
     "unknown]}\n",
        NULL},
    {"- {rule: a, cause: mailbox-full, match: {text: abc}, examples: [550 abc, 450 abc]}\n"
     "- {rule: b, cause: mailbox-full, match: {text: abcd}, examples: [550 abcd, 450 xabcd]}\n",
        "rule b: the example selects a instead: 550 abcd"},
};

START_TEST(test_examples)
{
	struct problems *problems = problems_create();
	struct engine *engine = make_engine(examples[_i].site);
	size_t tried = check_examples(engine, problems);

	ck_assert_uint_ge(tried, 8);
	if (examples[_i].words) {
		bool found = false;
		for (size_t i = 0; i < problems_count(problems); i++)
			found = found || strstr(problems_get(problems, i), examples[_i].words);
		if (!found)
			fixture_show(problems);
		ck_assert_msg(found, "%s", examples[_i].words);
	} else {
		fixture_expect_none(problems);
	}
	engine_put(&engine);
	problems_free(&problems);
}
END_TEST

/* The built-in layer, which is the last, must have two for each rule. */
START_TEST(test_two_examples)
{
	struct problems *problems = problems_create();
	const char *base = fixture_base("ex-few");

	fixture_write("ex-few", "rules/10-few.yaml",
	    "- {rule: few, cause: mailbox-full, match: {text: abc}, examples: [550 abc]}\n"
	    "- {rule: none, cause: mailbox-full, match: {text: abcd}}\n");
	const char *dirs[] = {base, NULL};
	struct engine_settings settings = {
	    .catalog_dirs = dirs, .site = "x", .profiles = profiles, .profile_count = 1};
	struct engine *engine = engine_create(&settings, problems);
	fixture_expect_none(problems);
	check_examples(engine, problems);
	ck_assert_uint_eq(problems_count(problems), 2);
	ck_assert_ptr_nonnull(strstr(
	    problems_get(problems, 0), "10-few.yaml:1:4: rule few: needs at least 2 examples"));
	ck_assert_ptr_nonnull(strstr(
	    problems_get(problems, 1), "10-few.yaml:2:4: rule none: needs at least 2 examples"));
	engine_put(&engine);
	problems_free(&problems);
}
END_TEST

/* An engine for a checker exists in spite of mistakes, and faulty rules are not told about twice.
 */
START_TEST(test_for_check)
{
	struct problems *problems = problems_create();

	fixture_base("ex-check");
	fixture_write("ex-check-site", "site.yaml",
	    "- {rule: a, cause: nowhere, match: {text: abc}, examples: [550 abc]}\n"
	    "- {rule: b, cause: mailbox-full, match: {text: '(abc'}, examples: [550 (abc]}\n"
	    "- {rule: c, cause: mailbox-full, match: {text: xyz}, examples: [550 xy]}\n");
	const char *dirs[] = {tree_path("ex-check-site"), tree_path("ex-check"), NULL};
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .site = "x",
	    .profiles = profiles,
	    .profile_count = 1,
	    .for_check = true};
	struct engine *engine = engine_create(&settings, problems);
	ck_assert_ptr_nonnull(engine);
	ck_assert_uint_eq(problems_count(problems), 2);
	ck_assert_uint_gt(check_examples(engine, problems), 0);
	if (problems_count(problems) != 3)
		fixture_show(problems);
	ck_assert_uint_eq(problems_count(problems), 3);
	ck_assert_ptr_nonnull(
	    strstr(problems_get(problems, 2), "rule c: the example selects any-5xx"));
	engine_put(&engine);
	settings.for_check = false;
	ck_assert_ptr_null(engine_create(&settings, problems));
	problems_free(&problems);
}
END_TEST

/* ---- references ---- */

START_TEST(test_refs)
{
	static const struct {
		const char *text;
		bool valid;
	} refs[] = {{"7Q2K-M4RX", true}, {"0000-0000", true}, {"ZZZZ-ZZZZ", true},
	    {"7Q2K-M4RXX", true}, {"7q2k-m4rx", false}, {"7Q2K-M4R", false}, {"7Q2KM4RXX", false},
	    {"7Q2I-M4RX", false}, {"7Q2L-M4RX", false}, {"7Q2O-M4RX", false}, {"7Q2U-M4RX", false},
	    {"7Q2-KM4RX", false}, {"", false}, {"-", false}, {"7Q2K M4RX", false}};
	struct ref_source source = {.left = 0};
	char seen[500][REF_LENGTH + 1];

	for (size_t i = 0; i < COUNT(refs); i++)
		ck_assert_msg(ref_is_valid(refs[i].text) == refs[i].valid, "%s", refs[i].text);
	for (size_t i = 0; i < COUNT(seen); i++) {
		ref_create(&source, seen[i]);
		ck_assert_uint_eq(strlen(seen[i]), REF_LENGTH);
		ck_assert(ref_is_valid(seen[i]));
		for (size_t j = 0; j < i; j++)
			require(strcmp(seen[i], seen[j]) != 0, "%s twice", seen[i]);
	}
}
END_TEST

/* ---- JSON ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	ck_assert_msg(value != NULL, "%s is missing", key);
	return json_is_null(value) ? NULL : json_string_value(value);
}

static json_t *explain_to_json(struct engine *engine, const char *text, size_t len)
{
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();
	struct explain_context context = {
	    .profile = engine_profile(engine, "", 0), .ref = "7Q2K-M4RX"};

	ck_assert_int_eq(reply_parse(reply, text, len), 0);
	char *json = explain_json(explainer, engine, reply, &context);
	ck_assert_ptr_null(strchr(json, '\n'));
	json_t *object = json_loads(json, 0, NULL);
	ck_assert_msg(json_is_object(object), "%s", json);
	free(json);
	reply_free(&reply);
	explainer_free(&explainer);
	return object;
}

START_TEST(test_json)
{
	struct engine *engine = make_engine("");
	static const char text[] = "550 5.1.1 <bob@example.org>: user unknown";
	json_t *object = explain_to_json(engine, text, sizeof(text) - 1);

	ck_assert_int_eq(json_integer_value(json_object_get(object, "code")), 550);
	ck_assert_str_eq(text_of(object, "status"), "5.1.1");
	ck_assert_str_eq(text_of(object, "rule"), "unknown");
	ck_assert_str_eq(text_of(object, "cause"), "recipient-unknown");
	ck_assert_str_eq(text_of(object, "reason"), "recipient-unknown");
	ck_assert_str_eq(text_of(object, "fixer"), "sender");
	ck_assert(json_is_false(json_object_get(object, "temporary")));
	ck_assert_str_eq(text_of(object, "summary"), "The address bob@example.org does not exist.");
	ck_assert_str_eq(text_of(object, "action"), "Check the spelling.");
	ck_assert_str_eq(text_of(object, "help_url"), "https://example.org/why/recipient-unknown");
	json_t *lines = json_object_get(object, "reply");
	ck_assert_uint_ge(json_array_size(lines), 3);
	ck_assert_str_eq(json_string_value(json_array_get(lines, 0)),
	    "550-5.1.1 <bob@example.org>: user unknown");
	const char *last = json_string_value(json_array_get(lines, json_array_size(lines) - 1));
	ck_assert_str_eq(
	    last, "550 5.1.1 Help: https://example.org/why/recipient-unknown  Ref: 7Q2K-M4RX");
	json_decref(object);

	object = explain_to_json(engine, "250 2.0.0 Ok", 12);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "code")), 250);
	static const char *const nulls[] = {
	    "rule", "cause", "reason", "fixer", "summary", "action", "help_url"};
	for (size_t i = 0; i < COUNT(nulls); i++)
		ck_assert_ptr_null(text_of(object, nulls[i]));
	ck_assert_uint_eq(json_array_size(json_object_get(object, "reply")), 1);
	json_decref(object);

	object = explain_to_json(engine, "nothing known", 13);
	ck_assert(json_is_null(json_object_get(object, "code")));
	ck_assert(json_is_null(json_object_get(object, "temporary")));
	ck_assert_ptr_null(text_of(object, "status"));
	ck_assert_ptr_null(text_of(object, "rule"));
	ck_assert_str_eq(text_of(object, "cause"), "unclassified");
	json_decref(object);
	engine_put(&engine);
}
END_TEST

/* Whatever the octets, it is one valid object. */
START_TEST(test_json_hostile)
{
	struct engine *engine = make_engine("");
	static const char *const replies[] = {"550 <\xff\xfe@x>: user unknown",
	    "550 \"\\\x7f\x01 {\"a\":1}", "550 <\xc3\xa4@x>: user unknown", "550 \xed\xa0\x80",
	    "550", "550-", "550 \xf4\x90\x80\x80"};

	for (size_t i = 0; i < COUNT(replies); i++)
		json_decref(explain_to_json(engine, replies[i], strlen(replies[i])));
	json_decref(explain_to_json(engine, "550 a\0b", 7));
	engine_put(&engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *tests = unit_case(suite, "explain");

	tcase_add_test(tests, test_explain);
	tcase_add_test(tests, test_no_leftovers);
	tcase_add_test(tests, test_stages);
	tests = unit_case(suite, "engine");
	tcase_add_test(tests, test_engine);
	tcase_add_test(tests, test_engine_all_mistakes);
	tcase_add_test(tests, test_bad_profiles);
	tcase_add_test(tests, test_swap);
	tests = unit_case(suite, "check");
	tcase_add_loop_test(tests, test_examples, 0, (int)COUNT(examples));
	tcase_add_test(tests, test_two_examples);
	tcase_add_test(tests, test_for_check);
	tests = unit_case(suite, "ref and json");
	tcase_add_test(tests, test_refs);
	tcase_add_test(tests, test_json);
	tcase_add_test(tests, test_json_hostile);
	return tree_run(suite);
}
