/* translation.c - are the translations complete, and do they say what English says now? */
#include "explain/translation.h"

#include "explain/catalog.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <stdlib.h>
#include <string.h>

struct check {
	const struct catalog *catalog;
	struct problems *problems;
	int language;
};

static void report(
    struct check *check, const struct place *place, const char *subject, const char *text)
{
	problems_add(check->problems, place->file, place->line, place->column, subject, "%s", text);
}

bool translation_is_current(const struct translation *english, const struct translation *other)
{
	return other->given && other->source && strcmp(other->source, english->fingerprint) == 0;
}

/* Whether there is an entry to compare; PLACE is where a missing one would be looked for. */
static bool check_entry(struct check *check, const struct translation *english,
    const struct translation *other, const struct place *place, const char *subject)
{
	struct strbuf text;

	if (!other->given) {
		char *missing = mem_printf("is missing in '%s'; 'explainctl export translation "
		                           "%s' prints what to translate",
		    catalog_language_code(check->catalog, check->language),
		    catalog_language_code(check->catalog, check->language));
		report(check, place, subject, missing);
		free(missing);
		return false;
	}
	if (translation_is_current(english, other))
		return true;
	strbuf_init(&text, 0);
	if (other->source)
		strbuf_addf(&text,
		    "the English text has changed (%s:%u): revise the translation, then write "
		    "'source: %s'",
		    english->place.file, english->place.line, english->fingerprint);
	else
		strbuf_addf(&text,
		    "does not say which English text it translates: 'source: %s' is today's",
		    english->fingerprint);
	report(check, &other->place, subject, text.data);
	strbuf_free(&text);
	return true;
}

static void check_keys(struct check *check, const struct translation *english,
    const struct translation *other, const char *subject, size_t count,
    const char *(*name)(size_t key))
{
	uint64_t lacking = english->keys & ~other->keys, needless = other->keys & ~english->keys;

	for (size_t i = 0; i < count; i++) {
		uint64_t bit = UINT64_C(1) << i;
		if (!((lacking | needless) & bit))
			continue;
		char *text = mem_printf(
		    lacking & bit ? "the translation lacks '%s'" : "'%s' is not there in English",
		    name(i));
		report(check, &other->place, subject, text);
		free(text);
	}
}

static uint64_t needs(const struct variants *variants)
{
	uint64_t all = 0;

	for (size_t i = 0; i < variants->count; i++)
		all |= template_needs(variants->items[i]);
	return all;
}

/* A variable that is lost leaves the reader with less; one too many is a slip of the pen. */
static void check_variables(struct check *check, const struct cause_text *english,
    const struct cause_text *other, const char *subject)
{
	const struct varnames *names = catalog_varnames(check->catalog);

	for (enum text_key key = 0; key < TEXT_COUNT; key++) {
		if (!(other->translation.keys >> key & 1))
			continue;
		uint64_t wanted = needs(&english->texts[key]), got = needs(&other->texts[key]);
		for (int var = 0; var < VARS_MAX; var++) {
			uint64_t bit = UINT64_C(1) << var;
			if ((wanted & bit) == (got & bit))
				continue;
			char *text =
			    mem_printf(wanted & bit ? "%s: {%s} is lost in translation"
			                            : "%s: {%s} is not in the English text",
			        text_key_name(key), varnames_get(names, var));
			report(check, &other->translation.place, subject, text);
			free(text);
		}
	}
}

static const char *cause_key(size_t key)
{
	return key < TEXT_COUNT ? text_key_name((enum text_key)key) : "help";
}

static const char *page_key(size_t key)
{
	return page_text_name((enum page_text)key);
}

static void check_cause(struct check *check, const struct cause *cause, const struct place *place)
{
	static const struct translation none;
	const struct cause_text *english = cause->texts[0], *other = cause->texts[check->language];
	const struct translation *own = other ? &other->translation : &none;
	char *subject = mem_printf("cause %s", cause->id);

	/* A site's own cause, and a rule's own texts, need no translation. */
	bool built_in =
	    english && english->translation.layer + 1 == catalog_layer_count(check->catalog);
	if (built_in && check_entry(check, &english->translation, own, place, subject)) {
		check_keys(check, &english->translation, own, subject, TEXT_COUNT + 1, cause_key);
		/* A site's own English words need not have the variables of the built-in ones. */
		if (other && english->place.file == english->translation.place.file)
			check_variables(check, english, other, subject);
	}
	free(subject);
}

static void check_language(struct check *check)
{
	const struct catalog *catalog = check->catalog;
	const struct phrases *english = catalog_phrases(catalog, 0);
	const struct translation *phrases = catalog_own_phrases(catalog, check->language);
	const struct translation *pages[] = {&catalog_page_texts(catalog, 0)->translation,
	    &catalog_page_texts(catalog, check->language)->translation};
	size_t count;
	const struct cause *causes = catalog_causes(catalog, &count);

	if (!phrases->given)
		return;
	if (check_entry(check, &english->translation, phrases, &phrases->place, "phrases"))
		check_keys(
		    check, &english->translation, phrases, "phrases", PHRASE_COUNT, phrase_name);
	if (pages[0]->given && check_entry(check, pages[0], pages[1], &phrases->place, "pages"))
		check_keys(check, pages[0], pages[1], "pages", PAGE_TEXT_COUNT, page_key);
	for (size_t i = 0; i < count; i++)
		check_cause(check, &causes[i], &phrases->place);
}

void translation_check(const struct catalog *catalog, struct problems *problems)
{
	for (int i = 1; i < catalog_language_count(catalog); i++) {
		struct check check = {catalog, problems, i};
		check_language(&check);
	}
}
