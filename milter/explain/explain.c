/* explain.c - explain_reply(), the one entry point that all front ends share. */
#include "explain/explain.h"

#include "explain/ascii.h"
#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/match.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/ref.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <stdlib.h>
#include <string.h>

struct explainer {
	struct vars *vars;
	struct strbuf summary, action, note, closing, help_url, own;
	struct explanation result;
};

struct explainer *explainer_create(void)
{
	struct explainer *explainer = mem_calloc(1, sizeof(*explainer));

	explainer->vars = vars_create();
	return explainer;
}

void explainer_free(struct explainer **explainer)
{
	if (!*explainer)
		return;
	vars_free(&(*explainer)->vars);
	strbuf_free(&(*explainer)->summary);
	strbuf_free(&(*explainer)->action);
	strbuf_free(&(*explainer)->note);
	strbuf_free(&(*explainer)->own);
	strbuf_free(&(*explainer)->closing);
	strbuf_free(&(*explainer)->help_url);
	free(*explainer);
	*explainer = NULL;
}

static void set(struct vars *vars, enum var var, const char *value)
{
	if (value)
		vars_set(vars, (int)var, value, strlen(value));
}

static void set_from_reply(struct vars *vars, const struct reply *reply, enum stage stage)
{
	char number[16];
	size_t len;
	const char *host = reply_host(reply, &len);
	struct status status = reply_status(reply);
	struct strbuf text = {.data = number, .size = sizeof(number), .limit = sizeof(number) - 1};

	if (host)
		vars_set(vars, VAR_HOST, host, len);
	if (reply_code(reply)) {
		strbuf_addu(&text, (unsigned)reply_code(reply));
		vars_set(vars, VAR_CODE, text.data, text.len);
		strbuf_truncate(&text, 0);
	}
	if (status.class) {
		status_add(&text, &status);
		vars_set(vars, VAR_STATUS, text.data, text.len);
	}
	set(vars, VAR_STAGE, stage_name(stage));
}

static void set_from_context(struct vars *vars, const struct explain_context *context)
{
	set(vars, VAR_SENDER, context->sender);
	set(vars, VAR_RECIPIENT, context->recipient);
	set(vars, VAR_CLIENT_ADDRESS, context->client_address);
	set(vars, VAR_CLIENT_NAME, context->client_name);
	set(vars, VAR_HELO, context->helo);
	set(vars, VAR_REF, context->ref);
}

static void expand_first_known(struct strbuf *out, const struct variants *variants,
    const struct vars *vars, enum template_escape escape)
{
	uint64_t known = vars_known(vars);
	size_t i = 0;

	/* The checker sees to it that the last variant can always be filled. */
	while (i + 1 < variants->count && (template_needs(variants->items[i]) & ~known))
		i++;
	if (i < variants->count)
		template_expand(out, variants->items[i], vars, escape);
}

static const struct variants *choose_summary(const struct cause_text *text, bool temporary)
{
	bool own = temporary && text->texts[TEXT_SUMMARY_TEMPORARY].count;

	return &text->texts[own ? TEXT_SUMMARY_TEMPORARY : TEXT_SUMMARY];
}

static const struct variants *choose_action(
    const struct cause_text *text, bool temporary, bool internal)
{
	if (internal && text->texts[TEXT_ACTION_INTERNAL].count)
		return &text->texts[TEXT_ACTION_INTERNAL];
	bool own = temporary && text->texts[TEXT_ACTION_TEMPORARY].count;
	return &text->texts[own ? TEXT_ACTION_TEMPORARY : TEXT_ACTION];
}

static void add_phrase(struct strbuf *out, const char *phrase, enum template_escape escape)
{
	if (escape == TEMPLATE_PLAIN)
		strbuf_addstr(out, phrase);
	else
		ascii_fold(out, phrase, strlen(phrase), escape == TEMPLATE_GERMAN);
}

/* The site's own words, in the letters of the text around them. */
static void set_own(struct explainer *explainer, struct vars *vars, enum var var, const char *value,
    enum template_escape escape)
{
	strbuf_reset(&explainer->own);
	add_phrase(&explainer->own, value, escape);
	set(vars, var, strbuf_str(&explainer->own));
}

static void write_closing(struct explainer *explainer, const struct phrases *phrases,
    const struct explain_context *context, enum template_escape escape)
{
	struct strbuf *closing = &explainer->closing;

	if (explainer->help_url.len) {
		add_phrase(closing, phrases->help, escape);
		strbuf_addch(closing, ' ');
		strbuf_add(closing, explainer->help_url.data, explainer->help_url.len);
	}
	if (context->ref) {
		strbuf_addstr(closing, closing->len ? "  " : "");
		add_phrase(closing, phrases->ref, escape);
		strbuf_addch(closing, ' ');
		strbuf_addstr(closing, context->ref);
	}
}

static const char *note_for(const struct phrases *phrases, int class, bool internal)
{
	const char *note = class == 4 ? phrases->temporary : class == 5 ? phrases->permanent : "";
	const char *own = class == 4   ? phrases->temporary_internal
	                  : class == 5 ? phrases->permanent_internal
	                               : NULL;

	return internal && own ? own : note;
}

