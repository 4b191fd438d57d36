/* load_rule.c - one rule of a catalogue file. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/strbuf.h"
#include "explain/vars.h"
#include "explain/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const keys[] = {"rule", "cause", "match", "set", "examples", "refs", "disabled",
    "summary", "summary_temporary", "action", "action_temporary", "action_internal", "help",
    "reason", "fixer", NULL};
static const char *const match_keys[] = {"code", "status", "text", "stage", "host", NULL};

static bool parse_code(const char *text, short range[2])
{
	if (strlen(text) != 3 || text[0] < '2' || text[0] > '5')
		return false;
	if (strcasecmp(text + 1, "xx") == 0) {
		range[0] = (short)((text[0] - '0') * 100);
		range[1] = (short)(range[0] + 99);
		return true;
	}
	if (strspn(text, "0123456789") != 3)
		return false;
	range[0] = range[1] = (short)atoi(text);
	return true;
}

static void load_codes(struct loader *loader, struct fy_node *node, const char *subject,
    struct alternative *alternative)
{
	const char *const *texts;
	size_t count;

	if (!load_strings(loader, node, subject, &texts, &count))
		return;
	short(*codes)[2] = arena_alloc(loader->arena, count * sizeof(*codes));
	for (size_t i = 0; i < count; i++)
		if (!parse_code(texts[i], codes[i]))
			yaml_problem(loader->doc, load_strings_node(node, i), loader->problems,
			    subject, "'%s' is no reply code: a number like 550, or 4xx or 5xx",
			    texts[i]);
	alternative->codes = (const short(*)[2])codes;
	alternative->code_count = count;
}

static void load_statuses(struct loader *loader, struct fy_node *node, const char *subject,
    struct alternative *alternative)
{
	const char *const *texts;
	size_t count;

	if (!load_strings(loader, node, subject, &texts, &count))
		return;
	struct status *statuses = arena_alloc(loader->arena, count * sizeof(*statuses));
	for (size_t i = 0; i < count; i++)
		if (!status_parse_pattern(&statuses[i], texts[i], strlen(texts[i])))
			yaml_problem(loader->doc, load_strings_node(node, i), loader->problems,
			    subject,
			    "'%s' is no status: like 5.1.1, or x.2.2 with x for any number",
			    texts[i]);
	alternative->statuses = statuses;
	alternative->status_count = count;
}

static void load_stages(struct loader *loader, struct fy_node *node, const char *subject,
    struct alternative *alternative)
{
	const char *const *texts;
	size_t count;

	if (!load_strings(loader, node, subject, &texts, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		enum stage stage = stage_by_name(texts[i], strlen(texts[i]));
		if (stage == STAGE_NONE)
			yaml_problem(loader->doc, load_strings_node(node, i), loader->problems,
			    subject, "'%s' is no stage", texts[i]);
		alternative->stages |= 1u << stage;
	}
}

/* Registers the named groups of a pattern as variables: `(?<name>` or `(?P<name>`. */
static uint64_t load_groups(
    struct loader *loader, struct fy_node *node, const char *subject, const char *text)
{
	uint64_t groups = 0;

	if (strstr(text, "(?'"))
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "a named group is written (?<name>...) here, not (?'name'...)");
	for (const char *at = text; (at = strstr(at, "(?")); at += 2) {
		const char *name = at + 2;
		if (name[0] == 'P')
			name++;
		if (name[0] != '<' || name[1] == '=' || name[1] == '!')
			continue;
		name++;
		size_t len = strcspn(name, ">");
		int var = varnames_add(loader->catalog->names, name, len);
		if (var < 0)
			yaml_problem(loader->doc, node, loader->problems, subject,
			    "the group name '%.*s' can't be a variable (a-z, 0-9, _, and at most "
			    "%d "
			    "names in all)",
			    (int)len, name, VARS_MAX);
		else
			groups |= UINT64_C(1) << var;
	}
	return groups;
}

static void load_text(struct loader *loader, struct fy_node *node, const char *subject,
    struct raw_rule *raw, struct alternative *alternative)
{
	const char *text;

	if (!load_string(loader, node, subject, &text))
		return;
	uint64_t groups = load_groups(loader, node, subject, text);
	raw->provides |= groups;
	struct pattern *pattern = arena_alloc(loader->arena, sizeof(*pattern));
	*pattern = (struct pattern){text, loader_place(loader, node), groups != 0};
	alternative->pattern = pattern;
}

static void load_alternative(struct loader *loader, struct fy_node *node, const char *subject,
    struct raw_rule *raw, struct alternative *alternative)
{
	struct fy_node *value;

	if (!yaml_is_map(node)) {
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "an alternative of 'match' needs keys: code, status, text, stage, host");
		return;
	}
	yaml_check_keys(loader->doc, node, match_keys, loader->problems, subject);
	if ((value = yaml_get(node, "code")))
		load_codes(loader, value, subject, alternative);
	if ((value = yaml_get(node, "status")))
		load_statuses(loader, value, subject, alternative);
	if ((value = yaml_get(node, "stage")))
		load_stages(loader, value, subject, alternative);
	if ((value = yaml_get(node, "host")) &&
	    !load_strings(loader, value, subject, &alternative->hosts, &alternative->host_count))
		alternative->host_count = 0;
	if ((value = yaml_get(node, "text")))
		load_text(loader, value, subject, raw, alternative);
	else if (!yaml_get(node, "code") && !yaml_get(node, "status"))
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "an alternative of 'match' needs a code, a status or a text");
}

