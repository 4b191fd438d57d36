/* rejects_test.c - which session a log line gets. Never a wrong one: that is what these are about.
 */
#include "../catalog/tree.h"
#include "../unit.h"
#include "log_capture.h"

#include "explain/mem.h"
#include "explain/rejects.h"
#include "explain/reply.h"

#include <pthread.h>
#include <time.h>

static const struct session_view sessions[] = {
    {"a.example.net", "192.0.2.1", "a.example.net", "<a@example.net>", "<bob@example.org>"},
    {"b.example.net", "192.0.2.2", "b.example.net", "<b@example.net>", "<bob@example.org>"},
    {"c.example.net", "192.0.2.3", "c.example.net", "<c@example.net>", "<ann@example.org>"},
    /* D sends from bob's address, E knows only its client. */
    {"d.example.net", "192.0.2.4", "d.example.net", "<bob@example.org>", "<eve@example.org>"},
    {NULL, "192.0.2.5", NULL, "<>", NULL},
    /* F is A with another sender. */
    {"a.example.net", "192.0.2.1", "a.example.net", "<f@example.net>", "<bob@example.org>"},
};

/* What the filter is told, and replies for it. */
static const struct {
	const char *status, *text;
} texts[] = {
    {"5.7.1", "Access denied"}, {"5.1.1", "User unknown"}, {"5.7.1", "Client host rejected: go"}};

static const char *const replies[] = {
    "554 5.7.1 Access denied",
    "550 5.1.1 <bob@example.org>: User unknown",
    "550 5.1.1 <ann@example.org>: User unknown",
    "554 5.7.1 <a.example.net[192.0.2.1]>: Client host rejected: go",
    "554 5.7.1 <unknown[192.0.2.5]>: Client host rejected: go",
    "550 5.1.1 User unknown",
    "550-5.1.1 <bob@example.org>: User\r\n550 5.1.1 unknown", /* the same text in two lines */
    "550 5.1.0 <bob@example.org>: User unknown",              /* another status */
    "550 5.1.1 <b@example.net>: User unknown",
};

/* EVENTS: sXN session X with text N is seen, lNX the line of session X for reply N comes (X is -
 * for a service without the filter), pN a pause of N times 10 ms. LINES, one for each line in its
 * order: the session that it may get, ? for `ambiguous`, - for none; several characters where
 * either is right. */
static const struct {
	const char *events, *lines;
} scripts[] = {
    /* One session, and none. */
    {"sA0 l0A", "A"},
    {"sA0 p5 l0A", "A"},
    {"sA0 p80 l0A", "A"},
    {"l0-", "-"},
    {"sA0", ""},
    {"sA0 l0A p20 l0-", "A -"},
    {"sA0 l0A p30 sB0 l0B", "A B"},
    /* Two and three sessions with the same text. */
    {"sA0 sB0 l0A l0B", "? ?"},
    {"sA0 sB0 l0B l0A", "? ?"},
    {"sA0 sB0 l0B", "?"},
    {"sA0 sB0 l0B p20 l0A", "? ?"}, /* the one left behind is no surer than before */
    {"sA0 sB0 l0A p20 sC0 l0C", "? ?"},
    {"sA0 sB0 sC0 l0C l0B l0A", "? ? ?"},
    {"sA0 sB0 l0A sC0 l0C l0B", "? ? ?"},
    {"sA0 sB0 sC0 l0B p20 l0A p20 l0C", "? ? ?"},
    {"sA0 sF0 l0A l0F", "? ?"}, /* they differ in the sender only */
    {"sA0 l0A sB0 l0B", "A B"}, /* one after the other */
    {"sA0 l0A sB0 l0B sC0 l0C", "A B C"},
    /* Lines of a service without the filter, in between. */
    {"sA0 l0- l0A", "? ?"},
    {"sA0 l0A l0-", "? ?"},
    {"l0- sA0 l0A", "- A"},
    {"sA0 l0- sB0 l0A l0B", "? ? ?"},
    {"sA0 l0- l0A sB0 l0B", "? ? B"},
    {"sA0 l0A sB0 l0- l0B", "? ? ?"},
    {"sA0 sB0 l0- l0A l0B", "? ? -?"},
    {"l0- l0- sA0 l0A l0-", "?- ?- ? ?"},
    /* A session whose line never came does not stay for long. */
    {"sA0 p120 l0-", "-"},
    {"sA0 p120 sB0 l0B", "B"},
    /* The same session twice is not ambiguous. */
    {"sA0 sA0 l0A l0A", "A A"},
    {"sA0 l0A sA0 l0A", "A A"},
    {"sA0 sA0 sA0 l0A l0A l0A", "A A A"},
    {"sA0 sA0 sB0 l0A l0A l0B", "? ? ?"},
    /* Subjects tell sessions apart. */
    {"sA1 sC1 l1A l2C", "A C"},
    {"sC1 sA1 l1A l2C", "A C"},
    {"sA1 sC1 l2C l1A", "C A"},
    {"sA1 sB1 l1A l1B", "? ?"}, /* both to bob */
    {"sA1 sB1 sC1 l1B l2C l1A", "? C ?"},
    {"sA1 sD1 l1A", "?"}, /* one to bob, one from bob */
    {"sB1 l8B", "B"},     /* the subject is the sender */
    {"sA2 sE2 l3A l4E", "A E"},
    {"sE2 l3-", "-"},
    {"sA1 l6A", "A"},
    {"sA1 l5A", "A"},
    {"sA1 sC1 l5C", "?"},
    {"sA1 l5- l1A", "? ?"}, /* taken by a line with another subject, then claimed */
    {"sA1 sC1 l5C p20 l1A",
        "? -?"}, /* the session of one line is gone, and perhaps it was this one's */
    {"sA1 sC1 l5A p20 l2C", "? -?"},
    {"sA1 l7-", "-"},
    {"sA0 l1-", "-"},
    {"sA0 sB1 l0A l1B", "A B"},
};

