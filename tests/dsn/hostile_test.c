/* hostile_test.c - reports that are made to do harm, and many threads at once. */
#include "fixture.h"

#include "explain/mem.h"
#include "explain/utf8.h"

#include <pthread.h>
#include <time.h>

/* Values that try to be markup, a header, a delimiter, another direction. */
START_TEST(test_injection)
{
	static const char text[] = REPORT(
	    "Content-Type: text/plain\n\n</pre><script>notice()</script>\n",
	    "Final-Recipient: rfc822;\"<script>x</script>\"@example.net\nAction: failed\nStatus: "
	    "5.2.2\n"
	    "Remote-MTA: dns; <img/src=x>\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full "
	    "<script>alert(1)</script> \xe2\x80\xaeturned\n --b\n  Content-Type: text/html\x01\n",
	    RETURNED);
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	ck_assert_int_eq(annotate(engine, text, sizeof(text) - 1, english, &out), 0);
	const char *html = strstr(out.data, "\nContent-Type: text/html; charset");
	ck_assert_ptr_nonnull(html);
	const char *end = strstr(html, "--=_explain_");
	ck_assert_ptr_nonnull(end);
	for (const char *c = html; c < end; c++) {
		ck_assert(strncmp(c, "<script", 7) != 0);
		ck_assert(strncmp(c, "<img", 4) != 0);
		ck_assert(*c != 1);
	}
	/* Three delimiters and the last one, as before. */
	size_t delimiters = 0;
	for (const char *c = out.data; (c = strstr(c, "\n--b")); c++)
		delimiters += c[4] == '\n' || c[4] == '-';
	ck_assert_uint_eq(delimiters, 4);
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* Cut off anywhere: never a crash, and what was not ours is always kept. */
START_TEST(test_truncated)
{
	static const char text[] = REPORT(NOTICE, FAILED, RETURNED);
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *copy = mem_strndup(text, len);
		strbuf_reset(&out);
		if (annotate(engine, copy, len, english, &out) == 0) {
			const char *rest =
			    strstr(copy, "\n--b\nContent-Type: message/delivery-status");
			ck_assert_ptr_nonnull(rest);
			ck_assert_str_eq(out.data + out.len - strlen(rest), rest);
		}
		free(copy);
	}
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

START_TEST(test_many)
{
	struct engine *engine = load();
	struct strbuf text, out;

	strbuf_init(&text, 0);
	strbuf_init(&out, 0);
	/* 10,000 recipients: the first ones are shown, and that there are more. */
	strbuf_addstr(&text, HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n" NOTICE
	                          "\n--b\nContent-Type: message/delivery-status\n\n" MTA);
	for (int i = 0; i < 10000; i++)
		strbuf_addf(&text,
		    "Final-Recipient: rfc822;u%d@example.net\nAction: failed\nStatus: 5.1.1\n\n",
		    i);
	strbuf_addstr(&text, "\n--b--\n");
	struct dsn *dsn = dsn_read(text.data, text.len);
	ck_assert_uint_eq(dsn_recipient_count(dsn), 10000);
	dsn_free(&dsn);
	ck_assert_int_eq(annotate(engine, text.data, text.len, english, &out), 0);
	ck_assert(has(&out, "u24@example.net"));
	ck_assert(has(&out, "More addresses are named"));
	ck_assert_uint_lt(out.len, text.len + 100000);

	/* 1,000 multiparts within each other, and as many beside each other. */
	strbuf_reset(&text);
	strbuf_addstr(&text, HEAD "Content-Type: multipart/report; boundary=b0\n\n");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(
		    &text, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i + 1);
	strbuf_reset(&out);
	ck_assert_int_eq(annotate(engine, text.data, text.len, english, &out), -1);
	strbuf_reset(&text);
	strbuf_addstr(&text, HEAD "Content-Type: multipart/report; boundary=b\n\n");
	for (int i = 0; i < 1000; i++)
		strbuf_addstr(&text, "--b\nContent-Type: multipart/mixed; boundary=b\n\n");
	ck_assert_int_eq(annotate(engine, text.data, text.len, english, &out), -1);
	strbuf_free(&text);
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* 20 MiB that were returned. */
START_TEST(test_large)
{
	struct engine *engine = load();
	struct strbuf text, out;

	strbuf_init(&text, 0);
	strbuf_init(&out, 0);
	strbuf_addstr(&text,
	    HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n" NOTICE
	         "\n--b\nContent-Type: message/delivery-status\n\n" FAILED "\n--b\n" RETURNED);
	while (text.len < (size_t)20 << 20)
		strbuf_addstr(&text, "-- bbbbbbbbbbbbbbbbbbbbbbbbbbb --b --bb\n--bb\n--b-\n");
	strbuf_addstr(&text, "\n--b--\n");
	ck_assert_int_eq(annotate(engine, text.data, text.len, english, &out), 0);
	const char *rest = strstr(text.data, "\n--b\nContent-Type: message/delivery-status");
	size_t len = text.len - (size_t)(rest - text.data);
	ck_assert_int_eq(memcmp(out.data + out.len - len, rest, len), 0);
	strbuf_free(&text);
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* libmilter calls from many threads, and the first of them starts GMime. */
static void *annotate_often(void *context)
{
	static const char text[] = REPORT(NOTICE, FAILED, RETURNED);
	struct engine *engine = context;
	struct strbuf out;
	int result = 0;

	strbuf_init(&out, 0);
	for (int i = 0; i < 50 && result == 0; i++) {
		strbuf_reset(&out);
		result = annotate(engine, text, sizeof(text) - 1, english, &out);
	}
	strbuf_free(&out);
	return result == 0 ? NULL : context;
}

START_TEST(test_threads)
{
	struct engine *engine = load();
	pthread_t threads[6];

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, annotate_often, engine), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	engine_put(&engine);
}
END_TEST

/* Text that comes from the bounce and begins a line as the report's delimiters do, decoded or in an
 * address: it must end no part. */
static const struct {
	const char *boundary, *notice, *recipient;
	int result;
} delimiters[] = {
    {"b", "Content-Type: text/plain\n\nIt failed.\n", "--b", 0},
    {"b",
        "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=2D-b\n"
        "Content-Type: text/html\n\n<b>\n=2D-b--\n",
        "bob@example.net", 0},
    {"b", "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nLS1iCg==\n",
        "bob@example.net", 0},
    {"-- The original notice", "Content-Type: text/plain\n\nIt failed.\n", "bob@example.net", 0},
    /* Our own delimiters would begin with it. */
    {"=_", "Content-Type: text/plain\n\nIt failed.\n", "bob@example.net", -1},
};

START_TEST(test_delimiters)
{
	const char *b = delimiters[_i].boundary;
	struct engine *engine = load();
	struct strbuf text, out, line;
	size_t count = 0;

	strbuf_init(&text, 0);
	strbuf_init(&out, 0);
	strbuf_init(&line, 0);
	strbuf_addf(&text,
	    HEAD "Content-Type: multipart/report; boundary=\"%s\"\n\n--%s\n%s\n--%s\nContent-Type: "
	         "message/delivery-status\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: "
	         "5.1.1\n\n--%s--\n",
	    b, b, delimiters[_i].notice, b, delimiters[_i].recipient, b);
	strbuf_addf(&line, "\n--%s", b);
	/* With a line break before the first one, for strstr(). */
	strbuf_addch(&out, '\n');
	ck_assert_int_eq(
	    annotate(engine, text.data, text.len, english, &out), delimiters[_i].result);
	for (const char *c = out.data; (c = strstr(c, line.data)); c++)
		count++;
	ck_assert_uint_eq(count, delimiters[_i].result == 0 ? 3 : 0);
	strbuf_free(&text);
	strbuf_free(&out);
	strbuf_free(&line);
	engine_put(&engine);
}
END_TEST

/* Headers of which readers may make different things: then nobody knows where a part can stand. */
START_TEST(test_ambiguous)
{
#define PARTS                                                                                      \
	"\n\n--b\n" NOTICE "\n--b\nContent-Type: message/delivery-status\n\n" FAILED "\n--b--\n"
	static const struct {
		const char *text;
		int result;
	} cases[] = {{HEAD "Content-Type: multipart/report; boundary=b" PARTS, 0},
	    {HEAD "Content-Type: multipart/report;\n boundary=\"b\" (a comment)" PARTS, 0},
	    {HEAD "Content-Type: multipart/report; a=\"; boundary=c\"; Boundary = b" PARTS, 0},
	    {HEAD "Content-Type: multipart/report; boundary=\"\\b\"; charset=\"\\" PARTS, 0},
	    {HEAD "Content-Type: multipart/report; boundary=b; boundary=c" PARTS, -1},
	    {HEAD "Content-Type: multipart/report; boundary=b\nContent-Type: text/plain" PARTS, -1},
	    {HEAD "Content-Type: multipart/report; boundary=b; boundary*=utf-8''c" PARTS, -1},
	    {HEAD "Content-Type: multipart/report; boundary*0=b" PARTS, -1}};
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(
		    annotate(engine, cases[i].text, strlen(cases[i].text), english, &out),
		    cases[i].result);
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* A notice that can't be decoded is kept as it is; marks of direction are not shown. */
START_TEST(test_unreadable)
{
	static const char unknown[] =
	    REPORT("Content-Type: text/plain; charset=utf-16\n\nx y\n", FAILED, RETURNED);
	static const char turned[] = REPORT(NOTICE,
	    "Final-Recipient: utf-8; a\\x{202e}b@example.net\nAction: failed\nStatus: "
	    "5.1.1\nRemote-MTA: dns; "
	    "x\xe2\x80\xaey\n\nFinal-Recipient: utf-8; c\\x{202e}d@example.net\nAction: "
	    "delivered\n",
	    RETURNED);
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	ck_assert_int_eq(annotate(engine, unknown, sizeof(unknown) - 1, english, &out), 0);
	ck_assert(has(&out, "Content-Type: text/plain; charset=utf-16\n\nx y\n"));
	strbuf_reset(&out);
	ck_assert_int_eq(annotate(engine, turned, sizeof(turned) - 1, english, &out), 0);
	ck_assert(has(&out, "a?b@example.net"));
	ck_assert(has(&out, "c?d@example.net"));
	ck_assert(has(&out, "x?y"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* A value that is cut stays UTF-8, and a text that is cut stays what it was. */
START_TEST(test_cut)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	for (int blanks = 0; blanks < 2; blanks++) {
		strbuf_reset(&text);
		strbuf_addf(&text,
		    HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n\nbob@example.net%.*s",
		    blanks, ":");
		for (int i = 0; i < 40000; i++)
			strbuf_addstr(&text, "\xc3\xa4");
		strbuf_addf(&text,
		    "\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;"
		    "bob@example.net\nAction: failed\nDiagnostic-Code: %.*s",
		    blanks, "x");
		for (int i = 0; i < 5000; i++)
			strbuf_addstr(&text, "\xc3\xa4");
		strbuf_addstr(&text, "\n--b--\n");
		struct dsn *dsn = dsn_read(text.data, text.len);
		const char *diagnostic = dsn_recipient(dsn, 0)->diagnostic;
		const char *notice = dsn_recipient(dsn, 0)->notice;
		ck_assert_ptr_nonnull(strstr(notice, "\xc3\xa4"));
		ck_assert_uint_eq(utf8_valid(notice, strlen(notice)), strlen(notice));
		ck_assert_uint_ge(strlen(diagnostic), 7000);
		ck_assert_uint_eq(utf8_valid(diagnostic, strlen(diagnostic)), strlen(diagnostic));
		dsn_free(&dsn);
	}
	strbuf_free(&text);
}
END_TEST

#define LONG_50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50

/* Messages in which a naive search takes the square of their length: the first two took seconds. */
START_TEST(test_linear)
{
	static const struct {
		const char *head, *unit, *middle, *group;
	} cases[] = {
	    /* The address of each place has to be looked for in a header that it nearly is in. */
	    {"To: " LONG LONG LONG LONG LONG LONG LONG LONG "\nFrom: MAILER-DAEMON\n\n",
	        "aaaaaaa@b ", "", ""},
	    {HEAD "\n", "a@b message-i ", "", ""},
	    /* Each recipient's address nearly stands everywhere in the notice. */
	    {HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n\n", "a",
	        "\n--b\nContent-Type: message/delivery-status\n\n",
	        "Final-Recipient: rfc822; " LONG "@b\nAction: failed\n\n"},
	    /* It stands in many lines, with long ones behind it. */
	    {HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n\n",
	        "                                         a@b\n",
	        "\n--b\nContent-Type: message/delivery-status\n\n",
	        "Final-Recipient: rfc822; a@b\nAction: failed\n\n"},
	    {HEAD "Content-Type: text/html\n\n", "<style>", "", ""},
	    {HEAD "Content-Type: multipart/report; boundary=b; ", "a*0=b; ", "\n\n--b\n", ""},
	};
	struct timespec begin, end;
	struct strbuf text;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&text);
		strbuf_addstr(&text, cases[i].head);
		for (size_t len = text.len + 65000; text.len < len;)
			strbuf_addstr(&text, cases[i].unit);
		strbuf_addstr(&text, cases[i].middle);
		for (int k = 0; k < 200; k++)
			strbuf_addstr(&text, cases[i].group);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
		struct dsn *dsn = dsn_read(text.data, text.len);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
		dsn_free(&dsn);
		double seconds = (double)(end.tv_sec - begin.tv_sec) +
		                 (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
		/* Far more than it takes, for slow machines; tools that make all slow say so. */
		if (!getenv("UNIT_SLOW"))
			ck_assert(seconds < 0.7);
	}
	strbuf_free(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tests = unit_case(suite, "hostile");

	tcase_add_test(tests, test_threads);
	tcase_add_test(tests, test_injection);
	tcase_add_loop_test(tests, test_delimiters, 0, (int)COUNT(delimiters));
	tcase_add_test(tests, test_ambiguous);
	tcase_add_test(tests, test_unreadable);
	tcase_add_test(tests, test_cut);
	tcase_add_test(tests, test_linear);
	tcase_add_test(tests, test_truncated);
	tcase_add_test(tests, test_many);
	tcase_add_test(tests, test_large);
	return unit_run(suite);
}