static void load_match(
    struct loader *loader, struct fy_node *node, const char *subject, struct raw_rule *raw)
{
	size_t count = 0;
	void *state = NULL;

	raw->has_match = true;
	if (yaml_is_list(node))
		while (yaml_next(node, &state))
			count++;
	struct alternative *list = arena_alloc(loader->arena, (count ? count : 1) * sizeof(*list));
	if (yaml_is_list(node)) {
		size_t i = 0;
		state = NULL;
		for (struct fy_node *item; (item = yaml_next(node, &state));)
			load_alternative(loader, item, subject, raw, &list[i++]);
		if (count == 0)
			yaml_problem(
			    loader->doc, node, loader->problems, subject, "'match' is empty");
	} else {
		load_alternative(loader, node, subject, raw, &list[0]);
		count = 1;
	}
	raw->rule.alternatives = list;
	raw->rule.alternative_count = count;
}

static void load_constants(
    struct loader *loader, struct fy_node *node, const char *subject, struct raw_rule *raw)
{
	struct fy_node *key, *value;
	void *state = NULL;
	size_t count = 0;

	if (!yaml_is_map(node)) {
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "'set' needs variables and values");
		return;
	}
	while (yaml_next_pair(node, &state, &key, &value))
		count++;
	struct constant *list = arena_alloc(loader->arena, count * sizeof(*list));
	count = 0;
	state = NULL;
	while (yaml_next_pair(node, &state, &key, &value)) {
		const char *name, *text;
		if (!load_string(loader, key, subject, &name) ||
		    !load_string(loader, value, subject, &text))
			continue;
		int var = varnames_add(loader->catalog->names, name, strlen(name));
		if (var < 0) {
			yaml_problem(loader->doc, key, loader->problems, subject,
			    "'%s' can't be a variable", name);
			continue;
		}
		raw->provides |= UINT64_C(1) << var;
		list[count++] = (struct constant){var, text};
	}
	raw->rule.constants = list;
	raw->rule.constant_count = count;
}

/* A rule that brings its own texts has a cause of its own, under the rule's name. */
static void load_own_texts(
    struct loader *loader, struct fy_node *item, const char *subject, struct raw_rule *raw)
{
	if (!yaml_get(item, "summary") || !yaml_get(item, "action")) {
		yaml_problem(loader->doc, item, loader->problems, subject,
		    "a rule with its own texts needs 'summary' and 'action'");
		raw->disabled = true; /* said once is enough */
		return;
	}
	if (raw->cause) {
		yaml_problem(loader->doc, item, loader->problems, subject,
		    "a rule has either a 'cause' or its own 'summary' and 'action'");
		return;
	}
	raw->cause = raw->rule.id;
	load_cause(loader, item);
}

static void load_examples(
    struct loader *loader, struct fy_node *node, const char *subject, struct rule *rule)
{
	void *state = NULL;
	size_t count = 0;

	if (!load_strings(loader, node, subject, &rule->examples, &rule->example_count)) {
		rule->example_count = 0;
		return;
	}
	struct place *places = arena_alloc(loader->arena, rule->example_count * sizeof(*places));
	if (!yaml_is_list(node))
		places[0] = loader_place(loader, node);
	else
		for (struct fy_node *item; (item = yaml_next(node, &state));)
			places[count++] = loader_place(loader, item);
	rule->example_places = places;
}

void load_rule(struct loader *loader, struct fy_node *item)
{
	struct raw_rule raw = {.order = (unsigned)loader->rule_count};
	struct strbuf subject;
	struct fy_node *node;

	if (!load_slug(loader, yaml_get(item, "rule"), "rule", &raw.rule.id))
		return;
	raw.rule.layer = loader->layer;
	raw.rule.place = loader_place(loader, item);
	strbuf_init(&subject, 0);
	strbuf_addf(&subject, "rule %s", raw.rule.id);
	yaml_check_keys(loader->doc, item, keys, loader->problems, subject.data);
	if ((node = yaml_get(item, "disabled")))
		raw.disabled = load_bool(loader, node, subject.data);
	if ((node = yaml_get(item, "cause")) && load_slug(loader, node, subject.data, &raw.cause))
		raw.cause_place = loader_place(loader, node);
	if ((node = yaml_get(item, "match")))
		load_match(loader, node, subject.data, &raw);
	if ((node = yaml_get(item, "set")))
		load_constants(loader, node, subject.data, &raw);
	if ((node = yaml_get(item, "examples")))
		load_examples(loader, node, subject.data, &raw.rule);
	if ((node = yaml_get(item, "refs")))
		load_strings(loader, node, subject.data, &raw.rule.refs, &raw.rule.ref_count);
	if (yaml_get(item, "summary") || yaml_get(item, "action"))
		load_own_texts(loader, item, subject.data, &raw);
	strbuf_free(&subject);
	GROW(loader->rules, loader->rule_count, loader->rule_size);
	loader->rules[loader->rule_count++] = raw;
}
