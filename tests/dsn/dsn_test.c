/* dsn_test.c - what delivery reports say, and how they look once they are explained. */
#include "../unit.h"

#include "explain/catalog.h"
#include "explain/dsn.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <time.h>

#include <pthread.h>

static const struct profile_settings profile = {.name = (char *)"default",
    .contact = (char *)"postmaster@example.org",
    .help_url = (char *)"https://example.org/why/{cause}",
    .language = (char *)"en",
    .width = 78,
    .max_lines = 4,
    .max_octets = 480};

/* With the real catalogue, since bounces are for its rules. */
static struct engine *load(void)
{
	static const char *const dirs[] = {"conf/catalog", NULL};
	struct problems *problems = problems_create();
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .cache_dir = "build/cache",
	    .site = "example.org",
	    .profiles = &profile,
	    .profile_count = 1,
	    .at_once = true};
	struct engine *engine = engine_create(&settings, problems);

	ck_assert_ptr_nonnull(engine);
	problems_free(&problems);
	return engine;
}

static struct dsn *read_text(const char *text)
{
	return dsn_read(text, strlen(text));
}

#define HEAD                                                                                       \
	"From: MAILER-DAEMON@mx.example.net\nTo: alice@example.org\nSubject: Undelivered\n"        \
	"MIME-Version: 1.0\n"
#define REPORT(notice, status, rest)                                                               \
	HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"     \
	     "preamble\n--b\n" notice "\n--b\nContent-Type: message/delivery-status\n\n" status    \
	     "\n--b\n" rest "\n--b--\nepilogue\n"
#define NOTICE "Content-Type: text/plain\n\nIt failed.\n"
#define RETURNED "Content-Type: message/rfc822\n\nSubject: hi\n\ntext\n"
#define MTA "Reporting-MTA: dns; mx.example.net\n\n"

/* ---- reading ---- */

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

/* ---- annotating ---- */

static const char *const english[] = {"en", NULL};

static int annotate(const struct engine *engine, const char *text, size_t len,
    const char *const *languages, struct strbuf *out)
{
	static const char *const domains[] = {"gmail.com", "gmx.de", NULL};
	struct dsn *dsn = dsn_read(text, len);
	struct dsn_options options = {.engine = engine,
	    .profile = engine_profile(engine, "", 0),
	    .languages = languages,
	    .known_domains = domains,
	    .ref = "7Q2K-M4RX"};
	int result = dsn_annotate(dsn, &options, out);

	dsn_free(&dsn);
	return result;
}

static bool has(const struct strbuf *out, const char *words)
{
	return strstr(strbuf_str(out), words) != NULL;
}

#define FAILED                                                                                     \
	MTA "Final-Recipient: rfc822;bob@example.net\nAction: failed\nStatus: 5.2.2\n"             \
	    "Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\n"

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

/* ---- hostile ---- */

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
	Suite *suite = suite_create("dsn");
	TCase *tests = unit_case(suite, "reading");

	tcase_add_loop_test(tests, test_reports, 0, (int)COUNT(reports));
	tcase_add_loop_test(tests, test_notices, 0, (int)COUNT(notices));
	tcase_add_loop_test(tests, test_choices, 0, (int)COUNT(choices));
	tests = unit_case(suite, "annotating");
	tcase_add_test(tests, test_annotate);
	tcase_add_test(tests, test_line_ends);
	tcase_add_test(tests, test_languages);
	tcase_add_test(tests, test_wished_language);
	tcase_add_test(tests, test_left_alone);
	tcase_add_test(tests, test_kinds);
	tcase_add_test(tests, test_notice_with_parts);
	tcase_add_test(tests, test_old_notice);
	tcase_add_test(tests, test_mark);
	tests = unit_case(suite, "threads");
	tcase_add_test(tests, test_threads);
	tests = unit_case(suite, "hostile");
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
