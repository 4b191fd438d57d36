/* dsn_test.c - what delivery reports say. */
#include "fixture.h"

#include "explain/catalog.h"
#include "explain/explain.h"
#include "explain/reply.h"

static const struct {
	const char *text;
	struct dsn_recipient wanted[3]; /* up to one without address and action */
} reports[] = {
    {REPORT(NOTICE,
         MTA
         "Original-Recipient: rfc822;bob+x@example.net\nFinal-Recipient: rfc822; bob@example.net\n"
         "Action: failed\nStatus: 5.2.2 (full)\nRemote-MTA: dns; mx2.example.net (192.0.2.1)\n"
         "Diagnostic-Code: smtp; 552 5.2.2\n  Mailbox\n\tfull\n",
         RETURNED),
        {{"bob@example.net", "bob+x@example.net", DSN_FAILED, "5.2.2",
            "smtp; 552 5.2.2 Mailbox full", "", "mx2.example.net", ""}}},
    /* No empty line between the groups, odd case, blanks, brackets, comments. */
    {REPORT(NOTICE,
         "Reporting-MTA: x\nFINAL-RECIPIENT:RFC822;<a@example.net>\naction : Failed (for good)\n"
         "status:5.1.1\nFinal-Recipient: rfc822;c@example.net\nAction: delayed\nStatus: 4.4.1\n"
         "Will-Retry-Until: Fri, 27 Nov 2026 10:00:00 +0100\n",
         RETURNED),
        {{"a@example.net", "", DSN_FAILED, "5.1.1", "", "", "", ""},
            {"c@example.net", "", DSN_DELAYED, "4.4.1", "", "", "",
                "Fri, 27 Nov 2026 10:00:00 +0100"}}},
    /* The order of several filters: the action first; and a recipient twice in one group. */
    {REPORT(NOTICE,
         MTA "Action: failed\nFinal-Recipient: rfc822; a@example.net\nOriginal-Recipient: rfc822; "
             "a@example.net\nStatus: 5.1.1\n",
         RETURNED),
        {{"a@example.net", "", DSN_FAILED, "5.1.1", "", "", "", ""}}},
    /* Without an action the status tells; without either nothing does. */
    {REPORT(NOTICE, MTA "Final-Recipient: rfc822;a@example.net\nStatus: 4.2.1\n", RETURNED),
        {{"a@example.net", "", DSN_DELAYED, "4.2.1", "", "", "", ""}}},
    {REPORT(NOTICE, MTA "Final-Recipient: rfc822;a@example.net\nStatus: no\n", RETURNED),
        {{"a@example.net", "", DSN_UNKNOWN, "", "", "", "", ""}}},
    {REPORT(NOTICE, MTA "Final-Recipient: rfc822;a@example.net\nAction: relayed\nStatus: 2.1.5\n",
         RETURNED),
        {{"a@example.net", "", DSN_RELAYED, "2.1.5", "", "", "", ""}}},
    /* RFC 6533. */
    {REPORT(NOTICE, MTA "Final-Recipient: utf-8; \\x{e4}\\x{65e5}@example.net\nAction: expanded\n",
         RETURNED),
        {{"\xc3\xa4\xe6\x97\xa5@example.net", "", DSN_EXPANDED, "", "", "", "", ""}}},
    {REPORT(NOTICE,
         MTA "Final-Recipient: utf-8; \\x{d800}\\x{0}\\x{zz}\\x{@example.net\n"
             "Action: delivered\n",
         RETURNED),
        {{"\\x{d800}\\x{0}\\x{zz}\\x{@example.net", "", DSN_DELIVERED, "", "", "", "", ""}}},
    /* A system that puts its own host where the address belongs. */
    {REPORT(NOTICE,
         MTA
         "Original-Recipient: rfc822;a@example.net\nFinal-Recipient: rfc822;mx\nAction: failed\n",
         RETURNED),
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""}}},
    /* The name of a program behind the @. */
    {REPORT(NOTICE,
         MTA "Original-Recipient: rfc822;a@example.net\nFinal-Recipient: rfc822;a@ims-ms-daemon\n"
             "Action: failed\n",
         RETURNED),
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""}}},
    /* No empty line, and only the second recipient has an original one. */
    {REPORT(NOTICE,
         MTA "Final-Recipient: rfc822;a@example.net\nAction: failed\nOriginal-Recipient: "
             "rfc822;b@example.org\nFinal-Recipient: rfc822;b@example.net\nAction: delayed\n",
         RETURNED),
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""},
            {"b@example.net", "b@example.org", DSN_DELAYED, "", "", "", "", ""}}},
    /* Of two types the last one counts, as GMime has it; a line that is no field ends the header.
     */
    {HEAD "Content-Type: text/plain\nContent-Type: multipart/report;\n boundary=b\n\n--b\n" NOTICE
          "\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.net\n"
          "Action: failed\n--b--\n",
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""}}},
    {HEAD "Content-Type: multipart/report; boundary=b\nBroken line\nX: y\n\n--b\n" NOTICE
          "\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.net\n"
          "Action: failed\n--b--\n",
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""}}},
    /* base64, quoted-printable */
    {HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n" NOTICE
          "\n--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
          "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUBleGFtcGxlLm5ldApBY3Rpb246IGZhaWxlZApTdGF0\ndXM6IDUu"
          "MS4xCg==\n--b--\n",
        {{"a@example.net", "", DSN_FAILED, "5.1.1", "", "", "", ""}}},
    {HEAD "Content-Type: multipart/report; boundary=b\n\n--b\n" NOTICE
          "\n--b\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: "
          "quoted-printable\n\nFinal-Recipient: rfc822;a=40example.net\nAction: fai=\nled\n--b--\n",
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""}}},
    /* A report within a mixed; one that is only returned is not this message's. */
    {HEAD "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
          "Content-Type: multipart/report; boundary=b\n\n--b\n" NOTICE
          "\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.net\n"
          "Action: failed\n--b--\n--o\n\nfooter\n--o--\n",
        {{"a@example.net", "", DSN_FAILED, "", "", "", "", ""}}},
    {"From: alice@example.org\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nlook\n--o\n"
     "Content-Type: message/rfc822\n\n"
     "Content-Type: multipart/report; boundary=b\n\n--b\n" NOTICE
     "\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.net\n"
     "Action: failed\n--b--\n--o--\n",
        {{"", "", DSN_UNKNOWN, "", "", "", "", ""}}},
    {"From: alice@example.org\nSubject: hello\n\nbob@example.net: 550 User unknown\n",
        {{"", "", DSN_UNKNOWN, "", "", "", "", ""}}},
    {"", {{"", "", DSN_UNKNOWN, "", "", "", "", ""}}},
    {"x", {{"", "", DSN_UNKNOWN, "", "", "", "", ""}}},
};

