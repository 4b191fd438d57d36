/* load_cause.c - one cause of a catalogue file. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/nearest.h"
#include "explain/problems.h"
#include "explain/reason.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/yaml.h"

#include <string.h>

#define MAX_SUMMARY 110
#define MAX_ACTION 160

static const char *const keys[] = {"cause", "lang", "source", "reason", "fixer", "summary",
    "summary_temporary", "action", "action_temporary", "action_internal", "help", "words_above",
    NULL};

static const char *load_choice(struct loader *loader, struct fy_node *item, const char *key,
    const char *const *choices, const char *subject)
{
	struct fy_node *node = yaml_get(item, key);
	const char *value;

	if (!node || !load_string(loader, node, subject, &value))
		return NULL;
	const char *near = nearest_name(value, choices);
	if (near && strcmp(near, value) == 0)
		return near;
	if (near)
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "unknown %s '%s', did you mean '%s'?", key, value, near);
	else
		yaml_problem(
		    loader->doc, node, loader->problems, subject, "unknown %s '%s'", key, value);
	return choices[0];
}

/* The texts as written, for their fingerprint. */
static void fingerprint(struct cause_text *text)
{
	struct strbuf all[TEXT_COUNT];
	const char *strings[TEXT_COUNT + 1] = {0};

	for (enum text_key key = 0; key < TEXT_COUNT; key++) {
		strbuf_init(&all[key], 0);
		for (size_t i = 0; i < text->texts[key].count; i++) {
			template_show(&all[key], text->texts[key].items[i]);
			strbuf_addch(&all[key], '|');
		}
		if (all[key].len)
			strings[key] = all[key].data;
	}
	strings[TEXT_COUNT] = text->help;
	loader_fingerprint(strings, TEXT_COUNT + 1, text->translation.fingerprint);
	for (enum text_key key = 0; key < TEXT_COUNT; key++)
		strbuf_free(&all[key]);
}

static void load_texts(
    struct loader *loader, struct fy_node *item, const char *subject, struct cause_text *text)
{
	struct fy_node *node;

	text->place = loader_place(loader, item);
	load_translation(loader, item, subject, &text->translation);
	for (enum text_key key = 0; key < TEXT_COUNT; key++) {
		size_t max = key <= TEXT_SUMMARY_TEMPORARY ? MAX_SUMMARY : MAX_ACTION;
		if (!(node = yaml_get(item, text_key_name(key))))
			continue;
		text->translation.keys |= UINT64_C(1) << key;
		load_variants(loader, node, subject, max, &text->texts[key]);
	}
	if ((node = yaml_get(item, "help")) && load_string(loader, node, subject, &text->help))
		text->translation.keys |= UINT64_C(1) << TEXT_COUNT;
	fingerprint(text);
}

void load_cause(struct loader *loader, struct fy_node *item)
{
	struct fy_node *id = yaml_get(item, "cause");
	struct raw_cause raw = {
	    .layer = loader->layer, .place = loader_place(loader, item), .of_rule = !id};
	bool own = !id;
	struct strbuf subject;

	if (!load_slug(loader, own ? yaml_get(item, "rule") : id, "cause", &raw.id))
		return;
	strbuf_init(&subject, 0);
	strbuf_addf(&subject, "%s %s", own ? "rule" : "cause", raw.id);
	if (!own)
		yaml_check_keys(loader->doc, item, keys, loader->problems, subject.data);
	raw.language = loader_item_language(loader, item, subject.data);
	raw.reason = load_choice(loader, item, "reason", reason_names(), subject.data);
	raw.fixer = load_choice(loader, item, "fixer", fixer_names(), subject.data);
	struct fy_node *above = own ? NULL : yaml_get(item, "words_above");
	raw.words_above = above && load_bool(loader, above, subject.data);
	if (own && !raw.reason)
		raw.reason = "policy-other";
	if (own && !raw.fixer)
		raw.fixer = "recipient-admin";
	load_texts(loader, item, subject.data, &raw.text);
	strbuf_free(&subject);
	GROW(loader->causes, loader->cause_count, loader->cause_size);
	loader->causes[loader->cause_count++] = raw;
}
