/* letter.c - what the reader of a report is told, in one language. */
#include "annotate.h"

#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/nearest.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/vars.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_SAID 1200

static bool got_nothing(const struct dsn_recipient *recipient)
{
	return recipient->action == DSN_FAILED || recipient->action == DSN_DELAYED;
}

static const char *keep(struct arena *arena, const char *text)
{
	return text && text[0] ? arena_strndup(arena, text, strlen(text)) : "";
}

/* One line, without control characters and direction marks: what a value of a text may be. */
static const char *clean(struct arena *arena, const char *text, size_t len)
{
	struct strbuf out;
	struct vars *vars = vars_create();

	strbuf_init(&out, 0);
	/* A value is cut at so many characters, so the text goes through in pieces of blanks. */
	for (size_t at = 0; at < len;) {
		size_t piece = len - at < VAR_MAX_CHARACTERS ? len - at : VAR_MAX_CHARACTERS;
		while (piece > 1 && at + piece < len &&
		       ((unsigned char)text[at + piece] & 0xC0) == 0x80)
			piece--;
		vars_set(vars, VAR_URL, text + at, piece);
		const char *value = vars_get(vars, VAR_URL);
		strbuf_addstr(&out, value ? value : "");
		at += piece;
	}
	const char *result = arena_strndup(arena, strbuf_str(&out), out.len);
	strbuf_free(&out);
	vars_free(&vars);
	return result;
}

/* As the sender wrote it first: who was written to at one address may not know the other. */
static const char *show_address(const struct dsn_recipient *recipient, struct arena *arena)
{
	if (!strchr(recipient->original, '@'))
		return clean(arena, recipient->address, strlen(recipient->address));
	char *both = mem_printf("%s (%s)", recipient->original, recipient->address);
	const char *result = clean(arena, both, strlen(both));
	free(both);
	return result;
}

static const char *who_acts(const struct catalog *catalog, int language, const char *fixer)
{
	static const struct {
		const char *fixer;
		enum page_text text;
	} words[] = {{"sender", PAGE_SENDER}, {"sender-admin", PAGE_SENDER_ADMIN},
	    {"recipient", PAGE_RECIPIENT}, {"recipient-admin", PAGE_RECIPIENT_ADMIN},
	    {"wait", PAGE_WAIT}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].fixer, fixer) == 0)
			return catalog_page_text(catalog, language, words[i].text);
	return "";
}

/* Will-Retry-Until (RFC 3464 section 2.3.9) as people of any language read it; NULL if it is none.
 */
static const char *show_date(const char *value, struct arena *arena)
{
	GDateTime *date = value[0] ? g_mime_utils_header_decode_date(value) : NULL;

	if (!date)
		return NULL;
	char *text = g_date_time_format(date, "%Y-%m-%d %H:%M (UTC%:z)");
	g_date_time_unref(date);
	const char *result = text ? arena_strndup(arena, text, strlen(text)) : NULL;
	g_free(text);
	return result;
}

