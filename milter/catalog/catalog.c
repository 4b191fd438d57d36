/* catalog.c - reading access to a loaded catalogue. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <stdlib.h>
#include <string.h>

void catalog_free(struct catalog **catalog)
{
	if (!*catalog)
		return;
	varnames_free(&(*catalog)->names);
	arena_free(&(*catalog)->arena);
	free(*catalog);
	*catalog = NULL;
}

const struct rule *catalog_rules(const struct catalog *catalog, size_t *count)
{
	*count = catalog->rule_count;
	return catalog->rules;
}

const struct cause *catalog_causes(const struct catalog *catalog, size_t *count)
{
	*count = catalog->cause_count;
	return catalog->causes;
}

const struct cause *catalog_cause(const struct catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->cause_count; i++)
		if (strcmp(catalog->causes[i].id, id) == 0)
			return &catalog->causes[i];
	return NULL;
}

const struct code_entry *catalog_codes(const struct catalog *catalog, size_t *count)
{
	*count = catalog->code_count;
	return catalog->codes;
}

const struct varnames *catalog_varnames(const struct catalog *catalog)
{
	return catalog->names;
}

int catalog_language(const struct catalog *catalog, const char *language)
{
	for (int i = 0; i < catalog->language_count; i++)
		if (strcmp(catalog->languages[i], language) == 0)
			return i;
	return -1;
}

int catalog_language_count(const struct catalog *catalog)
{
	return catalog->language_count;
}

unsigned catalog_layer_count(const struct catalog *catalog)
{
	return catalog->layer_count;
}

const char *catalog_language_code(const struct catalog *catalog, int language)
{
	return catalog->languages[language];
}

bool catalog_language_is_latin(const struct catalog *catalog, int language)
{
	return catalog->latin[language];
}

bool catalog_language_is_german(const struct catalog *catalog, int language)
{
	const char *code = catalog->languages[language];

	return strncmp(code, "de", 2) == 0 && (code[2] == '\0' || code[2] == '-');
}

const struct page_texts *catalog_page_texts(const struct catalog *catalog, int language)
{
	return &catalog->pages[language];
}

const char *catalog_page_text(const struct catalog *catalog, int language, enum page_text text)
{
	const char *words = catalog->pages[language].items[text];

	if (!words)
		words = catalog->pages[0].items[text];
	return words ? words : "";
}

const struct phrases *catalog_phrases(const struct catalog *catalog, int language)
{
	const struct phrases *phrases = &catalog->phrases[language];

	return phrases->permanent && phrases->temporary && phrases->help && phrases->ref
	           ? phrases
	           : &catalog->phrases[0];
}

const struct translation *catalog_own_phrases(const struct catalog *catalog, int language)
{
	return &catalog->phrases[language].translation;
}

const struct cause_text *cause_text(const struct cause *cause, int language)
{
	return cause->texts[language] ? cause->texts[language] : cause->texts[0];
}

const struct template *catalog_compile(struct catalog *catalog, const char *text, char **error)
{
	const struct template *template =
	    template_compile(catalog->arena, catalog->names, text, strlen(text), error);

	if (!template)
		return NULL;
	uint64_t standard = (UINT64_C(1) << VAR_STANDARD_COUNT) - 1;
	for (int var = 0; var < VARS_MAX; var++)
		if (template_needs(template) & ~standard & UINT64_C(1) << var) {
			*error =
			    mem_printf("unknown variable {%s}", varnames_get(catalog->names, var));
			return NULL;
		}
	return template;
}
