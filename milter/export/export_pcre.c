/* export_pcre.c - the catalogue as a table for Postfix (pcre_table(5)).
 *
 * What the daemon does in steps, a table has to do with one pattern a line: conditions on code and
 * status stand before the text's pattern, and each choice that a cause's texts leave open, class of
 * the code and variables that are known or not, is a line of its own. The key is the whole reply,
 * so a pattern's `^` becomes the place behind code and status. */
#include "explain/export_pcre.h"

#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/status.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Behind the status, if there is one; what it took is not given back. */
#define AFTER_CODES "(?>(?:[245]\\.\\d{1,3}\\.\\d{1,3}(?![0-9a-z.]))? *)"
/* Stands in a text for the value of a variable, about as long as one, until the lines are folded.
 */
#define PLACEHOLDER_TAIL "~~~~~~~~~~~~~~~~~~"
#define PLACEHOLDER_LEN (4 + sizeof(PLACEHOLDER_TAIL) - 1)
/* A value goes out as it is, so the reply may hold nothing that a value must not: only printable
 * ASCII without dollars and backslashes, which a footer takes for its own, and not too much of it.
 */
#define HARMLESS "(?=[ -#%-\\[\\]-~]{1,480}$)"
#define MAX_GROUPS 64
/* Sets of variables that one pattern is tried for: five variables have 32. */
#define MAX_SETS 32

/* A pattern of the catalogue, made fit for the table. */
struct translated {
	struct strbuf text;
	size_t group_count;
	int vars[MAX_GROUPS]; /* by group number - 1: its variable, or -1 */
	uint64_t named;       /* variables that a group gives */
	bool anchored;        /* begins with ^ and has no alternatives beside it */
};

struct table {
	struct strbuf *out;
	const struct engine *engine;
	const struct profile *profile;
	struct explainer *explainer;
	struct reply *reply; /* only its codes count: lines are folded behind them */
	struct vars *vars;
	int class;
};

/* Where ^ holds inside a key, for patterns that have it within alternatives. */
static void add_start(struct strbuf *out)
{
	strbuf_addstr(out, "(?<=^[45]\\d\\d[ -]");
	for (int subject = 1; subject <= 3; subject++)
		for (int detail = 1; detail <= 3; detail++)
			strbuf_addf(
			    out, "|^[45]\\d\\d[ -][245]\\.\\d{%d}\\.\\d{%d} ", subject, detail);
	strbuf_addch(out, ')');
}

static size_t class_end(const char *text, size_t at)
{
	size_t end = at + 1;

	end += text[end] == '^';
	end += text[end] == ']';
	while (text[end] && text[end] != ']')
		end += text[end] == '\\' && text[end + 1] ? 2 : 1;
	return text[end] ? end + 1 : end;
}

static void add_slashed(struct strbuf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len)
			strbuf_addch(out, text[i++]);
		else if (text[i] == '/')
			strbuf_addch(out, '\\');
		strbuf_addch(out, text[i]);
	}
}

/* A group begins at AT; returns where what it holds begins. */
static size_t add_group(
    struct translated *to, const char *text, size_t at, const struct varnames *names)
{
	const char *name = strncmp(text + at, "(?P<", 4) == 0  ? text + at + 4
	                   : strncmp(text + at, "(?<", 3) == 0 ? text + at + 3
	                                                       : NULL;

	if (!name && text[at + 1] == '?') {
		strbuf_addstr(&to->text, "(?");
		return at + 2;
	}
	/* Names may stand twice here, but not in a table: there groups have numbers. */
	size_t len = name ? strcspn(name, ">") : 0;
	if (to->group_count < MAX_GROUPS) {
		int var = name ? varnames_find(names, name, len) : -1;
		to->vars[to->group_count++] = var;
		if (var >= 0)
			to->named |= UINT64_C(1) << var;
	}
	strbuf_addch(&to->text, '(');
	return name ? (size_t)(name - text) + len + 1 : at + 1;
}

static bool has_alternatives(const char *text)
{
	int depth = 0;

	for (size_t at = 0; text[at];) {
		if (text[at] == '[') {
			at = class_end(text, at);
			continue;
		}
		if (text[at] == '|' && depth == 0)
			return true;
		depth += (text[at] == '(') - (text[at] == ')');
		at += text[at] == '\\' && text[at + 1] ? 2 : 1;
	}
	return false;
}

