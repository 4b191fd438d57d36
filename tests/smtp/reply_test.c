/* reply_test.c - replies in every form in which they are shown, and hostile ones. */
#include "../unit.h"

#include "explain/reply.h"
#include "explain/strbuf.h"

#include <ctype.h>
#include <limits.h>

struct expected {
	const char *input;
	size_t len; /* 0: up to the NUL */
	int code;
	const char *status; /* "": none */
	const char *lines;  /* with '|' between them */
	const char *text;   /* NULL: the lines with blanks between them */
	enum stage stage;
	const char *host;
};

static void write_status(char *out, size_t size, struct status status)
{
	if (status.class)
		snprintf(out, size, "%d.%d.%d", status.class, status.subject, status.detail);
	else
		out[0] = '\0';
}

/* The lines of REPLY with '|' between them; the caller frees it. */
static char *lines_of(const struct reply *reply)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	strbuf_addstr(&out, "");
	for (size_t i = 0; i < reply_line_count(reply); i++) {
		size_t len;
		const char *line = reply_line(reply, i, &len);
		if (i > 0)
			strbuf_addch(&out, '|');
		strbuf_add(&out, line, len);
	}
	return out.data;
}

static void check(struct reply *reply, const struct expected *expected)
{
	size_t input_len = expected->len ? expected->len : strlen(expected->input), len;
	char status[32], *joined = strdup(expected->lines), *lines;

	ck_assert_int_eq(reply_parse(reply, expected->input, input_len), 0);
	write_status(status, sizeof(status), reply_status(reply));
	ck_assert_msg(reply_code(reply) == expected->code, "'%s': code %d", expected->input,
	    reply_code(reply));
	ck_assert_msg(
	    strcmp(status, expected->status) == 0, "'%s': status %s", expected->input, status);
	lines = lines_of(reply);
	ck_assert_msg(
	    strcmp(lines, expected->lines) == 0, "'%s': lines '%s'", expected->input, lines);
	free(lines);
	for (char *c = joined; *c; c++)
		if (*c == '|')
			*c = ' ';
	const char *text = reply_text(reply, &len),
	           *want = expected->text ? expected->text : joined;
	ck_assert_msg(len == strlen(want) && memcmp(text, want, len) == 0, "'%s': text '%.*s'",
	    expected->input, (int)len, text);
	free(joined);
	ck_assert_msg(reply_stage(reply) == expected->stage, "'%s': stage %s", expected->input,
	    stage_name(reply_stage(reply)));
	const char *host = reply_host(reply, &len);
	const char *want_host = expected->host ? expected->host : "";
	ck_assert_msg(!host == !expected->host && len == strlen(want_host) &&
	                  (!host || memcmp(host, want_host, len) == 0),
	    "'%s': host '%.*s'", expected->input, (int)len, host ? host : "");
	int class = expected->code ? expected->code / 100 : status[0] ? status[0] - '0' : 0;
	ck_assert_int_eq(reply_class(reply), class);
}

static void check_all(const struct expected *cases, size_t count)
{
	/* One object for all: nothing of an earlier reply may stay. */
	struct reply *reply = reply_create();

	for (size_t i = 0; i < count; i++)
		check(reply, &cases[i]);
	for (size_t i = count; i-- > 0;)
		check(reply, &cases[i]);
	reply_free(&reply);
	ck_assert_ptr_null(reply);
	reply_free(&reply);
}

