/* link.c - makes one catalogue of what the files gave: a site's entries over the built-in ones,
 * causes under their rules, and the checks that need to see everything. */
#include "loader.h"

#include "explain/ascii.h"
#include "explain/mem.h"
#include "explain/nearest.h"
#include "explain/problems.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <stdlib.h>
#include <string.h>

static void problem(struct loader *loader, const struct place *place, const char *kind,
    const char *id, const char *text)
{
	char *subject = mem_printf("%s %s", kind, id);

	problems_add(
	    loader->problems, place->file, place->line, place->column, subject, "%s", text);
	free(subject);
}

static int by_id_and_order(const void *left, const void *right)
{
	const struct raw_rule *a = *(struct raw_rule *const *)left;
	const struct raw_rule *b = *(struct raw_rule *const *)right;
	int order = strcmp(a->rule.id, b->rule.id);

	if (order != 0)
		return order;
	return a->order < b->order ? -1 : 1;
}

/* EARLIER comes from a directory before LATER's, with the same name. With a `match` of its own it
 * takes the place of the later one, which is gone; without, it changes the later one where that
 * stands, so that the order of selection stays what it was. */
static void merge_rules(struct raw_rule *earlier, struct raw_rule *later)
{
	struct raw_rule *kept = earlier->has_match ? earlier : later;
	struct raw_rule *gone = earlier->has_match ? later : earlier;

	const struct raw_rule *named = earlier->cause ? earlier : later;
	kept->cause = named->cause;
	kept->cause_place = named->cause_place;
	if (earlier->rule.constant_count) {
		kept->rule.constants = earlier->rule.constants;
		kept->rule.constant_count = earlier->rule.constant_count;
	}
	if (!earlier->has_match && earlier->rule.example_count) {
		kept->rule.examples = earlier->rule.examples;
		kept->rule.example_places = earlier->rule.example_places;
		kept->rule.example_count = earlier->rule.example_count;
	}
	kept->provides |= earlier->provides;
	kept->disabled = earlier->disabled;
	gone->dropped = true;
}

/* A name stands once in a layer. Returns how many of SORTED are left. */
static size_t drop_duplicates(struct loader *loader, struct raw_rule **sorted, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		struct raw_rule *earlier = left ? sorted[left - 1] : NULL, *later = sorted[i];
		if (!earlier || earlier->rule.layer != later->rule.layer ||
		    strcmp(earlier->rule.id, later->rule.id) != 0) {
			sorted[left++] = later;
			continue;
		}
		char *text = mem_printf("the name is already used in %s:%u",
		    earlier->rule.place.file, earlier->rule.place.line);
		problem(loader, &later->rule.place, "rule", later->rule.id, text);
		free(text);
		later->dropped = true;
	}
	return left;
}

static void merge_same_names(struct loader *loader)
{
	size_t count = loader->rule_count;
	struct raw_rule **sorted = mem_calloc(count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &loader->rules[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_id_and_order);
	count = drop_duplicates(loader, sorted, count);
	/* From the last layer to the first, so that a chain of changes adds up. */
	for (size_t i = count; i-- > 1;) {
		struct raw_rule *earlier = sorted[i - 1], *later = sorted[i];
		if (strcmp(earlier->rule.id, later->rule.id) != 0)
			continue;
		merge_rules(earlier, later);
		if (earlier->dropped)
			sorted[i - 1] = later;
	}
	free(sorted);
}

static void link_texts(struct cause_text *to, const struct cause_text *from)
{
	/* A site that gives a summary or an action means it for every reply and reader: the special
	 * forms that the built-in text has for some don't come back beside it. */
	bool own_summary = to->texts[TEXT_SUMMARY].count > 0;
	bool own_action = to->texts[TEXT_ACTION].count > 0;

	for (enum text_key key = 0; key < TEXT_COUNT; key++) {
		bool own = key <= TEXT_SUMMARY_TEMPORARY ? own_summary : own_action;
		if (to->texts[key].count == 0 && !own)
			to->texts[key] = from->texts[key];
	}
	if (!to->help)
		to->help = from->help;
	if (!to->place.file)
		to->place = from->place;
}

static struct cause *find_cause(struct catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->cause_count; i++)
		if (strcmp(catalog->causes[i].id, id) == 0)
			return &catalog->causes[i];
	return NULL;
}