/* The language to write in, and how: see `utf8` in explain_context. */
static int choose_language(const struct catalog *catalog, const struct explain_context *context,
    enum template_escape *escape)
{
	int language = catalog_language(catalog, context->profile->language);

	*escape = TEMPLATE_PLAIN;
	if (context->utf8)
		return language;
	if (!catalog_language_is_latin(catalog, language))
		language = 0;
	*escape = catalog_language_is_german(catalog, language) ? TEMPLATE_GERMAN : TEMPLATE_ASCII;
	return language;
}

static const struct cause *unrecognised(const struct catalog *catalog, int class)
{
	const struct cause *unclear = class == 0 ? catalog_cause(catalog, CAUSE_UNCLEAR) : NULL;

	return unclear ? unclear : catalog_cause(catalog, CAUSE_UNCLASSIFIED);
}

bool explain_is_explained(const struct engine *engine, const struct reply *reply)
{
	const struct catalog *catalog = engine_catalog(engine);
	size_t len;
	const char *text = reply_text(reply, &len);

	if (len <= REF_LENGTH || !ref_is_valid(text + len - REF_LENGTH) ||
	    text[len - REF_LENGTH - 1] != ' ')
		return false;
	len -= REF_LENGTH + 1;
	for (int language = 0; language < catalog_language_count(catalog); language++) {
		const struct phrases *phrases = catalog_phrases(catalog, language);
		if (ascii_ends_with(text, len, phrases->ref) ||
		    ascii_ends_with(text, len, phrases->ref_ascii))
			return true;
	}
	return false;
}

/* Puts RULE's cause into words. */
static const struct explanation *compose(struct explainer *explainer, const struct engine *engine,
    const struct rule *rule, struct vars *vars, const struct explain_context *context, int class)
{
	const struct catalog *catalog = engine_catalog(engine);
	const struct profile *profile = context->profile;
	const struct cause *cause = rule ? rule->cause : unrecognised(catalog, class);
	bool temporary = class == 4;
	enum template_escape escape;
	int language = choose_language(catalog, context, &escape);
	const struct cause_text *text = cause_text(cause, language);
	const struct phrases *phrases = catalog_phrases(catalog, language);

	set(vars, VAR_CAUSE, cause->id);
	set_own(explainer, vars, VAR_SITE, profile->site, escape);
	set_own(explainer, vars, VAR_CONTACT, profile->contact, escape);
	strbuf_reset(&explainer->help_url);
	strbuf_reset(&explainer->summary);
	strbuf_reset(&explainer->action);
	strbuf_reset(&explainer->note);
	strbuf_reset(&explainer->closing);
	if (profile->help_url)
		template_expand(&explainer->help_url, profile->help_url, vars, TEMPLATE_URL);
	set(vars, VAR_HELP_URL, strbuf_str(&explainer->help_url));
	expand_first_known(&explainer->summary, choose_summary(text, temporary), vars, escape);
	expand_first_known(
	    &explainer->action, choose_action(text, temporary, profile->internal), vars, escape);
	add_phrase(&explainer->note, note_for(phrases, class, profile->internal), escape);
	write_closing(explainer, phrases, context, escape);
	explainer->result = (struct explanation){
	    .class = class,
	    .temporary = temporary,
	    .rule = rule,
	    .cause = cause,
	    .message = {strbuf_str(&explainer->summary), strbuf_str(&explainer->action),
	        strbuf_str(&explainer->note), strbuf_str(&explainer->closing)},
	    .help_url = strbuf_str(&explainer->help_url),
	    .ref = context->ref ? context->ref : "",
	};
	return &explainer->result;
}

const struct explanation *explain_rule(struct explainer *explainer, const struct engine *engine,
    const struct rule *rule, struct vars *vars, const struct explain_context *context)
{
	set_from_context(vars, context);
	return compose(explainer, engine, rule, vars, context, context->class);
}

static const struct rule *select_rule(
    const struct engine *engine, const struct reply *reply, enum stage stage, struct vars *vars)
{
	struct match_input input = {
	    .code = reply_code(reply), .status = reply_status(reply), .stage = stage};

	input.text = reply_text(reply, &input.text_len);
	input.host = reply_host(reply, &input.host_len);
	return matcher_select(engine_matcher(engine), &input, vars);
}

const struct rule *explain_select(const struct engine *engine, const struct reply *reply)
{
	return select_rule(engine, reply, reply_stage(reply), NULL);
}

const struct explanation *explain_reply(struct explainer *explainer, const struct engine *engine,
    const struct reply *reply, const struct explain_context *context)
{
	int class = context->class ? context->class : reply_class(reply);
	enum stage stage = context->stage ? context->stage : reply_stage(reply);

	if (class == 2 || class == 3 || explain_is_explained(engine, reply))
		return NULL;

	struct vars *vars = explainer->vars;
	vars_reset(vars);
	set_from_reply(vars, reply, stage);
	set_from_context(vars, context);
	const struct rule *rule = select_rule(engine, reply, stage, vars);
	compose(explainer, engine, rule, vars, context, class);
	explainer->result.code = reply_code(reply);
	explainer->result.status = reply_status(reply);
	return &explainer->result;
}