static void translate(struct translated *to, const char *text, const struct varnames *names)
{
	size_t at = 0;

	strbuf_init(&to->text, 0);
	to->group_count = 0;
	to->named = 0;
	to->anchored = text[0] == '^' && !has_alternatives(text);
	if (to->anchored)
		at = 1;
	while (text[at]) {
		size_t from = at;
		if (text[at] == '(') {
			at = add_group(to, text, at, names);
			continue;
		}
		if (text[at] == '^') {
			add_start(&to->text);
			at++;
			continue;
		}
		if (text[at] == '[')
			at = class_end(text, at);
		else
			at += text[at] == '\\' && text[at + 1] ? 2 : 1;
		add_slashed(&to->text, text + from, at - from);
	}
}

static bool codes_allow(const struct alternative *alternative, int class)
{
	bool allowed = alternative->code_count == 0;

	for (size_t i = 0; i < alternative->code_count; i++)
		allowed = allowed || alternative->codes[i][0] / 100 == class;
	return allowed;
}

static void add_codes(struct strbuf *out, const struct alternative *alternative, int class)
{
	const char *separator = "";

	if (alternative->code_count == 0) {
		strbuf_addf(out, "%d\\d\\d", class);
		return;
	}
	strbuf_addstr(out, "(?:");
	for (size_t i = 0; i < alternative->code_count; i++) {
		int first = alternative->codes[i][0], last = alternative->codes[i][1];
		if (first / 100 != class)
			continue;
		strbuf_addf(out, first == last ? "%s%d" : "%s%d\\d\\d", separator,
		    first == last ? first : class);
		separator = "|";
	}
	strbuf_addch(out, ')');
}

static void add_status_part(struct strbuf *out, short part, const char *any)
{
	if (part == STATUS_ANY)
		strbuf_addstr(out, any);
	else
		strbuf_addf(out, "%d", part);
}

static void add_statuses(struct strbuf *out, const struct alternative *alternative)
{
	if (alternative->status_count == 0)
		return;
	strbuf_addstr(out, "(?=(?:");
	for (size_t i = 0; i < alternative->status_count; i++) {
		const struct status *status = &alternative->statuses[i];
		strbuf_addstr(out, i > 0 ? "|" : "");
		add_status_part(out, status->class, "[245]");
		strbuf_addstr(out, "\\.");
		add_status_part(out, status->subject, "\\d{1,3}");
		strbuf_addstr(out, "\\.");
		add_status_part(out, status->detail, "\\d{1,3}");
	}
	strbuf_addstr(out, ")(?![0-9a-z.]))");
}

/* A line for the case that just the variables KNOWN were found. */
static void add_pattern(struct table *table, const struct alternative *alternative,
    const struct translated *pattern, uint64_t known)
{
	struct strbuf *out = table->out;

	strbuf_addstr(out, "/^");
	if (known)
		strbuf_addstr(out, HARMLESS);
	add_codes(out, alternative, table->class);
	strbuf_addstr(out, "[ -]");
	add_statuses(out, alternative);
	if (alternative->pattern) {
		strbuf_addstr(out, AFTER_CODES);
		if (!pattern->anchored)
			strbuf_addstr(out, ".*?(?:");
		strbuf_add(out, pattern->text.data, pattern->text.len);
		if (!pattern->anchored)
			strbuf_addch(out, ')');
	}
	for (int var = 0; var < VARS_MAX; var++) {
		size_t open = 0;
		if (!(known >> var & 1))
			continue;
		for (size_t i = 0; i < pattern->group_count; i++)
			if (pattern->vars[i] == var) {
				strbuf_addf(out, "(?(%zu)|", i + 1);
				open++;
			}
		strbuf_addstr(out, "(?!)");
		while (open-- > 0)
			strbuf_addch(out, ')');
	}
	strbuf_addstr(out, "/ ");
}

/* All groups that can give VAR: one has the value, the others are empty. */
static void add_value(struct strbuf *out, const struct translated *pattern, int var)
{
	for (size_t i = 0; i < pattern->group_count; i++)
		if (pattern->vars[i] == var)
			strbuf_addf(out, "${%zu}", i + 1);
}

/* The variable whose placeholder stands at AT, or -1. */
static int placeholder_at(const char *at)
{
	if (strncmp(at, "~~", 2) != 0 || !isdigit((unsigned char)at[2]) ||
	    !isdigit((unsigned char)at[3]) ||
	    strncmp(at + 4, PLACEHOLDER_TAIL, sizeof(PLACEHOLDER_TAIL) - 1) != 0)
		return -1;
	int var = (at[2] - '0') * 10 + (at[3] - '0');
	return var < VARS_MAX ? var : -1;
}

static void add_result(struct strbuf *out, const char *footer, const struct translated *pattern)
{
	for (const char *at = footer; *at;) {
		int var = placeholder_at(at);
		if (var >= 0) {
			add_value(out, pattern, var);
			at += PLACEHOLDER_LEN;
			continue;
		}
		if (*at == '$')
			strbuf_addch(out, '$');
		strbuf_addch(out, *at++);
	}
	strbuf_addch(out, '\n');
}

