/* maps_test.c - what each socketmap name answers, and what is logged of it. */
#include "../catalog/fixture.h"
#include "../unit.h"
#include "log_capture.h"

#include "explain/engine.h"
#include "explain/maps.h"
#include "explain/metrics.h"
#include "explain/ref.h"
#include "explain/rejects.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <jansson.h>

static struct fixture {
	struct engine_holder *holder;
	struct metrics *metrics;
	struct rejects *rejects;
	struct maps *maps;
	struct strbuf answer;
} fixture;

static const struct profile_settings profiles[] = {
    {.name = (char *)"default",
        .contact = (char *)"postmaster@example.org",
        .help_url = (char *)"https://example.org/{cause}",
        .language = (char *)"en",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
    {.name = (char *)"internal",
        .internal = true,
        .contact = (char *)"Helpdesk $5 100%",
        .language = (char *)"en",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
    {.name = (char *)"one",
        .single = true,
        .contact = (char *)"x@example.org",
        .language = (char *)"en",
        .width = 78,
        .max_lines = 4,
        .max_octets = 480},
};

static void set_up(void)
{
	struct problems *problems = problems_create();
	const char *dirs[] = {fixture_base("maps"), NULL};
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .site = "mx.example.org",
	    .profiles = profiles,
	    .profile_count = COUNT(profiles)};

	fixture.holder = engine_holder_create(engine_create(&settings, problems));
	fixture_expect_none(problems);
	problems_free(&problems);
	fixture.metrics = metrics_create();
	fixture.rejects = rejects_create(0);
	fixture.maps = maps_create(fixture.holder, fixture.metrics, fixture.rejects);
	strbuf_init(&fixture.answer, 0);
	log_redirect(tree_path("log"));
}

/* Ends all and returns the log. */
static char *tear_down(void)
{
	maps_free(&fixture.maps);
	ck_assert_ptr_null(fixture.maps);
	maps_free(&fixture.maps);
	rejects_free(&fixture.rejects);
	metrics_free(&fixture.metrics);
	engine_holder_free(&fixture.holder);
	strbuf_free(&fixture.answer);
	return log_read(tree_path("log"));
}

static const char *ask(const char *request, size_t len)
{
	strbuf_reset(&fixture.answer);
	maps_answer(fixture.maps, request, len, &fixture.answer);
	return strbuf_str(&fixture.answer);
}

/* Does ANSWER look like PATTERN, in which @ stands for a reference? */
static bool looks_like(const char *answer, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '@' && strlen(answer) >= REF_LENGTH && ref_is_valid(answer)) {
			answer += REF_LENGTH;
			continue;
		}
		if (*answer++ != *pattern)
			return false;
	}
	return *answer == '\0';
}

