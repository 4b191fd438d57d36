/* load_words.c - what all texts of a language share: the phrases of replies and the words of help
 * pages; and what translations say of their source. */
#include "loader.h"

#include "explain/hash.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/utf8.h"
#include "explain/yaml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where reply lines fold: a phrase stands on one. */
#define MAX_PHRASE 66

static const char *const phrase_keys[PHRASE_COUNT + 1] = {
    "permanent", "temporary", "help", "ref", "permanent_internal", "temporary_internal"};

static const char *const page_keys[PAGE_TEXT_COUNT + 1] = {
    [PAGE_LANGUAGE] = "language",
    [PAGE_TITLE] = "title",
    [PAGE_HEADING] = "heading",
    [PAGE_INTRO] = "intro",
    [PAGE_PRIVACY] = "privacy",
    [PAGE_LABEL] = "label",
    [PAGE_BUTTON] = "button",
    [PAGE_NO_SCRIPT] = "no_script",
    [PAGE_FOUND] = "found",
    [PAGE_GENERAL] = "general",
    [PAGE_NONE] = "none",
    [PAGE_EMPTY] = "empty",
    [PAGE_SITUATIONS] = "situations",
    [PAGE_S_ADDRESS] = "situation_address",
    [PAGE_S_FULL] = "situation_full",
    [PAGE_S_RESTRICTED] = "situation_restricted",
    [PAGE_S_BLOCKED] = "situation_blocked",
    [PAGE_S_SENDER] = "situation_sender",
    [PAGE_S_LOGIN] = "situation_login",
    [PAGE_S_CONTENT] = "situation_content",
    [PAGE_S_FORM] = "situation_form",
    [PAGE_S_DELAY] = "situation_delay",
    [PAGE_S_FAULT] = "situation_fault",
    [PAGE_S_OTHER] = "situation_other",
    [PAGE_CODES] = "codes",
    [PAGE_CODES_INTRO] = "codes_intro",
    [PAGE_CODE] = "code",
    [PAGE_STANDARD_NAME] = "standard_name",
    [PAGE_PAGES] = "pages",
    [PAGE_BACK] = "back",
    [PAGE_WHO] = "who",
    [PAGE_SENDER] = "who_sender",
    [PAGE_SENDER_ADMIN] = "who_sender_admin",
    [PAGE_RECIPIENT] = "who_recipient",
    [PAGE_RECIPIENT_ADMIN] = "who_recipient_admin",
    [PAGE_WAIT] = "who_wait",
    [PAGE_IF_TEMPORARY] = "if_temporary",
    [PAGE_EXAMPLES] = "examples",
    [PAGE_SEE_ALSO] = "see_also",
    [PAGE_CONTACT] = "contact",
    [PAGE_LANGUAGES] = "languages",
    [PAGE_SKIP] = "skip",
    [PAGE_BOUNCE_FAILED] = "bounce_failed",
    [PAGE_BOUNCE_DELAYED] = "bounce_delayed",
    [PAGE_BOUNCE_PARTLY] = "bounce_partly",
    [PAGE_BOUNCE_WAITING] = "bounce_waiting",
    [PAGE_BOUNCE_UNTIL] = "bounce_until",
    [PAGE_BOUNCE_WHAT_TO_DO] = "bounce_what_to_do",
    [PAGE_BOUNCE_DETAILS] = "bounce_details",
    [PAGE_BOUNCE_ORIGINAL] = "bounce_original",
    [PAGE_BOUNCE_DELIVERED] = "bounce_delivered",
    [PAGE_BOUNCE_RELAYED] = "bounce_relayed",
    [PAGE_BOUNCE_EXPANDED] = "bounce_expanded",
    [PAGE_BOUNCE_TYPO] = "bounce_typo",
    [PAGE_BOUNCE_MORE] = "bounce_more",
    [PAGE_BOUNCE_HELP] = "bounce_help",
};

static const char *const text_keys[TEXT_COUNT] = {
    "summary", "summary_temporary", "action", "action_temporary", "action_internal"};

const char *text_key_name(enum text_key key)
{
	return text_keys[key];
}

const char *phrase_name(size_t phrase)
{
	return phrase_keys[phrase];
}