static void pause_ms(long ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void send_line(struct rejects *rejects, const char *text, const char *line)
{
	struct reply *reply = reply_create();

	ck_assert_int_eq(reply_parse(reply, text, strlen(text)), 0);
	rejects_log(rejects, reply, line, strlen(line));
	reply_free(&reply);
}

/* What the log line number NUMBER of script SCRIPT got: a letter, ?, - or ! for no such line. */
static char outcome(const char *log, int script, int number)
{
	char *start = mem_printf("explain-milter: line=%d.%d;", script, number);
	const char *line = strstr(log, start);
	char found = '-';

	free(start);
	if (!line)
		return '!';
	char *copy = mem_strndup(line, strcspn(line, "\n"));
	if (strstr(copy, " ambiguous="))
		found = '?';
	for (size_t i = 0; i < COUNT(sessions); i++) {
		char *client = mem_printf(" client=%s[%s]",
		    sessions[i].client_name ? sessions[i].client_name : "unknown",
		    sessions[i].client_address);
		char *sender = mem_printf(
		    " sender=%.*s", (int)strlen(sessions[i].sender) - 2, sessions[i].sender + 1);
		if (strstr(copy, client) && (strstr(copy, sender) || !sender[8]))
			found = found == '-' ? (char)('A' + i) : '!';
		free(sender);
		free(client);
	}
	free(copy);
	return found;
}

static void send_numbered(struct rejects *rejects, const char *text, int script, int number)
{
	char line[32];

	snprintf(line, sizeof(line), "line=%d.%d;", script, number);
	send_line(rejects, text, line);
}

static void *run_script(void *context)
{
	int script = *(int *)context, lines = 0;
	struct rejects *rejects = rejects_create(1);

	for (const char *event = scripts[script].events; *event; event += strcspn(event, " ")) {
		event += strspn(event, " ");
		if (event[0] == 's')
			rejects_seen(rejects, texts[event[2] - '0'].status,
			    texts[event[2] - '0'].text, &sessions[event[1] - 'A']);
		else if (event[0] == 'l')
			send_numbered(rejects, replies[event[1] - '0'], script, ++lines);
		else
			pause_ms(atol(event + 1) * 10);
	}
	pause_ms(200);
	rejects_free(&rejects);
	return NULL;
}

/* Whose line number NUMBER is. */
static char owner_of(const char *events, int number)
{
	const char *event = events;

	while ((event = strchr(event, 'l')) && --number > 0)
		event++;
	return event ? event[2] : '!';
}

/* All scripts at once, since most of their time is waiting; each has its own rejects. */
START_TEST(test_scripts)
{
	pthread_t threads[COUNT(scripts)];
	int numbers[COUNT(scripts)];

	log_redirect(tree_path("scripts"));
	for (size_t i = 0; i < COUNT(scripts); i++) {
		numbers[i] = (int)i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_script, &numbers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(scripts); i++)
		pthread_join(threads[i], NULL);
	char *log = log_read(tree_path("scripts"));
	size_t wrong = 0;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		const char *wanted = scripts[i].lines;
		for (int line = 1; *wanted; line++) {
			size_t len = strcspn(wanted, " ");
			char got = outcome(log, (int)i, line),
			     owner = owner_of(scripts[i].events, line);
			bool is_wrong = got != '?' && got != '-' && got != owner;
			if (is_wrong || !memchr(wanted, got, len)) {
				fprintf(stderr, "  %s: line %d got %c, not %.*s\n",
				    scripts[i].events, line, got, (int)len, wanted);
				wrong++;
			}
			wanted += len;
			wanted += strspn(wanted, " ");
		}
	}
	ck_assert_uint_eq(wrong, 0);
	free(log);
}
END_TEST