/* Only when the domain does not exist: otherwise a near one is another domain, no slip. */
static const char *suggest(const struct dsn_recipient *recipient, const struct cause *cause,
    const char *const *known, struct arena *arena)
{
	const char *at = strrchr(recipient->address, '@');

	if (!known || !at || strcmp(cause->reason, "domain-unknown") != 0)
		return NULL;
	char *domain = arena_strndup(arena, at + 1, strlen(at + 1));
	for (char *c = domain; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	const char *meant = nearest_slip(domain, known);
	if (!meant)
		return NULL;
	char *address =
	    mem_printf("%.*s@%s", (int)(at - recipient->address), recipient->address, meant);
	const char *result = clean(arena, address, strlen(address));
	free(address);
	return result;
}

const char *letter_gap(const char *label)
{
	static const char colon[] = "\xef\xbc\x9a";
	size_t len = strlen(label), tail = sizeof(colon) - 1;

	return len == 0 || (len >= tail && strcmp(label + len - tail, colon) == 0) ? "" : " ";
}

/* VALUE, unless the server's words hold it. */
static const char *unless_said(struct arena *arena, const char *value, const char *said)
{
	return strcasestr(said, value) ? "" : clean(arena, value, strlen(value));
}

static const char *said_by_server(
    const struct dsn_recipient *recipient, const struct reply *reply, struct arena *arena)
{
	struct span type;
	const char *words = fields_typed(recipient->diagnostic, &type);
	size_t len = strnlen(words, MAX_SAID);

	if (!len)
		words = reply_text(reply, &len);
	if (len > MAX_SAID)
		len = MAX_SAID;
	return clean(arena, words, len);
}

/* The next card, for recipient number I. */
static void fill_card(struct letter *letter, size_t i, const struct dsn_options *options,
    struct explainer *explainer, struct words *words, struct arena *arena)
{
	const struct dsn_recipient *recipient = &letter->dsn->recipients[i];
	size_t number = letter->card_count++;
	struct card *card = &letter->cards[number];
	bool is_first = !words->reply[number];
	struct profile profile = *options->profile;
	struct explain_context context = {.profile = &profile,
	    .ref = options->ref,
	    .utf8 = true,
	    .recipient = recipient->address};

	profile.language = catalog_language_code(letter->catalog, letter->language);
	if (is_first) {
		words->reply[number] = reply_create();
		words->class[number] =
		    dsn_choose_reply(letter->dsn, i, options->engine, words->reply[number]);
	}
	const struct reply *reply = words->reply[number];
	context.class = words->class[number];
	const struct explanation *explanation =
	    explain_reply(explainer, options->engine, reply, &context);
	*card = (struct card){.address = letter->addresses[i],
	    .delayed = recipient->action == DSN_DELAYED,
	    .summary = "",
	    .action = "",
	    .help_url = "",
	    .who = ""};
	card->said = said_by_server(recipient, reply, arena);
	card->status = unless_said(arena, recipient->status, card->said);
	card->server = unless_said(arena, recipient->remote_mta, card->said);
	/* Without an explanation those words are one: of the server that refused it. */
	card->said_first = !explanation || explanation->cause->words_above;
	card->until = card->delayed ? show_date(recipient->retry_until, arena) : NULL;
	if (explanation && is_first && options->told)
		options->told(options->context, recipient, explanation);
	if (!explanation)
		return;
	card->summary = keep(arena, explanation->message.summary);
	/* What to do about a delay is nothing. */
	card->action = card->delayed ? catalog_page_text(
	                                   letter->catalog, letter->language, PAGE_BOUNCE_WAITING)
	                             : keep(arena, explanation->message.action);
	card->help_url = keep(arena, explanation->help_url);
	const char *fixer = card->delayed ? "wait" : explanation->cause->fixer;
	card->who = who_acts(letter->catalog, letter->language, fixer);
	card->is_you = strcmp(fixer, "sender") == 0;
	card->suggestion = suggest(recipient, explanation->cause, options->known_domains, arena);
}

static enum page_text choose_title(const struct dsn *dsn)
{
	bool failed = false, delayed = false, others = false;

	for (size_t i = 0; i < dsn->count; i++) {
		failed = failed || dsn->recipients[i].action == DSN_FAILED;
		delayed = delayed || dsn->recipients[i].action == DSN_DELAYED;
		others = others || !got_nothing(&dsn->recipients[i]);
	}
	if (!failed && delayed)
		return PAGE_BOUNCE_DELAYED;
	return failed && (others || delayed) ? PAGE_BOUNCE_PARTLY : PAGE_BOUNCE_FAILED;
}

void letter_create(struct letter *letter, const struct dsn *dsn, const struct dsn_options *options,
    int language, struct words *words, struct arena *arena)
{
	const struct catalog *catalog = engine_catalog(options->engine);
	struct explainer *explainer = explainer_create();

	*letter = (struct letter){.catalog = catalog,
	    .language = language,
	    .title = catalog_page_text(catalog, language, choose_title(dsn)),
	    .ref = options->ref,
	    .contact = options->profile->contact,
	    .dsn = dsn};
	letter->addresses = arena_alloc(arena, (dsn->count + 1) * sizeof(*letter->addresses));
	for (size_t i = 0; i < dsn->count; i++)
		letter->addresses[i] = show_address(&dsn->recipients[i], arena);
	letter->cards = arena_alloc(arena, MAX_CARDS * sizeof(*letter->cards));
	for (size_t i = 0; i < dsn->count && !letter->more; i++) {
		if (!got_nothing(&dsn->recipients[i]))
			continue;
		if (letter->card_count == MAX_CARDS)
			letter->more = true;
		else
			fill_card(letter, i, options, explainer, words, arena);
	}
	explainer_free(&explainer);
}
