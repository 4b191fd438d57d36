/* annotate_test.c - how delivery reports look once they are explained. */
#include "fixture.h"

#include "explain/mem.h"

START_TEST(test_annotate)
{
	static const char text[] = REPORT(NOTICE, FAILED, RETURNED);
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	ck_assert_int_eq(annotate(engine, text, sizeof(text) - 1, english, &out), 0);
	/* What stands before and behind the first part is as it was. */
	ck_assert_int_eq(
	    strncmp(out.data, "preamble\n--b\nContent-Type: multipart/alternative; ", 49), 0);
	const char *rest = strstr(text, "\n--b\nContent-Type: message/delivery-status");
	ck_assert_uint_gt(out.len, strlen(rest));
	ck_assert_str_eq(out.data + out.len - strlen(rest), rest);
	ck_assert(has(&out, "The mailbox of bob@example.net is full."));
	ck_assert(has(&out, "---- The original notice ----\n\nIt failed.\n"));
	ck_assert(has(&out, "Ref: 7Q2K-M4RX"));
	ck_assert(has(&out, "href=\"https://example.org/why/mailbox-full\""));
	ck_assert(!has(&out, "\r"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* CRLF throughout when the message has it. */
START_TEST(test_line_ends)
{
	static const char text[] = REPORT(NOTICE, FAILED, RETURNED);
	struct engine *engine = load();
	struct strbuf crlf, out;

	strbuf_init(&crlf, 0);
	strbuf_init(&out, 0);
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			strbuf_addch(&crlf, '\r');
		strbuf_addch(&crlf, *c);
	}
	ck_assert_int_eq(annotate(engine, crlf.data, crlf.len, english, &out), 0);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] == '\n')
			ck_assert(i > 0 && out.data[i - 1] == '\r');
	strbuf_free(&out);
	strbuf_free(&crlf);
	engine_put(&engine);
}
END_TEST