/* The fields as they are written; what a client chose can't forge one. */
START_TEST(test_fields)
{
	static const struct session_view hostile = {.client_name = "x y",
	    .client_address = "192.0.2.9",
	    .helo = "a\nexplained ref=forged",
	    .sender = "<\"a b\"@x>",
	    .recipient = "<\xff@x>"};

	log_redirect(tree_path("fields"));
	struct rejects *rejects = rejects_create(1);
	rejects_seen(rejects, "5.7.1", "Access denied", &hostile);
	send_line(rejects, "554 5.7.1 Access denied", "explained ref=X");
	rejects_seen(rejects, "5.1.1", "User unknown", &sessions[4]);
	send_line(rejects, "550 5.1.1 User unknown", "explained ref=Y");
	rejects_free(&rejects);
	rejects_free(&rejects);
	char *log = log_read(tree_path("fields"));
	ck_assert_str_eq(log,
	    "explain-milter: explained ref=X client=\"x y[192.0.2.9]\" helo=\"a\\x0aexplained "
	    "ref=forged\" "
	    "sender=\"\\\"a b\\\"@x\" recipient=\"\\xff@x\"\n"
	    "explain-milter: explained ref=Y client=unknown[192.0.2.5] sender=\"\"\n");
	free(log);
}
END_TEST

/* A field that is too long is cut, and leaves room for the others; it is found under its whole
 * length. */
START_TEST(test_long_fields)
{
	enum { LONG = 1500, KEPT = 256 };
	char helo[LONG + 1], recipient[LONG + 1], reply[LONG + 64];

	memset(helo, 'h', LONG);
	memset(recipient, 'r', LONG);
	helo[LONG] = recipient[LONG] = '\0';
	const struct session_view view = {
	    .client_name = helo, .helo = helo, .recipient = recipient};
	snprintf(reply, sizeof(reply), "550 5.1.1 <%s>: User unknown", recipient);
	log_redirect(tree_path("long"));
	struct rejects *rejects = rejects_create(1);
	rejects_seen(rejects, "5.1.1", "User unknown", &view);
	send_line(rejects, reply, "explained ref=X");
	rejects_free(&rejects);
	char *log = log_read(tree_path("long"));
	const char *at = strstr(log, " recipient=r");
	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(strspn(at + 11, "r"), KEPT);
	ck_assert_uint_lt(strlen(log), 3 * (KEPT + 12) + 64);
	free(log);
}
END_TEST

/* Without a filter nothing waits. */
START_TEST(test_without_filter)
{
	log_redirect(tree_path("none"));
	struct rejects *rejects = rejects_create(0);
	send_line(rejects, "554 5.7.1 Access denied", "explained ref=X");
	char *log = log_read(tree_path("none"));
	ck_assert_str_eq(log, "explain-milter: explained ref=X\n");
	free(log);
	rejects_free(&rejects);
}
END_TEST

/* Lines that wait at the end are written. */
START_TEST(test_free_writes)
{
	log_redirect(tree_path("end"));
	struct rejects *rejects = rejects_create(1);
	for (int i = 0; i < 100; i++)
		send_line(rejects, "554 5.7.1 Access denied", "explained ref=X");
	rejects_free(&rejects);
	char *log = log_read(tree_path("end"));
	size_t count = 0;
	for (const char *at = log; (at = strstr(at, "ref=X\n")); at++)
		count++;
	ck_assert_uint_eq(count, 100);
	free(log);
}
END_TEST

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* So many equal sessions that not each can be looked at, and one other: nobody's is guessed. */
START_TEST(test_many_equal)
{
	log_redirect(tree_path("equal"));
	struct rejects *rejects = rejects_create(1);
	for (int i = 0; i < 70; i++)
		rejects_seen(rejects, "5.7.1", "Access denied", &sessions[0]);
	rejects_seen(rejects, "5.7.1", "Access denied", &sessions[1]);
	send_numbered(rejects, "554 5.7.1 Access denied", 0, 1);
	pause_ms(200);
	rejects_free(&rejects);
	char *log = log_read(tree_path("equal"));
	ck_assert_int_eq(outcome(log, 0, 1), '?');
	free(log);
}
END_TEST