static const struct {
	const char *request, *answer;
} cases[] = {
    {"footer 550 5.1.1 <ann%x.test>: user unknown",
        "OK The address ann%x.test does not exist.\\nCheck the spelling.\\nPermanent.\\n"
        "Help: https://example.org/recipient-unknown  Ref: @"},
    {"footer.default 552 5.2.2 x", "OK The mailbox is full.\\nWait, then send "
                                   "again.\\nPermanent.\\nHelp: https://example.org/mailbox-full  "
                                   "Ref: @"},
    {"footer. 450 no", "OK The server refused the message for now.\\nWait.\\nTemporary.\\n"
                       "Help: https://example.org/unclassified  Ref: @"},
    /* Postfix expands $, and \n and \c are its own. */
    {"footer.internal 452 4.2.2 x",
        "OK The mailbox is full.\\nCall Helpdesk $$5 100%.\\nTemporary.\\nRef: @"},
    {"footer.internal 550 5.1.1 <$client_name\\n\\c>: user unknown",
        "OK The address $$client_name?n?c does not exist.\\nCheck the "
        "spelling.\\nPermanent.\\nRef: @"},
    {"footer.one 550 user unknown",
        "OK \\c The address does not exist. Check the spelling. Permanent. Ref: @"},
    {"footer 250 2.0.0 Ok", "NOTFOUND "},
    {"footer 354 go", "NOTFOUND "},
    {"footer 550 5.1.1 gone Ref: 7Q2K-M4RX", "NOTFOUND "},
    {"rewrite 550 5.1.1 user unknown",
        "OK 550-5.1.1 user unknown\r\n550-5.1.1 The address does not exist.\r\n550-5.1.1 Check the "
        "spelling.\r\n"
        "550-5.1.1 Permanent.\r\n550 5.1.1 Help: https://example.org/recipient-unknown  Ref: @"},
    {"rewrite.one 450 no",
        "OK 450 no The server refused the message for now. Wait. Temporary. Ref: @"},
    {"rewrite 250 Ok", "NOTFOUND "},
    {"rewrite no code", "NOTFOUND "},
    {"rewrite 550 x Ref: 7Q2K-M4RX", "NOTFOUND "},
    {"delivery-status 5.1.1 host mx.example.net[192.0.2.1] said: 550 5.1.1 user unknown (in reply "
     "to RCPT TO "
     "command)",
        "OK 5.1.1 host mx.example.net[192.0.2.1] said: 550 5.1.1 user unknown (in reply to RCPT TO "
        "command) The "
        "address does not exist. Check the spelling. Permanent. Help: "
        "https://example.org/recipient-unknown "
        "Ref: @"},
    {"delivery-status 4.4.1 connect to x: timed out",
        "OK 4.4.1 connect to x: timed out The server refused the message for now. Wait. Temporary. "
        "Help: "
        "https://example.org/unclassified Ref: @"},
    /* Postfix retries (soft_bounce): its class counts, not the quoted one. */
    {"delivery-status 4.1.1 host mx.example.net[192.0.2.1] said: 550 5.1.1 user unknown",
        "OK 4.1.1 host mx.example.net[192.0.2.1] said: 550 5.1.1 user unknown The address does not "
        "exist. "
        "Check the spelling. Temporary. Help: https://example.org/recipient-unknown Ref: @"},
    {"delivery-status 2.0.0 delivered", "NOTFOUND "},
    {"delivery-status 2.0.0 host mx.example.net[192.0.2.1] said: 550 5.1.1 user unknown",
        "NOTFOUND "},
    {"delivery-status delivered", "NOTFOUND "},
    {"delivery-status ", "NOTFOUND "},
    {"nosuch 550 x", "PERM there is no map of that name"},
    {"Footer 550 x", "PERM there is no map of that name"},
    {"", "PERM there is no map of that name"},
    {" 550 x", "PERM there is no map of that name"},
    {".internal 550 x", "PERM there is no map of that name"},
    {"footerx", "PERM there is no map of that name"},
    {"footer.nosuch 550 x", "PERM there is no profile of that name"},
    {"footer.internal.x 550 x", "PERM there is no profile of that name"},
    {"stats.nosuch", "PERM there is no profile of that name"},
};

START_TEST(test_answers)
{
	set_up();
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *answer = ask(cases[i].request, strlen(cases[i].request));
		ck_assert_msg(looks_like(answer, cases[i].answer), "%s:\ngot  %s\nwant %s",
		    cases[i].request, answer, cases[i].answer);
	}
	free(tear_down());
}
END_TEST

/* ANSWER is appended to. */
START_TEST(test_appends)
{
	set_up();
	strbuf_addstr(&fixture.answer, "before");
	maps_answer(fixture.maps, "footer 250 x", 12, &fixture.answer);
	ck_assert_str_eq(fixture.answer.data, "beforeNOTFOUND ");
	free(tear_down());
}
END_TEST

