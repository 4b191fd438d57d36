/* load_item.c - strings, lists and texts of catalogue items. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/template.h"
#include "explain/utf8.h"
#include "explain/yaml.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SLUG 64

struct place loader_place(struct loader *loader, struct fy_node *node)
{
	struct place place = {.file = loader->file};

	yaml_place(node, &place.line, &place.column);
	return place;
}

bool load_string(
    struct loader *loader, struct fy_node *node, const char *subject, const char **value)
{
	size_t len;
	const char *text = yaml_scalar(node, &len);

	if (!text) {
		yaml_problem(loader->doc, node, loader->problems, subject, "must be a text");
		return false;
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	if (len == 0) {
		yaml_problem(loader->doc, node, loader->problems, subject, "must not be empty");
		return false;
	}
	*value = arena_strndup(loader->arena, text, len);
	return true;
}

bool load_bool(struct loader *loader, struct fy_node *node, const char *subject)
{
	const char *value = "";

	if (!load_string(loader, node, subject, &value))
		return false;
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "'%s' must be true or false", value);
	return strcmp(value, "true") == 0;
}

bool load_strings(struct loader *loader, struct fy_node *node, const char *subject,
    const char *const **values, size_t *count)
{
	const char **list = NULL;
	size_t used = 0, size = 0;
	bool ok = true;

	if (yaml_is_list(node)) {
		void *state = NULL;
		for (struct fy_node *item; (item = yaml_next(node, &state));) {
			const char *value;
			if (!load_string(loader, item, subject, &value)) {
				ok = false;
				continue;
			}
			GROW(list, used, size);
			list[used++] = value;
		}
		if (used == 0 && ok) {
			yaml_problem(
			    loader->doc, node, loader->problems, subject, "the list is empty");
			ok = false;
		}
	} else {
		GROW(list, used, size);
		ok = load_string(loader, node, subject, &list[0]);
		used = ok;
	}
	const char **copy = arena_alloc(loader->arena, (used + 1) * sizeof(*copy));
	if (used)
		memcpy(copy, list, used * sizeof(*copy));
	free(list);
	*values = copy;
	*count = used;
	return ok;
}

struct fy_node *load_strings_node(struct fy_node *node, size_t i)
{
	struct fy_node *item = NULL;
	void *state = NULL;

	if (!yaml_is_list(node))
		return node;
	while ((item = yaml_next(node, &state)) && i > 0)
		i--;
	return item ? item : node;
}

bool load_slug(struct loader *loader, struct fy_node *node, const char *subject, const char **value)
{
	if (!load_string(loader, node, subject, value))
		return false;
	size_t len = strlen(*value);
	if (len > MAX_SLUG || strspn(*value, "abcdefghijklmnopqrstuvwxyz0123456789-") != len ||
	    **value == '-') {
		yaml_problem(loader->doc, node, loader->problems, subject,
		    "'%s' is no name: 1 to %d of a-z, 0-9 and -", *value, MAX_SLUG);
		return false;
	}
	return true;
}

/* Texts become reply lines: a line break inside would break the reply. */
static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

bool load_variants(struct loader *loader, struct fy_node *node, const char *subject,
    size_t max_characters, struct variants *variants)
{
	const char *const *texts;
	size_t count;
	bool ok = load_strings(loader, node, subject, &texts, &count);
	const struct template **items = arena_alloc(loader->arena, (count + 1) * sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		struct fy_node *item = load_strings_node(node, i);
		char *error = NULL;
		if (utf8_count(texts[i]) > max_characters) {
			yaml_problem(loader->doc, item, loader->problems, subject,
			    "the text has %zu characters, at most %zu are allowed: %s",
			    utf8_count(texts[i]), max_characters, texts[i]);
			ok = false;
		}
		if (!is_one_line(texts[i])) {
			yaml_problem(loader->doc, item, loader->problems, subject,
			    "the text must be one line without control characters");
			ok = false;
		}
		items[i] = template_compile(
		    loader->arena, loader->catalog->names, texts[i], strlen(texts[i]), &error);
		if (!items[i]) {
			yaml_problem(loader->doc, item, loader->problems, subject, "%s", error);
			free(error);
			ok = false;
		}
	}
	*variants = (struct variants){items, ok ? count : 0};
	return ok;
}

/* The form of BCP 47 (RFC 5646): the code becomes a directory of the help pages. */
static bool is_language(const char *language)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strspn(language, small);

	if (len < 2 || len > 3)
		return false;
	for (language += len; *language; language += len) {
		if (*language++ != '-')
			return false;
		len = strspn(language, all);
		if (len < 2 || len > 8)
			return false;
	}
	return true;
}

int loader_language(struct loader *loader, struct fy_node *node, const char *language)
{
	struct catalog *catalog = loader->catalog;
	int number = catalog_language(catalog, language);

	if (number >= 0)
		return number;
	if (!is_language(language)) {
		yaml_problem(loader->doc, node, loader->problems, NULL,
		    "'%s' is no language: a code like de or pt-BR", language);
		return 0;
	}
	if (catalog->language_count == MAX_LANGUAGES) {
		yaml_problem(loader->doc, node, loader->problems, NULL,
		    "there are texts in more than %d languages", MAX_LANGUAGES);
		return 0;
	}
	catalog->languages[catalog->language_count] =
	    arena_strndup(loader->arena, language, strlen(language));
	return catalog->language_count++;
}
