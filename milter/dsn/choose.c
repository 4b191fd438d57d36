/* choose.c - which words of a report are the ones to explain.
 *
 * A diagnostic may be missing, or say less than the notice does ("550 5.1.1" beside "mailbox full"
 * in words); a notice may be in the words of a program that no rule knows. So they are tried in the
 * order of their worth. */
#include "explain/dsn.h"

#include "report.h"

#include "explain/catalog.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <string.h>
#include <strings.h>

#define MAX_LINES 60
/* Of a diagnostic or a line; what matters stands at its beginning. */
#define MAX_WORDS 3000

enum worth { WORTH_NOTHING, WORTH_TEXT, WORTH_NUMBER, WORTH_WORDS };

struct choice {
	const struct engine *engine;
	const struct dsn_recipient *recipient;
	struct reply *reply; /* tried with */
	struct strbuf text;  /* is being tried */
	struct strbuf best;
	enum worth worth;
};

/* A rule that looks at code and status only recognises hardly more than the report says itself. */
bool choose_has_words(const struct rule *rule)
{
	for (size_t i = 0; i < rule->alternative_count; i++)
		if (rule->alternatives[i].pattern)
			return true;
	return false;
}

static enum worth worth_of(const struct rule *rule)
{
	return !rule ? WORTH_TEXT : choose_has_words(rule) ? WORTH_WORDS : WORTH_NUMBER;
}

/* The first MAX octets of the text. Returns whether nothing better can come. */
static bool consider(struct choice *choice, size_t max)
{
	if (choice->text.len > max)
		strbuf_truncate(&choice->text, max);
	if (reply_parse(choice->reply, strbuf_str(&choice->text), choice->text.len) < 0)
		return false;
	/* What came of another command says nothing of this recipient. */
	int class = reply_class(choice->reply);
	if (class == 2 || class == 3)
		return false;
	enum worth worth = worth_of(explain_select(choice->engine, choice->reply));
	if (worth > choice->worth) {
		choice->worth = worth;
		strbuf_reset(&choice->best);
		strbuf_add(&choice->best, strbuf_str(&choice->text), choice->text.len);
	}
	return worth == WORTH_WORDS;
}

/* Rules may ask which server spoke; a diagnostic does not say it, the field beside it does. */
static void begin_text(struct choice *choice, const char *words)
{
	const char *host = choice->recipient->remote_mta;

	strbuf_reset(&choice->text);
	if (host[0] && !strcasestr(words, " said: "))
		strbuf_addf(&choice->text, "host %s said: ", host);
}

static bool consider_diagnostic(struct choice *choice)
{
	const struct dsn_recipient *recipient = choice->recipient;
	struct span type;
	const char *words = fields_typed(recipient->diagnostic, &type);

	if (!words[0])
		return false;
	begin_text(choice, words);
	reply_parse(choice->reply, words, strnlen(words, MAX_WORDS));
	struct status status = reply_status(choice->reply);
	/* A reply without a status: the report's own, unless it says nothing either. */
	if (!status.class && !reply_code(choice->reply) && recipient->status[0] &&
	    strcmp(recipient->status + 1, ".0.0") != 0)
		strbuf_addf(&choice->text, "%s ", recipient->status);
	strbuf_addstr(&choice->text, words);
	return consider(choice, MAX_WORDS);
}

static bool consider_lines(struct choice *choice, const char *text)
{
	const char *at = text;

	for (size_t count = 0; *at && count < MAX_LINES; count++) {
		size_t len = strcspn(at, "\n");
		const char *line = at + strspn(at, " \t");
		strbuf_reset(&choice->text);
		if (line < at + len) {
			strbuf_add(&choice->text, line, (size_t)(at + len - line));
			if (consider(choice, MAX_WORDS))
				return true;
		}
		at += len + (at[len] ? 1 : 0);
	}
	return false;
}

static bool consider_text(struct choice *choice, const char *text)
{
	strbuf_reset(&choice->text);
	strbuf_addstr(&choice->text, text);
	return text[0] && consider(choice, REPLY_MAX);
}

int dsn_choose_reply(
    const struct dsn *dsn, size_t i, const struct engine *engine, struct reply *reply)
{
	const struct dsn_recipient *recipient = &dsn->recipients[i];
	struct choice choice = {.engine = engine, .recipient = recipient, .reply = reply};
	/* The text as a whole is about the only recipient. */
	const char *rest = dsn->count == 1 ? dsn->notice : "";

	strbuf_init(&choice.text, 0);
	strbuf_init(&choice.best, 0);
	if (!consider_diagnostic(&choice) && !consider_lines(&choice, recipient->notice) &&
	    !consider_lines(&choice, rest) && !consider_text(&choice, rest))
		consider_text(&choice, recipient->status);
	reply_parse(reply, strbuf_str(&choice.best), choice.best.len);
	strbuf_free(&choice.text);
	strbuf_free(&choice.best);
	return recipient->action == DSN_DELAYED ? 4 : recipient->action == DSN_FAILED ? 5 : 0;
}