/* Causes come in the order of layers, so what is there already wins. */
static void link_causes(struct loader *loader)
{
	struct catalog *catalog = loader->catalog;

	catalog->causes =
	    arena_alloc(loader->arena, (loader->cause_count + 1) * sizeof(*catalog->causes));
	for (size_t i = 0; i < loader->cause_count; i++) {
		const struct raw_cause *raw = &loader->causes[i];
		struct cause *cause = find_cause(catalog, raw->id);
		if (!cause) {
			cause = &catalog->causes[catalog->cause_count++];
			cause->id = raw->id;
			cause->place = raw->place;
			cause->texts =
			    arena_alloc(loader->arena, MAX_LANGUAGES * sizeof(struct cause_text *));
		}
		if (!cause->reason)
			cause->reason = raw->reason;
		if (!cause->fixer)
			cause->fixer = raw->fixer;
		cause->words_above = cause->words_above || raw->words_above;
		const struct cause_text **texts = (const struct cause_text **)cause->texts;
		struct cause_text *text = arena_alloc(loader->arena, sizeof(*text));
		if (texts[raw->language])
			*text = *texts[raw->language];
		link_texts(text, &raw->text);
		text->translation = raw->text.translation;
		texts[raw->language] = text;
	}
	/* What a translation leaves out is said in English rather than not at all. */
	for (size_t i = 0; i < catalog->cause_count; i++) {
		const struct cause_text *const *texts = catalog->causes[i].texts;
		for (int j = 1; j < catalog->language_count; j++)
			if (texts[0] && texts[j])
				link_texts((struct cause_text *)texts[j], texts[0]);
	}
}

/* A rule with its own texts makes a cause; under a cause's name it would change that one's texts
 * for all other rules. */
static void report_shared_name(struct loader *loader, const struct raw_cause *of_rule)
{
	char *text = mem_printf(
	    "'%s' is the name of a cause: a rule with its own texts needs another", of_rule->id);

	problem(loader, &of_rule->place, "rule", of_rule->id, text);
	free(text);
}

static void check_duplicate_causes(struct loader *loader)
{
	for (size_t i = 0; i < loader->cause_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct raw_cause *a = &loader->causes[j], *b = &loader->causes[i];
			if (a->of_rule != b->of_rule && strcmp(a->id, b->id) == 0) {
				report_shared_name(loader, a->of_rule ? a : b);
				break;
			}
			if (a->layer == b->layer && a->language == b->language &&
			    strcmp(a->id, b->id) == 0) {
				problem(loader, &b->place, "cause", b->id,
				    "is defined twice in this language");
				break;
			}
		}
}

/* What is missing or can't be filled in a text of CAUSE, whose rules provide PROVIDED. */
static void check_variants(struct loader *loader, const struct cause *cause,
    const struct cause_text *text, const struct variants *variants, const char *key,
    uint64_t provided)
{
	uint64_t standard = (UINT64_C(1) << VAR_STANDARD_COUNT) - 1;

	for (size_t i = 0; i < variants->count; i++) {
		uint64_t needs = template_needs(variants->items[i]);
		uint64_t unknown = needs & ~standard & ~provided;
		bool last = i + 1 == variants->count;
		uint64_t unsure = last ? needs & ~VARS_ALWAYS & ~unknown : 0;
		for (int var = 0; var < VARS_MAX; var++) {
			struct strbuf what;
			strbuf_init(&what, 0);
			if (unknown >> var & 1)
				strbuf_addf(&what, "%s: no rule of this cause sets {%s}", key,
				    varnames_get(loader->catalog->names, var));
			else if (unsure >> var & 1)
				strbuf_addf(&what,
				    "%s: the last variant uses {%s}, which is not always known",
				    key, varnames_get(loader->catalog->names, var));
			if (what.len)
				problem(loader, &text->place, "cause", cause->id, what.data);
			strbuf_free(&what);
		}
	}
}

static void check_cause(struct loader *loader, const struct cause *cause, uint64_t provided)
{
	const struct cause_text *english = cause->texts[0];
	char *subjects[] = {mem_printf("cause %s", cause->id), mem_printf("rule %s", cause->id)};
	bool faulty = problems_has(loader->problems, subjects[0]) ||
	              problems_has(loader->problems, subjects[1]);

	free(subjects[0]);
	free(subjects[1]);
	if (faulty)
		return;
	if (!english) {
		problem(
		    loader, &cause->place, "cause", cause->id, "there is no such cause in English");
		return;
	}
	if (strcmp(cause->id, "index") == 0 || strcmp(cause->id, "codes") == 0 ||
	    catalog_language(loader->catalog, cause->id) >= 0)
		problem(loader, &cause->place, "cause", cause->id,
		    "the help pages have another page of this name");
	if (!cause->reason)
		problem(loader, &cause->place, "cause", cause->id, "needs a 'reason'");
	if (!cause->fixer)
		problem(loader, &cause->place, "cause", cause->id, "needs a 'fixer'");
	if (!english->texts[TEXT_SUMMARY].count)
		problem(loader, &cause->place, "cause", cause->id, "needs an English 'summary'");
	if (!english->texts[TEXT_ACTION].count)
		problem(loader, &cause->place, "cause", cause->id, "needs an English 'action'");
	for (int i = 0; i < loader->catalog->language_count; i++) {
		const struct cause_text *text = cause->texts[i];
		if (!text)
			continue;
		for (enum text_key key = 0; key < TEXT_COUNT; key++)
			check_variants(
			    loader, cause, text, &text->texts[key], text_key_name(key), provided);
	}
}