/* Keys at the limit, with NUL, without anything: an answer, and no octet beyond the key is read. */
START_TEST(test_odd_keys)
{
	static char key[REPLY_MAX + 64];

	set_up();
	memset(key, 'x', sizeof(key));
	memcpy(key, "footer 550 user unknown ", 24);
	ck_assert(strncmp(ask(key, 7 + REPLY_MAX), "OK The address", 14) == 0);
	ck_assert_str_eq(ask(key, 8 + REPLY_MAX), "NOTFOUND ");
	memcpy(key, "rewrite 550 ", 12);
	ck_assert_str_ne(ask(key, 9000), "");
	memcpy(key, "explain 550 ", 12);
	ck_assert(strncmp(ask(key, 8 + REPLY_MAX), "OK {", 4) == 0);
	ask(key, 9 + REPLY_MAX);
	memcpy(key, "delivery-status 5.1.1 ", 22);
	ask(key, 16 + REPLY_MAX);
	ck_assert(strncmp(ask("footer 550\0user unknown", 23), "OK The address", 14) == 0);
	ck_assert(
	    strncmp(ask("footer", 6), "OK ", 3) == 0 || strcmp(ask("footer", 6), "NOTFOUND ") == 0);
	/* In memory of exactly its size, for the sanitizers. */
	for (size_t len = 0; len <= 30; len++) {
		char *exact = mem_alloc(len ? len : 1);
		memcpy(exact, "delivery-status 5.1.1 x yz abcd", len);
		ask(exact, len);
		memcpy(exact, "footer.internal 550 5.1.1 x y z", len);
		ask(exact, len);
		free(exact);
	}
	free(tear_down());
}
END_TEST

START_TEST(test_explain)
{
	static const struct {
		const char *key, *rule;
		int code;
	} keys[] = {{"550 user unknown", "unknown", 550},
	    {"{\"reply\":\"550 user unknown\"}", "unknown", 550},
	    {"{\"reply\":\"452 4.2.2 x\",\"stage\":\"rcpt\"}", "full", 452},
	    {"{\"reply\":\"550-user\\r\\n550 unknown\",\"stage\":\"nonsense\"}", "unknown", 550},
	    {"{\"reply\":7}", NULL, 0}, {"{\"reply\"", NULL, 0}, {"{}", NULL, 0},
	    {"250 Ok", NULL, 250}, {"", NULL, 0}};

	set_up();
	for (size_t i = 0; i < COUNT(keys); i++) {
		char *request = mem_printf("explain %s", keys[i].key);
		const char *answer = ask(request, strlen(request));
		ck_assert_msg(strncmp(answer, "OK {", 4) == 0, "%s", answer);
		json_t *object = json_loads(answer + 3, 0, NULL);
		ck_assert_msg(object != NULL, "%s", answer);
		const char *rule = json_string_value(json_object_get(object, "rule"));
		ck_assert(keys[i].rule ? rule && strcmp(rule, keys[i].rule) == 0 : !rule);
		ck_assert_int_eq(json_integer_value(json_object_get(object, "code")), keys[i].code);
		json_decref(object);
		free(request);
	}
	char *log = tear_down();
	ck_assert_str_eq(log, ""); /* nothing went out to anybody */
	free(log);
}
END_TEST

/* One line an explanation, with the reference that was shown; names that are not there are told. */
START_TEST(test_log)
{
	static const char *const requests[] = {"footer 550 5.1.1 user unknown",
	    "footer.internal 452 no", "delivery-status 4.0.0 no", "footer 250 ok", "explain 550 x",
	    "stats", "nosuchmap 550 x", "footer.nosuch\x01 550 x"};
	char *refs[3] = {NULL};

	set_up();
	for (size_t i = 0; i < COUNT(requests); i++) {
		const char *answer = ask(requests[i], strlen(requests[i]));
		if (i < 3)
			refs[i] = mem_strdup(answer + strlen(answer) - REF_LENGTH);
	}
	char *log = tear_down();
	char *wanted =
	    mem_printf("explain-milter: explained map=footer code=550 status=5.1.1 rule=unknown "
	               "reason=recipient-unknown ref=%s\n"
	               "explain-milter: explained map=footer profile=internal code=452 rule=- "
	               "reason=unclassified ref=%s\n"
	               "explain-milter: explained map=delivery-status status=4.0.0 rule=- "
	               "reason=unclassified ref=%s\n"
	               "explain-milter: warning: a client asked for the map 'nosuchmap', which "
	               "does not exist\n"
	               "explain-milter: warning: a client asked for the profile 'nosuch?', which "
	               "does not exist\n",
	        refs[0], refs[1], refs[2]);
	ck_assert_str_eq(log, wanted);
	free(wanted);
	free(log);
	for (size_t i = 0; i < 3; i++)
		free(refs[i]);
}
END_TEST