START_TEST(test_reports)
{
	struct dsn *dsn = read_text(reports[_i].text);
	size_t count = 0;

	for (const struct dsn_recipient *wanted = reports[_i].wanted;
	     count < 3 && wanted && wanted->address && (wanted->address[0] || wanted->action);
	     wanted++) {
		ck_assert_uint_lt(count, dsn_recipient_count(dsn));
		const struct dsn_recipient *found = dsn_recipient(dsn, count++);
		ck_assert_str_eq(found->address, wanted->address);
		ck_assert_str_eq(found->original, wanted->original);
		ck_assert_int_eq(found->action, wanted->action);
		ck_assert_str_eq(found->status, wanted->status);
		ck_assert_str_eq(found->diagnostic, wanted->diagnostic);
		ck_assert_str_eq(found->remote_mta, wanted->remote_mta);
		ck_assert_str_eq(found->retry_until, wanted->retry_until);
	}
	ck_assert_uint_eq(dsn_recipient_count(dsn), count);
	dsn_free(&dsn);
	ck_assert_ptr_null(dsn);
	dsn_free(&dsn);
}
END_TEST

/* Programs that write no report: the recipient, the status, and the rule that its words select. */
static const struct {
	const char *text, *recipient, *status, *reason;
} notices[] = {
    {HEAD
        "\nHi. This is the qmail-send program at example.org.\nI'm afraid I wasn't able to "
        "deliver your message to the following addresses.\n\n<bob@example.net>:\n192.0.2.7 does "
        "not like recipient.\nRemote host said: 550 5.1.1 unknown user\nGiving up on 192.0.2.7.\n\n"
        "--- Below this line is a copy of the message.\n\nReturn-Path: <alice@example.org>\n"
        "To: carol@example.com\n\nmail full\n",
        "bob@example.net", "5.1.1", "recipient-unknown"},
    {HEAD "X-Failed-Recipients: bob@example.net\n\nThis message was created automatically by mail "
          "delivery software.\n\nA message that you sent could not be delivered:\n\n  "
          "bob@example.net\n    host mx.example.net [192.0.2.7]\n    SMTP error from remote mail "
          "server after RCPT TO:<bob@example.net>:\n    552 Mailbox quota exceeded\n\n"
          "------ This is a copy of the message ------\n\nTo: carol@example.com\n",
        "bob@example.net", "", "mailbox-full"},
    {HEAD
        "\n   ----- Transcript of session follows -----\n... while talking to mx.example.net.:\n"
        ">>> RCPT To:<bob@example.net>\n<<< 550 5.1.1 User unknown\n550 5.1.1 <bob@example.net>... "
        "User unknown\n\n   ----- Original message follows -----\nTo: carol@example.com\n",
        "bob@example.net", "5.1.1", "recipient-unknown"},
    {HEAD "Content-Type: text/html\n\n<html><head><style>p{}</style></head><p>Your message to "
          "<b>bob@example.net</b> failed:<br>550 5.1.1 User unknown &amp; gone</p></html>\n",
        "bob@example.net", "5.1.1", "recipient-unknown"},
    /* Its parts can't be told apart, since the boundary is another one. */
    {HEAD "Content-Type: multipart/report; boundary=x\n\n--b\n\nfailed\n\n--b\nContent-Type: "
          "message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; "
          "bob@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 User "
          "unknown\n\n"
          "--b--\n",
        "bob@example.net", "5.1.1", "recipient-unknown"},
    /* Nothing that names the recipient. */
    {HEAD "\nUser unknown: your message was not delivered\n", "", "", "recipient-unknown"},
    /* Lists: whom to ask is not whom it was for; their own notices don't come from <>. */
    {HEAD "\n<team@example.net>:\nSorry, only subscribers may post. If you are one, write to "
          "team-owner@example.net (#5.7.2)\n",
        "team@example.net", "5.7.2", "recipient-restricted"},
    {"From: talk-bounces@example.net\nSubject: Request to mailing list Talk rejected\n"
     "X-List-Administrivia: yes\n\nYour posting has been rejected:\n\n"
     "\"Non-members are not allowed to post messages to this list.\"\n\n"
     "Questions go to\n\n    talk-owner@example.net\n",
        "", "", "recipient-restricted"},
    {"From: devel-admin@example.net\nSubject: You alice@example.org are not member (devel ML)\n"
     "X-MLServer: fml\nTo: alice@example.org\n\nYou are not a member of this mailing list "
     "<devel@example.net>.\n",
        "devel@example.net", "", "recipient-restricted"},
    /* "From:" that is not the returned message's. */
    {HEAD
        "\n<bob@example.net>:\nFrom: <alice@example.org> RCPT: <bob@example.net> 192.0.2.7 "
        "failed.\nRemote host said: 552 Mailbox full\n\nFrom: alice@example.org\nSubject: virus\n",
        "bob@example.net", "", "mailbox-full"},
};