/* Which placeholders stand in the explanation. */
static uint64_t used_vars(const struct explanation *explanation)
{
	const char *const texts[] = {explanation->message.summary, explanation->message.action};
	uint64_t used = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *at = texts[i]; *at; at++) {
			int var = placeholder_at(at);
			if (var >= 0)
				used |= UINT64_C(1) << var;
		}
	return used;
}

static const struct explanation *explain(
    struct table *table, const struct rule *rule, uint64_t known)
{
	struct explain_context context = {.profile = table->profile, .class = table->class};
	char placeholder[64];

	/* A table can't encode a value for the help page's address. */
	if (table->profile->help_url)
		known &= ~template_needs(table->profile->help_url);
	vars_reset(table->vars);
	for (size_t i = 0; rule && i < rule->constant_count; i++)
		vars_set(table->vars, rule->constants[i].var, rule->constants[i].value,
		    strlen(rule->constants[i].value));
	for (int var = 0; var < VARS_MAX; var++)
		if (known >> var & 1) {
			snprintf(placeholder, sizeof(placeholder), "~~%02d" PLACEHOLDER_TAIL, var);
			vars_set(table->vars, var, placeholder, strlen(placeholder));
		}
	return explain_rule(table->explainer, table->engine, rule, table->vars, &context);
}

/* The line for what would be said if the variables KNOWN were found. It asks only for those that
 * its text uses, which are returned; nothing is added if they are among the COUNT sets in SEEN. */
static uint64_t add_line(struct table *table, const struct rule *rule,
    const struct alternative *alternative, const struct translated *pattern, uint64_t known,
    const uint64_t *seen, size_t count)
{
	const struct explanation *explanation = explain(table, rule, known);
	uint64_t used = used_vars(explanation);
	struct strbuf footer;

	for (size_t i = 0; i < count; i++)
		if (seen[i] == used)
			return used;
	strbuf_init(&footer, 0);
	if (render_footer(&footer, &explanation->message, table->reply, table->profile) == 0) {
		add_pattern(table, alternative, pattern, used);
		add_result(table->out, footer.data, pattern);
	}
	strbuf_free(&footer);
	return used;
}

/* The sets of variables that a pattern may have found, each before those that it contains, so that
 * of several lines the one stands first that says most. */
static void add_alternative(
    struct table *table, const struct rule *rule, const struct alternative *alternative)
{
	struct translated pattern = {0};
	uint64_t seen[MAX_SETS] = {0};
	size_t count = 0;

	/* What Postfix asks about is its own reply: it has no stage, and quotes no other server. */
	if (alternative->stages || alternative->host_count ||
	    !codes_allow(alternative, table->class))
		return;
	if (alternative->pattern)
		translate(&pattern, alternative->pattern->text,
		    catalog_varnames(engine_catalog(table->engine)));
	for (uint64_t known = pattern.named; count < MAX_SETS;
	     known = (known - 1) & pattern.named) {
		seen[count] = add_line(table, rule, alternative, &pattern, known, seen, count);
		count++;
		if (known == 0)
			break;
		if (count + 1 == MAX_SETS)
			known = 1; /* too many sets: the last one is without variables */
	}
	strbuf_free(&pattern.text);
}

static void add_class(struct table *table, int class)
{
	static const struct alternative anything;
	static const struct translated nothing;
	size_t count;
	const struct rule *rules = catalog_rules(engine_catalog(table->engine), &count);
	const char *example = class == 4 ? "450 4.0.0 x" : "550 5.0.0 x";

	table->class = class;
	reply_parse(table->reply, example, strlen(example));
	strbuf_addf(table->out, "if /^%d/\n", class);
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(table->out, "# %s\n", rules[i].id);
		for (size_t j = 0; j < rules[i].alternative_count; j++)
			add_alternative(table, &rules[i], &rules[i].alternatives[j]);
	}
	add_line(table, NULL, &anything, &nothing, 0, NULL, 0);
	strbuf_addstr(table->out, "endif\n");
}

void export_postfix_pcre(
    struct strbuf *out, const struct engine *engine, const struct profile *profile)
{
	struct table table = {.out = out,
	    .engine = engine,
	    .profile = profile,
	    .explainer = explainer_create(),
	    .reply = reply_create(),
	    .vars = vars_create()};

	strbuf_addstr(out,
	    "# Made by 'explainctl export postfix-pcre'; changes are lost when it is "
	    "made again.\n"
	    "# main.cf: smtpd_reject_footer_maps = pcre:/etc/postfix/explain.pcre\n");
	add_class(&table, 4);
	add_class(&table, 5);
	vars_free(&table.vars);
	reply_free(&table.reply);
	explainer_free(&table.explainer);
}