/* A session that was pushed out makes those that look like it unsure. */
START_TEST(test_pushed_out)
{
	log_redirect(tree_path("pushed"));
	struct rejects *rejects = rejects_create(1);
	rejects_seen(rejects, "5.7.1", "Access denied", &sessions[0]);
	rejects_seen(rejects, "5.7.1", "Access denied", &sessions[1]);
	for (int i = 0; i < 16384 - 1; i++) {
		char text[32];
		snprintf(text, sizeof(text), "flood %d", i);
		rejects_seen(rejects, "5.7.1", text, &sessions[2]);
	}
	send_numbered(rejects, "554 5.7.1 Access denied", 0, 1);
	pause_ms(200);
	rejects_free(&rejects);
	char *log = log_read(tree_path("pushed"));
	char got = outcome(log, 0, 1);
	ck_assert_msg(got == '?' || got == '-', "%c", got);
	free(log);
}
END_TEST

/* 60,000 equal rejections from sessions that all differ, as fast as they can come: no call may take
 * long, and each line is written. */
START_TEST(test_flood)
{
	enum { FLOOD = 60000 };
	double start = seconds(), worst = 0;
	size_t count = 0;

	log_redirect(tree_path("flood"));
	struct rejects *rejects = rejects_create(1);
	for (int i = 0; i < FLOOD; i++) {
		char address[32];
		snprintf(address, sizeof(address), "198.51.%d.%d", i >> 8 & 255, i & 255);
		struct session_view session = sessions[0];
		session.client_address = address;
		double before = seconds();
		rejects_seen(rejects, "5.7.1", "Access denied", &session);
		char line[64];
		snprintf(line, sizeof(line), "explained ref=X own=%s;", address);
		if (_i == 0 || i % 3 == 0)
			send_line(rejects, "554 5.7.1 Access denied", line);
		double took = seconds() - before;
		worst = took > worst ? took : worst;
	}
	rejects_free(&rejects);
	char *log = log_read(tree_path("flood"));
	for (char *at = log; (at = strstr(at, "own=")); at++, count++) {
		size_t len = strcspn(at + 4, ";");
		char *client = at + 5 + len;
		if (strncmp(client, " client=a.example.net[", 22) == 0)
			require(strncmp(client + 22, at + 4, len) == 0 && client[22 + len] == ']',
			    "a wrong session: %.80s", at);
	}
	free(log);
	ck_assert_uint_eq(count, _i == 0 ? FLOOD : FLOOD / 3);
	double limit = getenv("UNIT_SLOW") ? 120 : 15;
	ck_assert_msg(seconds() - start < limit, "took %.1f s", seconds() - start);
	ck_assert_msg(worst < limit / 10, "one took %.3f s", worst);
}
END_TEST

static void *see(void *context)
{
	for (int i = 0; i < 3000; i++)
		rejects_seen(context, texts[i % 3].status, texts[i % 3].text, &sessions[i % 6]);
	return NULL;
}

static void *write_lines(void *context)
{
	for (int i = 0; i < 3000; i++)
		send_line(context, replies[i % 9], "explained ref=X");
	return NULL;
}

START_TEST(test_threads)
{
	pthread_t threads[6];
	size_t count = 0;

	log_redirect(tree_path("threads"));
	struct rejects *rejects = rejects_create(1);
	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, i % 2 ? see : write_lines, rejects), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	rejects_free(&rejects);
	char *log = log_read(tree_path("threads"));
	for (const char *at = log; (at = strstr(at, "ref=X")); at++)
		count++;
	ck_assert_uint_eq(count, 9000);
	free(log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rejects");
	TCase *tests = unit_case(suite, "rejects");

	tcase_add_test(tests, test_scripts);
	tcase_add_test(tests, test_fields);
	tcase_add_test(tests, test_long_fields);
	tcase_add_test(tests, test_without_filter);
	tcase_add_test(tests, test_free_writes);
	tcase_add_test(tests, test_many_equal);
	tcase_add_test(tests, test_pushed_out);
	tcase_add_loop_test(tests, test_flood, 0, 2);
	tcase_add_test(tests, test_threads);
	return tree_run(suite);
}