START_TEST(test_notices)
{
	struct engine *engine = load();
	struct reply *reply = reply_create();
	struct dsn *dsn = read_text(notices[_i].text);

	ck_assert(!dsn_is_report(dsn));
	ck_assert_uint_eq(dsn_recipient_count(dsn), 1);
	ck_assert_str_eq(dsn_recipient(dsn, 0)->address, notices[_i].recipient);
	ck_assert_str_eq(dsn_recipient(dsn, 0)->status, notices[_i].status);
	ck_assert_int_eq(dsn_recipient(dsn, 0)->action, DSN_FAILED);
	ck_assert_int_eq(dsn_choose_reply(dsn, 0, engine, reply), 5);
	const struct rule *rule = explain_select(engine, reply);
	ck_assert_ptr_nonnull(rule);
	ck_assert_str_eq(rule->cause->reason, notices[_i].reason);
	dsn_free(&dsn);
	reply_free(&reply);
	engine_put(&engine);
}
END_TEST

/* The words that say most are used, wherever they stand. */
static const struct {
	const char *notice, *status, *reason;
} choices[] = {
    {"", "Status: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\n", "mailbox-full"},
    {"<bob@example.net>: mailbox is full\n", "Status: 5.0.0\nDiagnostic-Code: smtp; 550 5.0.0\n",
        "mailbox-full"},
    {"<bob@example.net>: we had our reasons\n", "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n",
        "recipient-unknown"},
    {"", "Status: 5.1.1\n", "recipient-unknown"},
    {"<bob@example.net>: 250 ok\n<bob@example.net>: mailbox is full\n", "Status: 5.0.0\n",
        "mailbox-full"},
    /* The server that spoke stands in a field of its own. */
    {"",
        "Status: 5.0.0\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1 User "
        "unknown\n",
        "recipient-unknown"},
    /* What belongs into a diagnostic stands behind the status. */
    {"", "Status: 5.0.0 (Over quota)\n", "mailbox-full"},
    /* A transcript: each reply for itself, and not the next recipient's. */
    {">>> RCPT To:<bob@example.net>\n<<< 550 <bob@example.net>, no user of that name\n"
     "550 <bob@example.net>... User unknown\n421 mx... Deferred: Connection timed out\n",
        "Status: 5.0.0\n", "recipient-unknown"},
    {">>> RCPT To:<bob@example.net>\n<<< 550-5.2.2 The mailbox\n<<< 550 5.2.2 is full\n"
     "550 <carol@example.com>... Host unknown\n",
        "Status: 5.0.0\n", "mailbox-full"},
};

START_TEST(test_choices)
{
	struct engine *engine = load();
	struct reply *reply = reply_create();
	struct strbuf text;

	strbuf_init(&text, 0);
	strbuf_addf(&text,
	    HEAD
	    "Content-Type: multipart/report; boundary=b\n\n--b\n\n%s\n--b\n"
	    "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;bob@example.net\n"
	    "Action: failed\n%s\n--b--\n",
	    choices[_i].notice, choices[_i].status);
	struct dsn *dsn = dsn_read(text.data, text.len);
	dsn_choose_reply(dsn, 0, engine, reply);
	const struct rule *rule = explain_select(engine, reply);
	ck_assert_ptr_nonnull(rule);
	ck_assert_str_eq(rule->cause->reason, choices[_i].reason);
	dsn_free(&dsn);
	strbuf_free(&text);
	reply_free(&reply);
	engine_put(&engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dsn");
	TCase *tests = unit_case(suite, "dsn");

	tcase_add_loop_test(tests, test_reports, 0, (int)COUNT(reports));
	tcase_add_loop_test(tests, test_notices, 0, (int)COUNT(notices));
	tcase_add_loop_test(tests, test_choices, 0, (int)COUNT(choices));
	return unit_run(suite);
}