START_TEST(smtp)
{
	static const struct expected cases[] = {
	    {"550 5.1.1 User unknown", .code = 550, .status = "5.1.1", .lines = "User unknown"},
	    {"550 5.1.1 User unknown\r\n", .code = 550, .status = "5.1.1", .lines = "User unknown"},
	    {"550-5.1.1 One\r\n550-5.1.1 Two\r\n550 5.1.1 Three\r\n", .code = 550,
	        .status = "5.1.1", .lines = "One|Two|Three"},
	    {"550-5.1.1 One\n550 5.1.1 Two\n", .code = 550, .status = "5.1.1", .lines = "One|Two"},
	    {"550-5.1.1 One\r550 5.1.1 Two\r", .code = 550, .status = "5.1.1", .lines = "One|Two"},
	    {"550-5.1.1 One\n\r\n550 5.1.1 Two", .code = 550, .status = "5.1.1",
	        .lines = "One|Two"},
	    /* Without status, or with one on some lines only. */
	    {"554 Transaction failed", .code = 554, .status = "", .lines = "Transaction failed"},
	    {"550-One\r\n550 Two", .code = 550, .status = "", .lines = "One|Two"},
	    {"550-5.7.1 One\r\n550 Two", .code = 550, .status = "5.7.1", .lines = "One|Two"},
	    {"550-One\r\n550 5.7.1 Two", .code = 550, .status = "5.7.1", .lines = "One|Two"},
	    {"550-5.7.1 One\r\n550 5.7.2 Two", .code = 550, .status = "5.7.1",
	        .lines = "One|5.7.2 Two"},
	    /* The class of the status is wrong: the code decides. */
	    {"550 4.2.2 Mailbox full", .code = 550, .status = "4.2.2", .lines = "Mailbox full"},
	    {"450 5.1.1 Unknown", .code = 450, .status = "5.1.1", .lines = "Unknown"},
	    {"550 2.1.5 Ok", .code = 550, .status = "2.1.5", .lines = "Ok"},
	    /* Codes of several kinds on the lines. */
	    {"550-One\r\n551 Two", .code = 550, .status = "", .lines = "One|Two"},
	    {"550-One\r\n450 Two", .code = 550, .status = "", .lines = "One|450 Two"},
	    /* Not refusals. */
	    {"250 2.1.5 Ok", .code = 250, .status = "2.1.5", .lines = "Ok"},
	    {"354 End data with <CR><LF>.<CR><LF>", .code = 354, .status = "",
	        .lines = "End data with <CR><LF>.<CR><LF>"},
	    {"250-mx.example.org\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n", .code = 250,
	        .status = "", .lines = "mx.example.org|SIZE 10240000|8BITMIME"},
	    /* Blanks. */
	    {"  550   5.1.1   User   unknown  ", .code = 550, .status = "5.1.1",
	        .lines = "User   unknown", .text = "User unknown"},
	    {"550\t5.1.1\tUser\tunknown\t", .code = 550, .status = "5.1.1",
	        .lines = "User unknown"},
	    {"550-5.1.1  a  b \r\n550 5.1.1  c ", .code = 550, .status = "5.1.1", .lines = "a  b|c",
	        .text = "a b c"},
	    /* Nothing but codes. */
	    {"550", .code = 550, .status = "", .lines = ""},
	    {"550 ", .code = 550, .status = "", .lines = ""},
	    {"550-", .code = 550, .status = "", .lines = ""},
	    {"550\r\n", .code = 550, .status = "", .lines = ""},
	    {"550-\r\n", .code = 550, .status = "", .lines = ""},
	    {"550 5.1.1", .code = 550, .status = "5.1.1", .lines = ""},
	    {"550 5.1.1\r\n", .code = 550, .status = "5.1.1", .lines = ""},
	    {"550-5.1.1\r\n550 5.1.1\r\n", .code = 550, .status = "5.1.1", .lines = "|",
	        .text = ""},
	    {"550-One\r\n550", .code = 550, .status = "", .lines = "One|", .text = "One"},
	    {"550-\r\n550 Two", .code = 550, .status = "", .lines = "|Two", .text = "Two"},
	    {"550-One\r\n550-\r\n550 Three", .code = 550, .status = "", .lines = "One||Three",
	        .text = "One Three"},
	    {"550--dash", .code = 550, .status = "", .lines = "-dash"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

START_TEST(no_code)
{
	static const struct expected cases[] = {
	    {"\r\n", .status = "", .lines = ""},
	    {" ", .status = "", .lines = ""},
	    {"User unknown", .status = "", .lines = "User unknown"},
	    {"One\r\nTwo", .status = "", .lines = "One|Two"},
	    {"5.1.1 User unknown", .status = "5.1.1", .lines = "User unknown"},
	    {"4.7.1", .status = "4.7.1", .lines = ""},
	    /* No reply codes. */
	    {"199 Nearly", .status = "", .lines = "199 Nearly"},
	    {"600 Over", .status = "", .lines = "600 Over"},
	    {"000 Null", .status = "", .lines = "000 Null"},
	    {"55 Short", .status = "", .lines = "55 Short"},
	    {"5500 Long", .status = "", .lines = "5500 Long"},
	    {"55O Letter", .status = "", .lines = "55O Letter"},
	    {"550: colon", .status = "", .lines = "550: colon"},
	    {"550_5.1.1 x", .status = "", .lines = "550_5.1.1 x"},
	    {"+550 x", .status = "", .lines = "+550 x"},
	    /* Borders of what is one. */
	    {"200 Low", .code = 200, .status = "", .lines = "Low"},
	    {"599 High", .code = 599, .status = "", .lines = "High"},
	    /* Numbers in texts. */
	    {"Too many recipients, limit: 500 recipients", .status = "",
	        .lines = "Too many recipients, limit: 500 recipients"},
	    {"Limit of 450 messages (550 per day) reached", .status = "",
	        .lines = "Limit of 450 messages (550 per day) reached"},
	    {"Message size exceeds 550", .status = "", .lines = "Message size exceeds 550"},
	    {"see https://www.example.org/550 5", .status = "",
	        .lines = "see https://www.example.org/550 5"},
	    {"route 4500 5.1.1 x", .status = "", .lines = "route 4500 5.1.1 x"},
	    {"x500 5.1.1 y", .status = "", .lines = "x500 5.1.1 y"},
	    {"192.0.2.1 is listed", .status = "", .lines = "192.0.2.1 is listed"},
	    /* A number and a status of another class is none either. */
	    {"after 450 5.1.1 x", .status = "", .lines = "after 450 5.1.1 x"},
	    {"said so: 550 things", .status = "", .lines = "said so: 550 things"},
	};
	struct expected empty = {"", .status = "", .lines = ""};
	struct reply *reply = reply_create();

	check_all(cases, COUNT(cases));
	ck_assert_int_eq(reply_parse(reply, "550 5.1.1 x", 11), 0);
	check(reply, &empty);
	ck_assert_uint_eq(reply_line_count(reply), 1);
	ck_assert_int_eq(reply_parse(reply, NULL, 0), 0);
	ck_assert_uint_eq(reply_line_count(reply), 1);
	reply_free(&reply);
}
END_TEST

START_TEST(numbers_in_text)
{
	static const struct expected cases[] = {
	    {"452 4.5.3 Too many recipients, limit: 500 recipients", .code = 452, .status = "4.5.3",
	        .lines = "Too many recipients, limit: 500 recipients"},
	    {"550 5.7.1 550 messages an hour", .code = 550, .status = "5.7.1",
	        .lines = "550 messages an hour"},
	    {"550 550 550 550", .code = 550, .status = "", .lines = "550 550 550"},
	    {"550 over 550 550 there", .code = 550, .status = "", .lines = "over 550 550 there"},
	    /* The '-' is answered by the next line, so the number in the text is no code. */
	    {"550-limit of 550 messages\r\n550 reached", .code = 550, .status = "",
	        .lines = "limit of 550 messages|reached"},
	    {"550-5.7.1 not 550 but\r\n550-5.7.1 551 and 550 or\r\n550 5.7.1 550 is it",
	        .code = 550, .status = "5.7.1", .lines = "not 550 but|551 and 550 or|550 is it"},
	    {"550 5.1.1 5.1.1 twice", .code = 550, .status = "5.1.1", .lines = "5.1.1 twice"},
	    {"550 5.1.1.1 address", .code = 550, .status = "", .lines = "5.1.1.1 address"},
	    {"550 5.1.1: colon", .code = 550, .status = "5.1.1", .lines = ": colon"},
	    {"550 5.1.1abc", .code = 550, .status = "", .lines = "5.1.1abc"},
	    {"550 5.1000.1 x", .code = 550, .status = "", .lines = "5.1000.1 x"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

START_TEST(qmail_status)
{
	static const struct expected cases[] = {
	    {"553 sorry, no mailbox here by that name (#5.1.1)", .code = 553, .status = "5.1.1",
	        .lines = "sorry, no mailbox here by that name (#5.1.1)"},
	    {"Sorry, no mailbox here by that name. (#5.1.1)", .status = "5.1.1",
	        .lines = "Sorry, no mailbox here by that name. (#5.1.1)"},
	    {"553 ticket #12, #5, (#5.7.1) #4.2.2", .code = 553, .status = "5.7.1",
	        .lines = "ticket #12, #5, (#5.7.1) #4.2.2"},
	    {"550 5.2.1 x (#5.1.1)", .code = 550, .status = "5.2.1", .lines = "x (#5.1.1)"},
	    {"550 x #", .code = 550, .status = "", .lines = "x #"},
	    {"550 #####5.1.1", .code = 550, .status = "5.1.1", .lines = "#####5.1.1"},
	    {"550 #5.1.1.1 #6.1.1 #5.1", .code = 550, .status = "",
	        .lines = "#5.1.1.1 #6.1.1 #5.1"},
	    {"550-a\r\n550 b #5.1.1", .code = 550, .status = "5.1.1", .lines = "a|b #5.1.1"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

START_TEST(quoted)
{
	static const struct expected cases[] = {
	    /* RFC 3464 section 2.3.6. */
	    {"smtp; 550 5.1.1 User unknown", .code = 550, .status = "5.1.1",
	        .lines = "User unknown"},
	    {"SMTP;550 User unknown", .code = 550, .status = "", .lines = "User unknown"},
	    {" smtp;  550-5.1.1 One 550 5.1.1 Two", .code = 550, .status = "5.1.1",
	        .lines = "One|Two"},
	    {"x-postfix; unknown user: \"bob\"", .status = "", .lines = "unknown user: \"bob\""},
	    {"X-Unix; 75", .status = "", .lines = "75"},
	    {"lmtp; 452 4.2.2 Full", .code = 452, .status = "4.2.2", .lines = "Full"},
	    {"smtp;", .status = "", .lines = ""},
	    {"smtp", .status = "", .lines = "smtp"},
	    {"smtp server gone", .status = "", .lines = "smtp server gone"},
	    {"x-", .status = "", .lines = "x-"},
	    {"x-no-semicolon-in-the-first-thirty-two-octets-of-it; 550 x", .status = "",
	        .lines = "x-no-semicolon-in-the-first-thirty-two-octets-of-it; 550 x"},
	    /* Postfix smtp(8). */
	    {"host mx.example.org[192.0.2.1] said: 550 5.1.1 <bob@example.org>: User unknown "
	     "(in reply to RCPT TO command)",
	        .code = 550, .status = "5.1.1", .lines = "<bob@example.org>: User unknown",
	        .stage = STAGE_RCPT, .host = "mx.example.org"},
	    {"host mx.example.org[2001:db8::1]:25 said: 554 Nothing here (in reply to end of DATA "
	     "command)",
	        .code = 554, .status = "", .lines = "Nothing here", .stage = STAGE_EOM,
	        .host = "mx.example.org"},
	    {"5.1.1 host mx.example.org[192.0.2.1] said: 550-5.1.1 One 550-5.1.1 Two 550 5.1.1 "
	     "Three "
	     "(in reply to RCPT TO command)",
	        .code = 550, .status = "5.1.1", .lines = "One|Two|Three", .stage = STAGE_RCPT,
	        .host = "mx.example.org"},
	    {"smtp; host mx.example.org[192.0.2.1] said: 450 4.7.1 Later (in reply to MAIL FROM "
	     "command)",
	        .code = 450, .status = "4.7.1", .lines = "Later", .stage = STAGE_MAIL,
	        .host = "mx.example.org"},
	    {"host mx.example.org[192.0.2.1] refused to talk to me: 554 No", .code = 554,
	        .status = "", .lines = "No", .host = "mx.example.org"},
	    {"host mx.example.org[192.0.2.1] refused to talk to me: 421 4.7.0 Later", .code = 421,
	        .status = "4.7.0", .lines = "Later", .host = "mx.example.org"},
	    /* An empty text. */
	    {"host mx.example.org[192.0.2.1] said: 550 (in reply to DATA command)", .code = 550,
	        .status = "", .lines = "", .stage = STAGE_DATA, .host = "mx.example.org"},
	    {"host mx.example.org[192.0.2.1] said: 550", .code = 550, .status = "", .lines = "",
	        .host = "mx.example.org"},
	    {"host mx.example.org[192.0.2.1] said: 550 5.1.1", .code = 550, .status = "5.1.1",
	        .lines = "", .host = "mx.example.org"},
	    /* The status in front is the reporter's, the one behind the code the server's. */
	    {"5.0.0 host mx.example.org[192.0.2.1] said: 550 5.7.1 No", .code = 550,
	        .status = "5.7.1", .lines = "No", .host = "mx.example.org"},
	    {"5.0.0 host mx.example.org[192.0.2.1] said: 550 No", .code = 550, .status = "5.0.0",
	        .lines = "No", .host = "mx.example.org"},
	    /* Not by a server. */
	    {"4.4.1 connect to mx.example.org[192.0.2.1]:25: Connection refused", .status = "4.4.1",
	        .lines = "connect to mx.example.org[192.0.2.1]:25: Connection refused"},
	    {"5.4.4 Host or domain name not found. Name service error for name=example.org",
	        .status = "5.4.4",
	        .lines = "Host or domain name not found. Name service error for name=example.org"},
	    {"lost connection with mx.example.org[192.0.2.1] while sending RCPT TO", .status = "",
	        .lines = "lost connection with mx.example.org[192.0.2.1] while sending RCPT TO"},
	    /* Others. */
	    {"<<< 550 5.1.1 User unknown", .code = 550, .status = "5.1.1", .lines = "User unknown"},
	    {"<<< 550 User unknown", .code = 550, .status = "", .lines = "User unknown"},
	    {"mx.example.org [192.0.2.1]: 550 No", .code = 550, .status = "", .lines = "No"},
	    {"bob@example.org: 550 No", .code = 550, .status = "", .lines = "No"},
	    {"Remote protocol error: reset with mx.example.org: 550 No", .code = 550, .status = "",
	        .lines = "No"},
	    {"the limit: 500 an hour", .status = "", .lines = "the limit: 500 an hour"},
	    {"192.0.2.1: 500 an hour", .status = "", .lines = "192.0.2.1: 500 an hour"},
	    /* Exim, its way of today and of old. */
	    {"host mx.example.org [192.0.2.1] SMTP error from remote mail server after RCPT "
	     "TO:<bob@example.org>: 550 No",
	        .code = 550, .status = "", .lines = "No", .stage = STAGE_RCPT,
	        .host = "mx.example.org"},
	    {"SMTP error from remote mail server after end of data: host mx.example.org "
	     "[192.0.2.1]: 550 No",
	        .code = 550, .status = "", .lines = "No", .stage = STAGE_EOM,
	        .host = "mx.example.org"},
	    /* Sendmail's transcript: the last line is its own. */
	    {"... while talking to mx.example.org.:\n>>> DATA\n<<< 554 5.7.1 No\n554 5.0.0 "
	     "Service unavailable",
	        .code = 554, .status = "5.7.1", .lines = "No"},
	    {"<<< 550-5.1.1 One\n<<< 550 5.1.1 Two\n550 5.1.1 bob... User unknown", .code = 550,
	        .status = "5.1.1", .lines = "One|Two"},
	    {"Remote server returned: 550 No", .code = 550, .status = "", .lines = "No"},
	    {"The server responded: 452 Wait", .code = 452, .status = "", .lines = "Wait"},
	    {"#< #5.1.1 smtp;550 5.1.1 Unknown> #SMTP#", .code = 550, .status = "5.1.1",
	        .lines = "Unknown> #SMTP#"},
	    /* A word that only ends in it. */
	    {"localhost mx.example.org: 550 5.1.1 x", .code = 550, .status = "5.1.1", .lines = "x"},
	    {"host , host mx.example.org[192.0.2.1] said: 550 x", .code = 550, .status = "",
	        .lines = "x", .host = "mx.example.org"},
	    {"host mx.example.org\r\nsaid: 550 5.1.1 x", .code = 550, .status = "5.1.1",
	        .lines = "x"},
	    /* A code at the start is the reply's: what it quotes is text. */
	    {"550 5.1.1 host mx.example.org[192.0.2.1] said: 450 4.2.2 Full", .code = 550,
	        .status = "5.1.1", .lines = "host mx.example.org[192.0.2.1] said: 450 4.2.2 Full"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

START_TEST(stages)
{
	static const struct expected cases[] = {
	    {"said: 550 No (in reply to QUIT command)", .code = 550, .status = "", .lines = "No"},
	    {"said: 550 No (IN REPLY TO rcpt to COMMAND)", .code = 550, .status = "", .lines = "No",
	        .stage = STAGE_RCPT},
	    {"said: 550 No (in reply to RCPT TO command)\r\n", .code = 550, .status = "",
	        .lines = "No", .stage = STAGE_RCPT},
	    {"said: 550-No\r\n550 (in reply to RCPT TO command)", .code = 550, .status = "",
	        .lines = "No|", .text = "No", .stage = STAGE_RCPT},
	    /* The last one is the reporter's, another one the server's. */
	    {"said: 550 No (in reply to DATA command) (in reply to RCPT TO command)", .code = 550,
	        .status = "", .lines = "No (in reply to DATA command)", .stage = STAGE_RCPT},
	    {"(in reply to RCPT TO command)", .status = "", .lines = "", .stage = STAGE_RCPT},
	    {"(in reply to command)", .status = "", .lines = ""},
	    {"5.1.1 (in reply to RCPT TO command)", .status = "5.1.1", .lines = "",
	        .stage = STAGE_RCPT},
	    /* What begins with a code is the server's own text to its end. */
	    {"550 No (in reply to RCPT TO command)", .code = 550, .status = "",
	        .lines = "No (in reply to RCPT TO command)"},
	    /* Not at the end, or not whole. */
	    {"No (in reply to RCPT TO command) x", .status = "",
	        .lines = "No (in reply to RCPT TO command) x"},
	    {"No (in reply to RCPT TO command", .status = "",
	        .lines = "No (in reply to RCPT TO command"},
	    {"No in reply to RCPT TO command)", .status = "",
	        .lines = "No in reply to RCPT TO command)"},
	    {"No (the DATA command)", .status = "", .lines = "No (the DATA command)"},
	    {" command)", .status = "", .lines = "command)"},
	    {"(in reply to (RCPT TO command)", .status = "",
	        .lines = "(in reply to (RCPT TO command)"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

/* As bounces break lines: with blanks at the beginning of what continues. */
START_TEST(folded)
{
	static const struct expected cases[] = {
	    {"host mx.example.org[192.0.2.1] said:\n    550 No such user", .code = 550,
	        .status = "", .lines = "No such user", .host = "mx.example.org"},
	    {"host\r\n    mx.example.org[192.0.2.1] said: 550\r\n\t5.1.1 <bob@example.org>: "
	     "User\r\n"
	     "    unknown (in reply to\r\n    RCPT TO command)",
	        .code = 550, .status = "5.1.1", .lines = "<bob@example.org>: User unknown",
	        .stage = STAGE_RCPT, .host = "mx.example.org"},
	    {"smtp; 550-5.1.1 One\n    550-5.1.1 Two 550 5.1.1\n    Three", .code = 550,
	        .status = "5.1.1", .lines = "One|Two|Three"},
	    {"smtp; 550 5.1.1 One\r\n \r\n\t\r\n Two", .code = 550, .status = "5.1.1",
	        .lines = "One    Two", .text = "One Two"},
	};
	struct reply *reply = reply_create();

	for (size_t i = 0; i + 1 < COUNT(cases); i++)
		check(reply, &cases[i]);
	size_t len;
	ck_assert_int_eq(reply_parse(reply, cases[3].input, strlen(cases[3].input)), 0);
	ck_assert_str_eq(reply_text(reply, &len), "One Two");
	reply_free(&reply);
}
END_TEST

START_TEST(flattened)
{
	static const struct expected cases[] = {
	    {"550-5.1.1 One 550 5.1.1 Two", .code = 550, .status = "5.1.1", .lines = "One|Two"},
	    {"550-One 550-Two 550 Three", .code = 550, .status = "", .lines = "One|Two|Three"},
	    {"550-5.1.1 One  550-5.1.1 Two  550 5.1.1 Three", .code = 550, .status = "5.1.1",
	        .lines = "One|Two|Three"},
	    {"550-5.1.1 550 5.1.1 Two", .code = 550, .status = "5.1.1", .lines = "|Two",
	        .text = "Two"},
	    {"550- 550 Two", .code = 550, .status = "", .lines = "|Two", .text = "Two"},
	    /* The last line's text may hold the number again. */
	    {"550-One 550 Two and 550 more", .code = 550, .status = "",
	        .lines = "One|Two and 550 more"},
	    {"550-One 551 Two", .code = 550, .status = "", .lines = "One 551 Two"},
	    {"550-One x550 Two", .code = 550, .status = "", .lines = "One x550 Two"},
	    {"550-One 5501 Two", .code = 550, .status = "", .lines = "One 5501 Two"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

START_TEST(octets)
{
	static const struct expected cases[] = {
	    {"550 5.1.1 Bo\xc3\xaete pleine \xff\x80", .code = 550, .status = "5.1.1",
	        .lines = "Bo\xc3\xaete pleine \xff\x80"},
	    {"550 a\0b\0\0c", 10, 550, "", "a b  c", "a b c", STAGE_NONE, NULL},
	    {"\0\0"
	     "550 x\0",
	        8, 550, "", "x", NULL, STAGE_NONE, NULL},
	    {"\0", 1, 0, "", "", NULL, STAGE_NONE, NULL},
	    {"550\0"
	     "5.1.1\0x",
	        11, 550, "5.1.1", "x", NULL, STAGE_NONE, NULL},
	    {"550 \x1b[31mred\x1b[0m\x07\x7f!", .code = 550, .status = "",
	        .lines = "[31mred [0m  !", .text = "[31mred [0m !"},
	    {"550 a\v\f\bb", .code = 550, .status = "", .lines = "a   b", .text = "a b"},
	    {"550 a\rb\nc\r\nd\n\re", .code = 550, .status = "", .lines = "a|b|c|d|e"},
	    {"550 \xc2\x85 C1 stays", .code = 550, .status = "", .lines = "\xc2\x85 C1 stays"},
	    {"550 %s%n$x\\n\\c", .code = 550, .status = "", .lines = "%s%n$x\\n\\c"},
	};

	check_all(cases, COUNT(cases));
}
END_TEST

START_TEST(length)
{
	static char data[REPLY_MAX + 1];
	struct reply *reply = reply_create();
	size_t len;

	memset(data, 'x', sizeof(data));
	memcpy(data, "550 5.1.1 ", 10);
	ck_assert_int_eq(reply_parse(reply, data, REPLY_MAX), 0);
	ck_assert_int_eq(reply_code(reply), 550);
	reply_text(reply, &len);
	ck_assert_uint_eq(len, REPLY_MAX - 10);

	ck_assert_int_eq(reply_parse(reply, data, REPLY_MAX + 1), -1);
	ck_assert_int_eq(reply_code(reply), 0);
	ck_assert_int_eq(reply_status(reply).class, 0);
	ck_assert_int_eq(reply_class(reply), 0);
	ck_assert_str_eq(reply_text(reply, &len), "");
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(reply_line_count(reply), 1);
	reply_line(reply, 0, &len);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(reply_parse(reply, data, SIZE_MAX), -1);
	reply_free(&reply);

	/* A first one that is too long. */
	reply = reply_create();
	ck_assert_int_eq(reply_parse(reply, data, REPLY_MAX + 1), -1);
	ck_assert_str_eq(reply_text(reply, &len), "");
	ck_assert_uint_eq(reply_line_count(reply), 1);
	ck_assert_ptr_nonnull(reply_line(reply, 0, &len));
	ck_assert_ptr_null(reply_host(reply, &len));
	reply_free(&reply);
}
END_TEST

/* What a quadratic parser would need minutes for. */
START_TEST(many_lines)
{
	static const struct {
		const char *unit;
		size_t lines; /* 0: not looked at */
	} cases[] = {{"550-x\r\n", 1428}, {"550\n", 2500}, {"\n", 1}, {"550- ", 2000},
	    {"550-x 550 ", 0}, {"host ", 0}, {"host x", 0}, {"(", 0}, {" command)", 0},
	    {"(in reply to ", 0}, {"550 5.1.1 ", 0}, {"#", 0}, {"said: ", 0}, {"said: 550", 0},
	    {"5.1.1", 0}, {" ", 1}, {"x-", 0}, {"\r", 1}, {"\n ", 1}, {"550-5.1.1\t\r\n\t", 0}};
	struct reply *reply = reply_create();

	for (int round = 0; round < 50; round++)
		for (size_t i = 0; i < COUNT(cases); i++) {
			static char data[REPLY_MAX];
			size_t unit = strlen(cases[i].unit), len = REPLY_MAX / unit * unit;
			for (size_t at = 0; at < len; at += unit)
				memcpy(data + at, cases[i].unit, unit);
			require(reply_parse(reply, data, len) == 0, "case %zu", i);
			require(!cases[i].lines || reply_line_count(reply) == cases[i].lines,
			    "case %zu has %zu lines", i, reply_line_count(reply));
		}
	reply_free(&reply);
}
END_TEST

START_TEST(add_line)
{
	static const struct {
		int code;
		struct status status;
		bool last;
		const char *text, *expected;
	} cases[] = {
	    {550, {5, 1, 1}, true, "x", "550 5.1.1 x"},
	    {550, {5, 1, 1}, false, "x", "550-5.1.1 x"},
	    {550, {0, 0, 0}, true, "x", "550 x"},
	    {550, {0, 0, 0}, false, "", "550-"},
	    {550, {5, 999, 999}, true, "", "550 5.999.999 "},
	    {0, {5, 1, 1}, true, "x", "x"},
	    {0, {0, 0, 0}, false, "x", "x"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out;
		strbuf_init(&out, 0);
		reply_add_line(&out, cases[i].code, &cases[i].status, cases[i].last, cases[i].text,
		    strlen(cases[i].text));
		ck_assert_str_eq(strbuf_str(&out), cases[i].expected);
		strbuf_free(&out);
	}
}
END_TEST

START_TEST(add_lines)
{
	static const struct {
		const char *input;
		bool more;
		const char *expected;
	} cases[] = {
	    {"550 5.1.1 x", false, "550 5.1.1 x"},
	    {"550 5.1.1 x", true, "550-5.1.1 x"},
	    {"550-5.1.1 x\n550 y", false, "550-5.1.1 x\r\n550 5.1.1 y"},
	    {"550-5.1.1 x\n550 y", true, "550-5.1.1 x\r\n550-5.1.1 y"},
	    {"550-x\n551 y", false, "550-x\r\n550 y"},
	    {"550", false, "550 "},
	    {"x\ny", false, "x\r\ny"},
	    {"", true, ""},
	};
	struct reply *reply = reply_create();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out;
		strbuf_init(&out, 0);
		reply_parse(reply, cases[i].input, strlen(cases[i].input));
		reply_add_lines(&out, reply, cases[i].more);
		ck_assert_str_eq(strbuf_str(&out), cases[i].expected);
		strbuf_free(&out);
	}
	reply_free(&reply);
}
END_TEST

static bool is_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return false;
	return len == 0 || (text[0] != ' ' && text[len - 1] != ' ');
}

static bool same(const struct reply *a, const struct reply *b)
{
	struct status a_status = reply_status(a), b_status = reply_status(b);
	size_t a_len, b_len;

	if (reply_code(a) != reply_code(b) || status_key(&a_status) != status_key(&b_status) ||
	    reply_line_count(a) != reply_line_count(b))
		return false;
	for (size_t i = 0; i < reply_line_count(a); i++) {
		const char *a_line = reply_line(a, i, &a_len), *b_line = reply_line(b, i, &b_len);
		if (a_len != b_len || memcmp(a_line, b_line, a_len) != 0)
			return false;
	}
	const char *a_text = reply_text(a, &a_len), *b_text = reply_text(b, &b_len);
	return a_len == b_len && memcmp(a_text, b_text, a_len) == 0;
}

/* What holds for any input. The data are in memory of exactly their length. */
static void check_invariants(struct reply *reply, struct reply *again, const char *data, size_t len)
{
	char *copy = malloc(len ? len : 1);
	size_t text_len, line_len, host_len;

	require(copy, "out of memory");
	if (len)
		memcpy(copy, data, len);
	require(reply_parse(reply, copy, len) == 0, "failed");
	free(copy);

	int code = reply_code(reply);
	struct status status = reply_status(reply);
	require(
	    code == 0 || (code >= 200 && code <= 599), "code %d in '%.*s'", code, (int)len, data);
	require(status.class == 0 || status.class == 2 || status.class == 4 || status.class == 5,
	    "class %d", status.class);
	require(status.subject >= 0 && status.subject <= 999 && status.detail >= 0 &&
	            status.detail <= 999,
	    "'%.*s'", (int)len, data);
	require(reply_line_count(reply) >= 1, "no line in '%.*s'", (int)len, data);
	for (size_t i = 0; i < reply_line_count(reply); i++) {
		const char *line = reply_line(reply, i, &line_len);
		require(is_clean(line, line_len), "line %zu of '%.*s'", i, (int)len, data);
	}
	const char *text = reply_text(reply, &text_len);
	require(is_clean(text, text_len) && text_len <= len, "text of '%.*s'", (int)len, data);
	require(!memmem(text, text_len, "  ", 2), "two blanks in text of '%.*s'", (int)len, data);
	const char *host = reply_host(reply, &host_len);
	require(!host || (host_len > 0 && is_clean(host, host_len) && !memchr(host, ' ', host_len)),
	    "host of '%.*s'", (int)len, data);

	/* Written and read again it is the same. */
	if (code == 0)
		return;
	struct strbuf out;
	strbuf_init(&out, 0);
	reply_add_lines(&out, reply, false);
	if (out.len <= REPLY_MAX) {
		reply_parse(again, out.data, out.len);
		require(same(reply, again), "'%.*s' is '%s' and then something else", (int)len,
		    data, out.data);
	}
	strbuf_free(&out);
}

static const char *const samples[] = {
    "550-5.1.1 <bob@example.org>: Recipient address rejected\r\n550 5.1.1 User unknown\r\n",
    "5.1.1 host mx.example.org[192.0.2.1] said: 550-5.1.1 One 550 5.1.1 Two (in reply to RCPT TO "
    "command)",
    "smtp; 553 sorry (#5.7.1)",
    "x-postfix; host\r\n  mx.example.org [2001:db8::1]: 452\r\n 4.2.2 Full (in reply to end of "
    "DATA "
    "command)",
    "550-limit of 550 messages\r\n550 x",
};

/* Cut at every octet, begun at every octet, and broken into lines at every octet. */
START_TEST(cut)
{
	struct reply *reply = reply_create(), *again = reply_create();

	for (size_t i = 0; i < COUNT(samples); i++) {
		size_t len = strlen(samples[i]);
		for (size_t at = 0; at <= len; at++) {
			static const char *const ends[] = {
			    "\n", "\r\n", "\r", "\n ", "\r\n\t", "\0"};
			check_invariants(reply, again, samples[i], at);
			check_invariants(reply, again, samples[i] + at, len - at);
			for (size_t j = 0; j < COUNT(ends); j++) {
				char data[256];
				size_t end = strlen(ends[j]) ? strlen(ends[j]) : 1;
				memcpy(data, samples[i], at);
				memcpy(data + at, ends[j], end);
				memcpy(data + at + end, samples[i] + at, len - at);
				check_invariants(reply, again, data, len + end);
			}
		}
	}
	reply_free(&reply);
	reply_free(&again);
}
END_TEST

START_TEST(fuzz_octets)
{
	struct unit_random random = {23};
	struct reply *reply = reply_create(), *again = reply_create();

	for (int round = 0; round < 50000; round++) {
		char data[64];
		size_t len = unit_random(&random, sizeof(data) + 1);
		for (size_t i = 0; i < len; i++)
			data[i] = (char)unit_random(&random, 256);
		check_invariants(reply, again, data, len);
	}
	reply_free(&reply);
	reply_free(&again);
}
END_TEST

START_TEST(fuzz_words)
{
	static const struct {
		const char *data;
		size_t len;
	} words[] = {{" ", 1}, {" ", 1}, {" ", 1}, {"-", 1}, {"\r\n", 2}, {"\n", 1}, {"\r", 1},
	    {"\t", 1}, {"\0", 1}, {"\x7f", 1}, {"550", 3}, {"550 ", 4}, {"550-", 4}, {"450 ", 4},
	    {"450-", 4}, {"250 ", 4}, {"199", 3}, {"5.1.1", 5}, {"5.1.1 ", 6}, {"4.2.2 ", 6},
	    {"5.1.", 4}, {"#", 1}, {"(#5.7.1)", 8}, {"smtp; ", 6}, {"x-a;", 4}, {"host ", 5},
	    {"mx.example.org", 14}, {"[192.0.2.1]", 11}, {" said: ", 7}, {"said:", 5}, {"]: ", 3},
	    {"<<< ", 4}, {"(in reply to ", 13}, {"RCPT TO", 7}, {"end of DATA", 11},
	    {" command)", 9}, {":", 1}, {"x", 1}, {"5", 1}, {"\xc3\xa9", 2}, {"\xff", 1},
	    {"SMTP error from remote", 22}, {"to me: ", 7}, {".", 1}, {",", 1}, {"  ", 2}};
	struct unit_random random = {24};
	struct reply *reply = reply_create(), *again = reply_create();

	for (int round = 0; round < 200000; round++) {
		char data[512];
		size_t len = 0;
		for (size_t count = unit_random(&random, 20); count > 0; count--) {
			size_t i = unit_random(&random, COUNT(words));
			memcpy(data + len, words[i].data, words[i].len);
			len += words[i].len;
		}
		check_invariants(reply, again, data, len);
	}
	reply_free(&reply);
	reply_free(&again);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reply");
	TCase *forms = unit_case(suite, "forms");
	TCase *hostile = unit_case(suite, "hostile");
	TCase *writing = unit_case(suite, "writing");

	tcase_add_test(forms, smtp);
	tcase_add_test(forms, no_code);
	tcase_add_test(forms, numbers_in_text);
	tcase_add_test(forms, qmail_status);
	tcase_add_test(forms, quoted);
	tcase_add_test(forms, stages);
	tcase_add_test(forms, folded);
	tcase_add_test(forms, flattened);
	tcase_add_test(hostile, octets);
	tcase_add_test(hostile, length);
	tcase_add_test(hostile, many_lines);
	tcase_add_test(hostile, cut);
	tcase_add_test(hostile, fuzz_octets);
	tcase_add_test(hostile, fuzz_words);
	tcase_add_test(writing, add_line);
	tcase_add_test(writing, add_lines);
	return unit_run(suite);
}