START_TEST(test_counts)
{
	set_up();
	ask("footer 550 user unknown", 23);
	ask("footer 550 user unknown", 23);
	ask("footer 450 x", 12);
	ask("footer 250 x", 12);
	ask("footer.nosuch 550 x", 19);
	const char *stats = ask("stats", 5);
	static const char *const lines[] = {"OK # HELP ", "\nexplain_milter_catalog_rules 4\n",
	    "\nexplain_milter_catalog_causes 4\n",
	    "\nexplain_milter_requests_total{front=\"footer\"} 5\n",
	    "\nexplain_milter_requests_total{front=\"stats\"} 1\n",
	    "\nexplain_milter_explanations_total{front=\"footer\",reason=\"recipient-unknown\"} "
	    "2\n",
	    "\nexplain_milter_explanations_total{front=\"footer\",reason=\"unclassified\"} 1\n",
	    "\nexplain_milter_unmatched_total{front=\"footer\"} 1\n",
	    "\nexplain_milter_unmatched_total{front=\"rewrite\"} 0\n"};
	for (size_t i = 0; i < COUNT(lines); i++)
		ck_assert_msg(strstr(stats, lines[i]), "%s is not in %s", lines[i], stats);
	free(tear_down());
}
END_TEST

/* Every answer to a footer is one that fits: lines of a reply, octets, no control characters. */
START_TEST(test_hostile_footers)
{
	struct unit_random random = {.state = 7};
	static const char octets[] = "$\\nc{}<>%\"';:@ \t\r\n\x01\x7f\x80\xc3\xa4\xff"
	                             "abc019.-";

	set_up();
	for (int i = 0; i < 3000; i++) {
		char request[400] = "footer 550 5.1.1 <";
		size_t len = 18, end = len + unit_random(&random, 300);
		while (len < end)
			request[len++] = octets[unit_random(&random, sizeof(octets) - 1)];
		memcpy(request + len, ">: user unknown", 15);
		len += 15;
		const char *answer = ask(request, len);
		require(strncmp(answer, "OK ", 3) == 0, "%.*s", (int)len, request);
		size_t lines = 1;
		for (const char *c = answer + 3; *c; c++) {
			require((unsigned char)*c >= ' ' && (unsigned char)*c < 127, "%s", answer);
			if (*c == '$') {
				require(c[1] == '$', "a single $ in %s", answer);
				c++;
			} else if (c[0] == '\\' && c[1] == 'n') {
				lines++;
			} else {
				require(c[0] != '\\' || c[1] != 'c', "\\c in %s", answer);
			}
		}
		require(lines <= 4, "%zu lines: %s", lines, answer);
		require(strlen(answer) < 700, "%s", answer);
	}
	free(tear_down());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("maps");
	TCase *tests = unit_case(suite, "maps");

	tcase_add_test(tests, test_answers);
	tcase_add_test(tests, test_appends);
	tcase_add_test(tests, test_odd_keys);
	tcase_add_test(tests, test_explain);
	tcase_add_test(tests, test_log);
	tcase_add_test(tests, test_counts);
	tcase_add_test(tests, test_hostile_footers);
	return tree_run(suite);
}
