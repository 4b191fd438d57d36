/* loader.h - what the files of catalog/ share while a catalogue is being read. */
#ifndef CATALOG_LOADER_H
#define CATALOG_LOADER_H

#include "explain/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_LANGUAGES 32

struct arena;
struct fy_node;
struct yaml_doc;

struct catalog {
	struct arena *arena;
	struct varnames *names;
	struct rule *rules;
	size_t rule_count;
	struct cause *causes;
	size_t cause_count;
	struct code_entry *codes;
	size_t code_count;
	const char *languages[MAX_LANGUAGES];
	struct phrases phrases[MAX_LANGUAGES];
	struct page_texts pages[MAX_LANGUAGES];
	bool latin[MAX_LANGUAGES];
	int language_count;
	unsigned layer_count;
};

/* A rule as its file gives it. */
struct raw_rule {
	struct rule rule;
	const char *cause; /* id; NULL: not given */
	struct place cause_place;
	bool has_match, disabled, dropped;
	unsigned order;
	uint64_t provides; /* variables from groups and constants */
};

/* A cause as a file gives it, one language of it. */
struct raw_cause {
	const char *id, *reason, *fixer;
	struct cause_text text;
	int language;
	unsigned layer;
	struct place place;
	bool words_above;
	bool of_rule; /* the texts of a rule, under the rule's name */
};

/* The cause that a code entry names. */
struct code_cause {
	const char *id; /* NULL: none */
	struct place place;
};

struct loader {
	struct catalog *catalog;
	struct arena *arena;
	struct problems *problems;
	struct yaml_doc *doc; /* the file being read */
	const char *file;     /* its name, in the arena */
	const char *file_language;
	unsigned layer;
	struct raw_rule *rules;
	size_t rule_count, rule_size;
	struct raw_cause *causes;
	size_t cause_count, cause_size;
	struct code_cause *code_causes; /* by code entry */
	size_t code_size;
};

/* load_item.c: values of items. Each reports what is wrong, names SUBJECT, and returns false. */
struct place loader_place(struct loader *loader, struct fy_node *node);
bool load_string(
    struct loader *loader, struct fy_node *node, const char *subject, const char **value);
/* `true` or `false`; anything else is a problem, and false. */
bool load_bool(struct loader *loader, struct fy_node *node, const char *subject);
/* A scalar, or a list of scalars; at least one. */
bool load_strings(struct loader *loader, struct fy_node *node, const char *subject,
    const char *const **values, size_t *count);
/* Item I of a list, or the scalar itself: the place of one of the strings above. */
struct fy_node *load_strings_node(struct fy_node *node, size_t i);
bool load_slug(
    struct loader *loader, struct fy_node *node, const char *subject, const char **value);
bool load_variants(struct loader *loader, struct fy_node *node, const char *subject,
    size_t max_characters, struct variants *variants);
/* The language of ITEM: its own `lang`, else its file's. */
int loader_item_language(struct loader *loader, struct fy_node *item, const char *subject);
/* The number of LANGUAGE, added when new. */
int loader_language(struct loader *loader, struct fy_node *node, const char *language);

/* Notes where ITEM stands, and its `source`. */
void load_translation(struct loader *loader, struct fy_node *item, const char *subject,
    struct translation *translation);
/* The fingerprint of TEXTS; a NULL among them counts as one that is not there. */
void loader_fingerprint(const char *const *texts, size_t count, char fingerprint[FINGERPRINT_SIZE]);

/* One file each: an item of that kind. */
void load_rule(struct loader *loader, struct fy_node *item);
void load_cause(struct loader *loader, struct fy_node *item);
void load_phrases(struct loader *loader, struct fy_node *item);
void load_pages(struct loader *loader, struct fy_node *item);
void load_code(struct loader *loader, struct fy_node *item);

/* link.c: merges layers and resolves names into the catalogue. */
void catalog_link(struct loader *loader);

/* Grows an array of SIZE elements so that one more fits. */
#define GROW(array, count, size)                                                                   \
	((count) < (size) ? (array)                                                                \
	                  : ((size) = (size) ? (size)*2 : 64,                                      \
	                        (array) = mem_realloc((array), (size), sizeof(*(array)))))

#endif