static void report_unknown_cause(struct loader *loader, const struct place *place, const char *kind,
    const char *id, const char *cause)
{
	struct catalog *catalog = loader->catalog;
	const char **names = mem_calloc(catalog->cause_count + 1, sizeof(*names));
	struct strbuf text;

	for (size_t i = 0; i < catalog->cause_count; i++)
		names[i] = catalog->causes[i].id;
	const char *near = nearest_name(cause, names);
	strbuf_init(&text, 0);
	strbuf_addf(&text, "unknown cause '%s'", cause);
	if (near)
		strbuf_addf(&text, ", did you mean '%s'?", near);
	problem(loader, place, kind, id, text.data);
	strbuf_free(&text);
	free(names);
}

static void link_rules(struct loader *loader, uint64_t *provided)
{
	struct catalog *catalog = loader->catalog;

	catalog->rules =
	    arena_alloc(loader->arena, (loader->rule_count + 1) * sizeof(*catalog->rules));
	for (size_t i = 0; i < loader->rule_count; i++) {
		struct raw_rule *raw = &loader->rules[i];
		const struct place *place = &raw->rule.place;
		struct cause *cause = raw->cause ? find_cause(catalog, raw->cause) : NULL;
		if (cause)
			cause->named = true;
		if (raw->dropped || raw->disabled)
			continue;
		if (!raw->has_match)
			problem(loader, place, "rule", raw->rule.id, "needs a 'match'");
		if (!raw->cause)
			problem(loader, place, "rule", raw->rule.id,
			    "needs a 'cause', or its own 'summary' and 'action'");
		else if (!cause)
			report_unknown_cause(
			    loader, &raw->cause_place, "rule", raw->rule.id, raw->cause);
		else
			provided[cause - catalog->causes] |= raw->provides;
		raw->rule.cause = cause;
		catalog->rules[catalog->rule_count++] = raw->rule;
	}
}

static void link_codes(struct loader *loader)
{
	struct catalog *catalog = loader->catalog;
	struct code_entry *codes =
	    arena_alloc(loader->arena, (catalog->code_count + 1) * sizeof(*codes));

	for (size_t i = 0; i < catalog->code_count; i++) {
		codes[i] = catalog->codes[i];
		const struct code_cause *cause = &loader->code_causes[i];
		if (cause->id && !(codes[i].cause = find_cause(catalog, cause->id)))
			report_unknown_cause(loader, &cause->place, "code",
			    codes[i].name ? codes[i].name : "", cause->id);
	}
	free(catalog->codes);
	catalog->codes = codes;
}

static bool variants_fit(const struct variants *variants)
{
	struct strbuf text;
	bool fit = true;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < variants->count && fit; i++) {
		strbuf_reset(&text);
		template_show(&text, variants->items[i]);
		fit = ascii_fits(text.data);
	}
	strbuf_free(&text);
	return fit;
}

/* Everything that can become part of a reply counts: one letter without a substitute spoils it. */
static bool is_latin(const struct catalog *catalog, int language)
{
	const struct phrases *phrases = &catalog->phrases[language];
	const char *const words[] = {phrases->permanent, phrases->temporary, phrases->help,
	    phrases->ref, phrases->permanent_internal, phrases->temporary_internal};
	bool latin = true;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		latin = latin && (!words[i] || ascii_fits(words[i]));
	for (size_t i = 0; i < catalog->cause_count && latin; i++) {
		const struct cause_text *text = catalog->causes[i].texts[language];
		for (enum text_key key = 0; text && key < TEXT_COUNT; key++)
			latin = latin && variants_fit(&text->texts[key]);
	}
	return latin;
}

static void link_phrases(struct loader *loader)
{
	struct catalog *catalog = loader->catalog;
	struct strbuf ascii;

	strbuf_init(&ascii, 0);
	for (int i = 0; i < catalog->language_count; i++) {
		struct phrases *phrases = &catalog->phrases[i];
		catalog->latin[i] = i == 0 || is_latin(catalog, i);
		if (!phrases->ref)
			continue;
		strbuf_reset(&ascii);
		ascii_fold(&ascii, phrases->ref, strlen(phrases->ref),
		    catalog_language_is_german(catalog, i));
		phrases->ref_ascii = arena_strndup(loader->arena, ascii.data, ascii.len);
	}
	strbuf_free(&ascii);
}

void catalog_link(struct loader *loader)
{
	struct catalog *catalog = loader->catalog;

	merge_same_names(loader);
	check_duplicate_causes(loader);
	link_causes(loader);
	uint64_t *provided = mem_calloc(catalog->cause_count, sizeof(*provided));
	link_rules(loader, provided);
	for (size_t i = 0; i < catalog->cause_count; i++)
		check_cause(loader, &catalog->causes[i], provided[i]);
	free(provided);
	link_codes(loader);
	link_phrases(loader);

	const struct phrases *phrases = &catalog->phrases[0];
	if (!find_cause(catalog, CAUSE_UNCLASSIFIED))
		problems_add(loader->problems, NULL, 0, 0, NULL,
		    "the catalogue has no cause '" CAUSE_UNCLASSIFIED
		    "'; is the built-in catalogue among its directories?");
	if (!phrases->permanent || !phrases->temporary || !phrases->help || !phrases->ref)
		problems_add(loader->problems, NULL, 0, 0, NULL,
		    "the catalogue has no complete English 'phrases'");
}
