/* load_code.c - the meaning of one reply code or enhanced status code. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/strbuf.h"
#include "explain/yaml.h"

#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {
    "code", "status", "name", "meaning", "cause", "codes", "refs", NULL};

static bool is_code(const char *text)
{
	return strlen(text) == 3 && strspn(text, "0123456789") == 3 && text[0] >= '2' &&
	       text[0] <= '5';
}

static void load_codes(
    struct loader *loader, struct fy_node *node, const char *subject, struct code_entry *entry)
{
	const char *const *texts;
	size_t count;

	if (!load_strings(loader, node, subject, &texts, &count))
		return;
	short *codes = arena_alloc(loader->arena, count * sizeof(*codes));
	for (size_t i = 0; i < count; i++) {
		if (!is_code(texts[i]))
			yaml_problem(loader->doc, load_strings_node(node, i), loader->problems,
			    subject, "'%s' is no reply code", texts[i]);
		codes[i] = (short)atoi(texts[i]);
	}
	entry->codes = codes;
	entry->code_count = count;
}

void load_code(struct loader *loader, struct fy_node *item)
{
	struct catalog *catalog = loader->catalog;
	struct fy_node *code = yaml_get(item, "code"), *node;
	struct code_entry entry = {0};
	struct code_cause cause = {0};
	const char *key;
	struct strbuf subject;

	if (!load_string(loader, code ? code : yaml_get(item, "status"), "code", &key))
		return;
	if (code && !is_code(key)) {
		yaml_problem(
		    loader->doc, code, loader->problems, NULL, "'%s' is no reply code", key);
		return;
	}
	if (code)
		entry.code = atoi(key);
	else if (!status_parse_pattern(&entry.status, key, strlen(key))) {
		yaml_problem(loader->doc, item, loader->problems, NULL,
		    "'%s' is no enhanced status code", key);
		return;
	}
	strbuf_init(&subject, 0);
	strbuf_addf(&subject, "%s %s", code ? "code" : "status", key);
	yaml_check_keys(loader->doc, item, keys, loader->problems, subject.data);
	if (!(node = yaml_get(item, "name")) ||
	    !load_string(loader, node, subject.data, &entry.name))
		yaml_problem(loader->doc, item, loader->problems, subject.data, "needs a 'name'");
	if (!(node = yaml_get(item, "meaning")) ||
	    !load_string(loader, node, subject.data, &entry.meaning))
		yaml_problem(
		    loader->doc, item, loader->problems, subject.data, "needs a 'meaning'");
	if ((node = yaml_get(item, "cause")) && load_slug(loader, node, subject.data, &cause.id))
		cause.place = loader_place(loader, node);
	if ((node = yaml_get(item, "codes")))
		load_codes(loader, node, subject.data, &entry);
	if ((node = yaml_get(item, "refs")))
		load_strings(loader, node, subject.data, &entry.refs, &entry.ref_count);
	strbuf_free(&subject);
	size_t size = loader->code_size;
	GROW(catalog->codes, catalog->code_count, loader->code_size);
	GROW(loader->code_causes, catalog->code_count, size);
	loader->code_causes[catalog->code_count] = cause;
	catalog->codes[catalog->code_count++] = entry;
}
