/* export_json.c - the whole catalogue as one JSON object. */
#include "explain/export_json.h"

#include "explain/catalog.h"
#include "explain/stage.h"
#include "explain/status.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *strings(const char *const *items, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(items[i]));
	return list;
}

static void set_if_any(json_t *object, const char *key, json_t *list)
{
	if (json_array_size(list))
		json_object_set_new(object, key, list);
	else
		json_decref(list);
}

static json_t *codes(const struct alternative *alternative)
{
	json_t *list = json_array();
	char text[32];

	for (size_t i = 0; i < alternative->code_count; i++) {
		int first = alternative->codes[i][0], last = alternative->codes[i][1];
		snprintf(text, sizeof(text), first == last ? "%d" : "%dxx",
		    first == last ? first : first / 100);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *status_json(const struct status *status)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	status_add(&text, status);
	json_t *value = json_string(strbuf_str(&text));
	strbuf_free(&text);
	return value;
}

static json_t *alternative_json(const struct alternative *alternative)
{
	json_t *object = json_object(), *statuses = json_array(), *stages = json_array();

	set_if_any(object, "code", codes(alternative));
	for (size_t i = 0; i < alternative->status_count; i++)
		json_array_append_new(statuses, status_json(&alternative->statuses[i]));
	set_if_any(object, "status", statuses);
	for (enum stage stage = STAGE_NONE; stage <= STAGE_UNKNOWN; stage++)
		if (alternative->stages >> stage & 1)
			json_array_append_new(stages, json_string(stage_name(stage)));
	set_if_any(object, "stage", stages);
	set_if_any(object, "host", strings(alternative->hosts, alternative->host_count));
	if (alternative->pattern)
		json_object_set_new(object, "text", json_string(alternative->pattern->text));
	return object;
}

static json_t *rule_json(const struct catalog *catalog, const struct rule *rule)
{
	json_t *object = json_object(), *match = json_array(), *set = json_object();

	json_object_set_new(object, "rule", json_string(rule->id));
	json_object_set_new(object, "cause", json_string(rule->cause->id));
	for (size_t i = 0; i < rule->alternative_count; i++)
		json_array_append_new(match, alternative_json(&rule->alternatives[i]));
	json_object_set_new(object, "match", match);
	for (size_t i = 0; i < rule->constant_count; i++)
		json_object_set_new(set,
		    varnames_get(catalog_varnames(catalog), rule->constants[i].var),
		    json_string(rule->constants[i].value));
	if (json_object_size(set))
		json_object_set_new(object, "set", set);
	else
		json_decref(set);
	set_if_any(object, "examples", strings(rule->examples, rule->example_count));
	set_if_any(object, "refs", strings(rule->refs, rule->ref_count));
	return object;
}

static json_t *variants_json(const struct variants *variants)
{
	json_t *list = json_array();
	struct strbuf text;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < variants->count; i++) {
		strbuf_reset(&text);
		template_show(&text, variants->items[i]);
		json_array_append_new(list, json_string(strbuf_str(&text)));
	}
	strbuf_free(&text);
	return list;
}

static json_t *text_json(const struct cause_text *text)
{
	json_t *object = json_object();

	for (enum text_key key = 0; key < TEXT_COUNT; key++)
		set_if_any(object, text_key_name(key), variants_json(&text->texts[key]));
	if (text->help)
		json_object_set_new(object, "help", json_string(text->help));
	return object;
}

static json_t *cause_json(const struct catalog *catalog, const struct cause *cause)
{
	json_t *object = json_object(), *texts = json_object();

	json_object_set_new(object, "cause", json_string(cause->id));
	json_object_set_new(object, "reason", json_string(cause->reason));
	json_object_set_new(object, "fixer", json_string(cause->fixer));
	if (cause->words_above)
		json_object_set_new(object, "words_above", json_true());
	for (int i = 0; i < catalog_language_count(catalog); i++)
		if (cause->texts[i])
			json_object_set_new(
			    texts, catalog_language_code(catalog, i), text_json(cause->texts[i]));
	json_object_set_new(object, "texts", texts);
	return object;
}

static json_t *code_json(const struct code_entry *code)
{
	json_t *object = json_object();

	if (code->code)
		json_object_set_new(object, "code", json_integer(code->code));
	else
		json_object_set_new(object, "status", status_json(&code->status));
	json_object_set_new(object, "name", json_string(code->name));
	json_object_set_new(object, "meaning", json_string(code->meaning));
	if (code->cause)
		json_object_set_new(object, "cause", json_string(code->cause->id));
	set_if_any(object, "refs", strings(code->refs, code->ref_count));
	return object;
}

void export_json(struct strbuf *out, const struct catalog *catalog)
{
	json_t *object = json_object(), *rules = json_array(), *causes = json_array(),
	       *meanings = json_array(), *languages = json_array();
	size_t count;

	for (int i = 0; i < catalog_language_count(catalog); i++)
		json_array_append_new(languages, json_string(catalog_language_code(catalog, i)));
	const struct rule *rule = catalog_rules(catalog, &count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(rules, rule_json(catalog, &rule[i]));
	const struct cause *cause = catalog_causes(catalog, &count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(causes, cause_json(catalog, &cause[i]));
	const struct code_entry *code = catalog_codes(catalog, &count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(meanings, code_json(&code[i]));
	json_object_set_new(object, "languages", languages);
	json_object_set_new(object, "rules", rules);
	json_object_set_new(object, "causes", causes);
	json_object_set_new(object, "codes", meanings);
	char *text = json_dumps(object, JSON_INDENT(1));
	strbuf_addstr(out, text ? text : "{}");
	strbuf_addch(out, '\n');
	free(text);
	json_decref(object);
}
