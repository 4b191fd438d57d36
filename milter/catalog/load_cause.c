/* load_cause.c - one cause, or the common phrases, of a catalogue file. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/nearest.h"
#include "explain/problems.h"
#include "explain/reason.h"
#include "explain/strbuf.h"
#include "explain/yaml.h"

#include <string.h>

#define MAX_SUMMARY 110
#define MAX_ACTION 160
/* Where reply lines fold: a phrase stands on one. */
#define MAX_PHRASE 66

static const char *const keys[] = {"cause", "lang", "reason", "fixer", "summary",
    "summary_temporary", "action", "action_temporary", "action_internal", "help", NULL};
static const char *const phrase_keys[] = {
    "permanent", "temporary", "help", "ref", "permanent_internal", "temporary_internal", NULL};

static int item_language(struct loader *loader, struct fy_node *item, const char *subject)
{
	struct fy_node *node = yaml_get(item, "lang");
	const char *language = loader->file_language;

	if (node && !load_string(loader, node, subject, &language))
		language = "en";
	return loader_language(loader, item, language);
}

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

static void load_texts(
    struct loader *loader, struct fy_node *item, const char *subject, struct cause_text *text)
{
	const struct {
		const char *key;
		size_t max;
		struct variants *variants;
	} texts[] = {
	    {"summary", MAX_SUMMARY, &text->summary},
	    {"summary_temporary", MAX_SUMMARY, &text->summary_temporary},
	    {"action", MAX_ACTION, &text->action},
	    {"action_temporary", MAX_ACTION, &text->action_temporary},
	    {"action_internal", MAX_ACTION, &text->action_internal},
	};
	struct fy_node *node;

	text->place = loader_place(loader, item);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((node = yaml_get(item, texts[i].key)))
			load_variants(loader, node, subject, texts[i].max, texts[i].variants);
	if ((node = yaml_get(item, "help")))
		load_string(loader, node, subject, &text->help);
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
	raw.language = item_language(loader, item, subject.data);
	raw.reason = load_choice(loader, item, "reason", reason_names(), subject.data);
	raw.fixer = load_choice(loader, item, "fixer", fixer_names(), subject.data);
	if (own && !raw.reason)
		raw.reason = "policy-other";
	if (own && !raw.fixer)
		raw.fixer = "recipient-admin";
	load_texts(loader, item, subject.data, &raw.text);
	strbuf_free(&subject);
	GROW(loader->causes, loader->cause_count, loader->cause_size);
	loader->causes[loader->cause_count++] = raw;
}

void load_phrases(struct loader *loader, struct fy_node *item)
{
	static const char subject[] = "phrases";
	struct fy_node *map = yaml_get(item, "phrases"), *node;
	int language = item_language(loader, item, subject);
	struct phrases *phrases = &loader->catalog->phrases[language];
	const char **const values[] = {&phrases->permanent, &phrases->temporary, &phrases->help,
	    &phrases->ref, &phrases->permanent_internal, &phrases->temporary_internal};

	if (!yaml_is_map(map)) {
		yaml_problem(
		    loader->doc, item, loader->problems, subject, "needs keys and their texts");
		return;
	}
	yaml_check_keys(loader->doc, map, phrase_keys, loader->problems, subject);
	for (size_t i = 0; phrase_keys[i]; i++) {
		const char *value;
		/* An earlier layer was read first, and wins. */
		if (!(node = yaml_get(map, phrase_keys[i])) ||
		    !load_string(loader, node, subject, &value) || *values[i])
			continue;
		if (strlen(value) > MAX_PHRASE)
			yaml_problem(loader->doc, node, loader->problems, subject,
			    "'%s' is longer than %d octets", phrase_keys[i], MAX_PHRASE);
		*values[i] = value;
	}
}