START_TEST(test_languages)
{
	static const char text[] = REPORT(NOTICE, FAILED, RETURNED);
	static const char *const both[] = {"de", "en", "xx", NULL}, *const unknown[] = {"xx", NULL};
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	ck_assert_int_eq(annotate(engine, text, sizeof(text) - 1, both, &out), 0);
	const char *german = strstr(out.data, "Ihre Nachricht wurde nicht zugestellt");
	const char *after = strstr(out.data, "Your message was not delivered");
	ck_assert(german && after && german < after);
	strbuf_reset(&out);
	ck_assert_int_eq(annotate(engine, text, sizeof(text) - 1, unknown, &out), 0);
	ck_assert(has(&out, "Your message was not delivered"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* The returned message's wish. */
START_TEST(test_wished_language)
{
	static const char *const cases[][2] = {{"", ""}, {"Accept-Language: de-AT, en\n", "de"},
	    {"Accept-Language: tlh, pt-PT;q=0.8\n", "pt-BR"}, {"Content-Language: pl\n", "pl"},
	    {"Accept-Language: zh-CN\nContent-Language: en\n", "zh-CN"},
	    {"Accept-Language: ,,;\n", ""}, {"Accept-Language: tlh\n", ""}};
	struct engine *engine = load();
	struct strbuf text;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&text);
		strbuf_addf(&text,
		    HEAD
		    "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\nContent-Type: "
		    "message/delivery-status\n\n" FAILED
		    "\n--b\nContent-Type: text/rfc822-headers\n\n%sSubject: x\n--b--\n",
		    cases[i][0]);
		struct dsn *dsn = dsn_read(text.data, text.len);
		const char *language = dsn_language(dsn, engine);
		ck_assert_str_eq(language ? language : "", cases[i][1]);
		dsn_free(&dsn);
	}
	strbuf_free(&text);
	engine_put(&engine);
}
END_TEST

/* What can't be explained, or needs no explanation, stays as it is. */
START_TEST(test_left_alone)
{
	static const char *const texts[] = {
	    REPORT(
	        NOTICE, MTA "Final-Recipient: rfc822;a@example.net\nAction: delivered\n", RETURNED),
	    REPORT(
	        NOTICE, MTA "Final-Recipient: rfc822;a@example.net\nAction: relayed\n", RETURNED),
	    REPORT(
	        NOTICE, MTA "Final-Recipient: rfc822;a@example.net\nAction: expanded\n", RETURNED),
	    REPORT(NOTICE, "", RETURNED), HEAD "\nbob@example.net: we had our reasons\n",
	    HEAD "Content-Type: text/plain; charset=iso-8859-1\n\nbob@example.net: User unknown\n",
	    HEAD "Content-Type: text/html\n\nbob@example.net: User unknown\n",
	    HEAD "Content-Transfer-Encoding: base64\n\nYm9iQGV4YW1wbGUubmV0OiBVc2VyIHVua25vd24K\n",
	    "From: bob@example.net\nReturn-Path: <>\n\ncarol@example.net: User unknown\n",
	    HEAD "Content-Type: multipart/signed; boundary=s\n\n--s\n" REPORT(NOTICE,
	        MTA "Final-Recipient: rfc822;a@example.net\nAction: failed\n", RETURNED) "--s--\n",
	    HEAD "Content-Type: multipart/report; boundary=b\n\nno parts\n",
	    HEAD "Content-Type: multipart/report\n\n--b\n\nx\n--b--\n",
	    HEAD "Content-Type: multipart/report; boundary=\"\"\n\n--\n\nx\n----\n", "", "\n", "x"};
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(annotate(engine, texts[i], strlen(texts[i]), english, &out), -1);
		ck_assert_uint_eq(out.len, 0);
	}
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

START_TEST(test_kinds)
{
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	/* Delayed: nothing to do, and until when. */
	static const char delayed[] = REPORT(NOTICE,
	    "Final-Recipient: rfc822;bob@example.net\nAction: delayed\nStatus: "
	    "4.4.1\nWill-Retry-Until: "
	    "Fri, 27 Nov 2026 10:00:00 +0100\nDiagnostic-Code: x-postfix; connect to "
	    "mx.example.net[192.0.2.1]:25: Connection timed out\n",
	    RETURNED);
	ck_assert_int_eq(annotate(engine, delayed, sizeof(delayed) - 1, english, &out), 0);
	ck_assert(has(&out, "Your message is on its way, but late"));
	ck_assert(has(&out, "You need not do anything"));
	ck_assert(has(&out, "2026-11-27 10:00 (UTC+01:00)"));
	ck_assert(!has(&out, "What to do"));
	/* Some got it. */
	strbuf_reset(&out);
	static const char mixed[] = REPORT(NOTICE,
	    FAILED "\nFinal-Recipient: rfc822;carol@example.net\nAction: delivered\n", RETURNED);
	ck_assert_int_eq(annotate(engine, mixed, sizeof(mixed) - 1, english, &out), 0);
	ck_assert(has(&out, "Your message did not reach everyone"));
	ck_assert(has(&out, "Delivered, as the report says:\n  carol@example.net\n"));
	/* A slip of the finger. */
	strbuf_reset(&out);
	static const char typo[] = REPORT(NOTICE,
	    "Final-Recipient: rfc822;bob@GMIAL.com\nAction: failed\nDiagnostic-Code: x-postfix; "
	    "Host or "
	    "domain name not found. Name service error for name=gmial.com type=AAAA: Host not "
	    "found\n",
	    RETURNED);
	ck_assert_int_eq(annotate(engine, typo, sizeof(typo) - 1, english, &out), 0);
	ck_assert(has(&out, "Did you mean this address? bob@gmail.com"));
	/* Written to one address, forwarded to another. */
	strbuf_reset(&out);
	static const char forwarded[] = REPORT(NOTICE,
	    "Original-Recipient: rfc822;staff@example.org\nFinal-Recipient: "
	    "rfc822;bob@example.net\n"
	    "Action: failed\nStatus: 5.2.2\n",
	    RETURNED);
	ck_assert_int_eq(annotate(engine, forwarded, sizeof(forwarded) - 1, english, &out), 0);
	ck_assert(has(&out,
	    "\nstaff@example.org (bob@example.net)\n  The mailbox of bob@example.net is full."));
	/* The domain exists: it is another one, whatever it looks like. */
	strbuf_reset(&out);
	static const char exists[] = REPORT(NOTICE,
	    "Final-Recipient: rfc822;bob@gmal.com\nAction: failed\nDiagnostic-Code: smtp; 550 "
	    "5.1.1 User "
	    "unknown\n",
	    RETURNED);
	ck_assert_int_eq(annotate(engine, exists, sizeof(exists) - 1, english, &out), 0);
	ck_assert(!has(&out, "Did you mean"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* A notice that is more than text is kept as it is, behind the explanation. */
START_TEST(test_notice_with_parts)
{
	static const char notice[] =
	    "Content-Type: multipart/alternative; boundary=in\n\n--in\n\nplain words\n--in\n"
	    "Content-Type: text/html\n\n<p>words</p>\n--in--\n";
	static const char text[] =
	    REPORT("Content-Type: multipart/alternative; boundary=in\n\n--in\n\nplain words\n--in\n"
	           "Content-Type: text/html\n\n<p>words</p>\n--in--\n",
	        FAILED, RETURNED);
	static const char none[] =
	    HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n"
	         "Content-Type: message/delivery-status\n\n" FAILED "\n--b--\n";
	struct engine *engine = load();
	struct strbuf out;

	strbuf_init(&out, 0);
	ck_assert_int_eq(annotate(engine, text, sizeof(text) - 1, english, &out), 0);
	ck_assert(has(&out, "--b\nContent-Type: multipart/mixed; boundary=\"=_explain_m_"));
	ck_assert(has(&out, notice));
	/* Without a notice the explanation comes first, and the status second, as RFC 6522 wants.
	 */
	strbuf_reset(&out);
	ck_assert_int_eq(annotate(engine, none, sizeof(none) - 1, english, &out), 0);
	ck_assert_int_eq(strncmp(out.data, "--b\nContent-Type: multipart/alternative; ", 41), 0);
	ck_assert(
	    has(&out, "--\n--b\nContent-Type: message/delivery-status\n\n" FAILED "\n--b--\n"));
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

/* An old notice: text in front of it, in its letters. */
START_TEST(test_old_notice)
{
	static const char notice[] = "Hi. This is the qmail-send program.\n\n<bob@example.net>:\n"
	                             "550 5.1.1 User unknown\n\n--- Below this line is a copy.\n";
	static const struct {
		const char *type, *title;
	} cases[] = {{"", "Ihre Nachricht wurde nicht zugestellt\n"},
	    {"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
	        "Ihre Nachricht"}};
	static const char *const german[] = {"de", NULL}, *const japanese[] = {"ja", NULL};
	struct engine *engine = load();
	struct strbuf out, text;

	strbuf_init(&out, 0);
	strbuf_init(&text, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&text);
		strbuf_reset(&out);
		strbuf_addf(&text, HEAD "%s\n%s", cases[i].type, notice);
		ck_assert_int_eq(annotate(engine, text.data, text.len, german, &out), 0);
		ck_assert_int_eq(strncmp(out.data, cases[i].title, strlen(cases[i].title)), 0);
		ck_assert_str_eq(out.data + out.len - strlen(notice), notice);
		ck_assert_int_eq(has(&out, "Empf\xc3\xa4nger"), i == 1);
		ck_assert_int_eq(has(&out, "Empfaenger"), i == 0);
	}
	strbuf_reset(&out);
	ck_assert_int_eq(annotate(engine, text.data, text.len, japanese, &out), 0);
	ck_assert(has(&out, "\xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab"));
	strbuf_reset(&text);
	strbuf_reset(&out);
	strbuf_addf(&text, HEAD "\n%s", notice);
	ck_assert_int_eq(annotate(engine, text.data, text.len, japanese, &out), 0);
	ck_assert(has(&out, "Your message was not delivered"));
	/* An address longer than a line may be. */
	strbuf_reset(&text);
	strbuf_addstr(&text, HEAD "\n<");
	for (int k = 0; k < 1000; k++)
		strbuf_addch(&text, 'a');
	strbuf_addstr(&text, "@example.net>: 550 5.1.1 User unknown\n");
	strbuf_reset(&out);
	ck_assert_int_eq(annotate(engine, text.data, text.len, german, &out), -1);
	ck_assert_uint_eq(out.len, 0);
	strbuf_free(&text);
	strbuf_free(&out);
	engine_put(&engine);
}
END_TEST

START_TEST(test_mark)
{
	static const char plain[] = "Subject: x\n\nbody", crlf[] = "Subject: x\r\n\r\nbody";
	static const char marked[] = "Subject: x\n" DSN_MARK ": 1\n\nbody";
	struct strbuf out;

	strbuf_init(&out, 0);
	struct dsn *dsn = read_text(plain);
	ck_assert(!dsn_is_annotated(dsn));
	dsn_add_header(dsn, "1.0", &out);
	ck_assert_str_eq(out.data, "Subject: x\n" DSN_MARK ": 1.0\n\n");
	dsn_free(&dsn);
	strbuf_reset(&out);
	dsn = read_text(crlf);
	dsn_add_header(dsn, "1.0", &out);
	ck_assert_str_eq(out.data, "Subject: x\r\n" DSN_MARK ": 1.0\r\n\r\n");
	dsn_free(&dsn);
	dsn = read_text(marked);
	ck_assert(dsn_is_annotated(dsn));
	dsn_free(&dsn);
	strbuf_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("annotate");
	TCase *tests = unit_case(suite, "annotate");

	tcase_add_test(tests, test_annotate);
	tcase_add_test(tests, test_line_ends);
	tcase_add_test(tests, test_languages);
	tcase_add_test(tests, test_wished_language);
	tcase_add_test(tests, test_left_alone);
	tcase_add_test(tests, test_kinds);
	tcase_add_test(tests, test_notice_with_parts);
	tcase_add_test(tests, test_old_notice);
	tcase_add_test(tests, test_mark);
	return unit_run(suite);
}