const char *page_text_name(enum page_text text)
{
	return page_keys[text];
}

int loader_item_language(struct loader *loader, struct fy_node *item, const char *subject)
{
	struct fy_node *node = yaml_get(item, "lang");
	const char *language = loader->file_language;

	if (node && !load_string(loader, node, subject, &language))
		language = "en";
	return loader_language(loader, item, language);
}

void load_translation(struct loader *loader, struct fy_node *item, const char *subject,
    struct translation *translation)
{
	struct fy_node *node = yaml_get(item, "source");

	*translation = (struct translation){
	    .place = loader_place(loader, item), .given = true, .layer = loader->layer};
	if (node)
		load_string(loader, node, subject, &translation->source);
}

/* Blanks and line breaks count as one blank, so that text can be wrapped anew. */
static uint64_t add_words(uint64_t value, const char *text)
{
	static const char blanks[] = " \n";

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t len = strcspn(text, blanks);
		value = hash_fnv(hash_fnv(value, text, len), " ", 1);
		text += len;
	}
	return value;
}

void loader_fingerprint(const char *const *texts, size_t count, char fingerprint[FINGERPRINT_SIZE])
{
	uint64_t value = HASH_START;

	for (size_t i = 0; i < count; i++)
		value = hash_fnv(texts[i] ? add_words(value, texts[i]) : value, "\n", 1);
	snprintf(fingerprint, FINGERPRINT_SIZE, "%08" PRIx32, (uint32_t)(value ^ value >> 32));
}

/* Reads COUNT texts of a mapping under NAME into VALUES, each of at most MAX characters. An earlier
 * layer was read first, and wins. */
static void load_words(struct loader *loader, struct fy_node *item, const char *name,
    const char *const *word_keys, size_t count, size_t max, const char **values,
    struct translation *translation)
{
	struct fy_node *map = yaml_get(item, name), *node;
	const char **own = mem_calloc(count, sizeof(*own));

	if (!yaml_is_map(map)) {
		yaml_problem(
		    loader->doc, item, loader->problems, name, "needs keys and their texts");
		goto out;
	}
	const char *const item_keys[] = {name, "lang", "source", NULL};
	yaml_check_keys(loader->doc, item, item_keys, loader->problems, name);
	yaml_check_keys(loader->doc, map, word_keys, loader->problems, name);
	load_translation(loader, item, name, translation);
	for (size_t i = 0; i < count; i++) {
		if (!(node = yaml_get(map, word_keys[i])) ||
		    !load_string(loader, node, name, &own[i]))
			continue;
		translation->keys |= UINT64_C(1) << i;
		if (strpbrk(own[i], "\n\r\t"))
			yaml_problem(loader->doc, node, loader->problems, name,
			    "'%s' must be one line", word_keys[i]);
		if (utf8_count(own[i]) > max)
			yaml_problem(loader->doc, node, loader->problems, name,
			    "'%s' is longer than %zu characters", word_keys[i], max);
		if (!values[i])
			values[i] = own[i];
	}
	loader_fingerprint(own, count, translation->fingerprint);
out:
	free(own);
}

void load_phrases(struct loader *loader, struct fy_node *item)
{
	int language = loader_item_language(loader, item, "phrases");
	struct phrases *phrases = &loader->catalog->phrases[language];
	const char **const into[PHRASE_COUNT] = {&phrases->permanent, &phrases->temporary,
	    &phrases->help, &phrases->ref, &phrases->permanent_internal,
	    &phrases->temporary_internal};
	const char *values[PHRASE_COUNT];

	for (size_t i = 0; i < PHRASE_COUNT; i++)
		values[i] = *into[i];
	load_words(loader, item, "phrases", phrase_keys, PHRASE_COUNT, MAX_PHRASE, values,
	    &phrases->translation);
	for (size_t i = 0; i < PHRASE_COUNT; i++)
		*into[i] = values[i];
}

void load_pages(struct loader *loader, struct fy_node *item)
{
	int language = loader_item_language(loader, item, "pages");
	struct page_texts *pages = &loader->catalog->pages[language];

	load_words(loader, item, "pages", page_keys, PAGE_TEXT_COUNT, 400, pages->items,
	    &pages->translation);
}
