/* export_translation.c - the translator's work, as the YAML that the loader reads back. */
#include "explain/export_translation.h"

#include "explain/catalog.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/translation.h"

#include <string.h>

static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_addch(out, '"');
	for (; *text; text++) {
		if (*text == '\n') {
			strbuf_addstr(out, "\\n");
			continue;
		}
		if (*text == '"' || *text == '\\')
			strbuf_addch(out, '\\');
		strbuf_addch(out, *text);
	}
	strbuf_addstr(out, "\"\n");
}

static void add_variants(struct strbuf *out, const char *key, const struct variants *variants)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	strbuf_addf(out, "  %s:%s", key, variants->count == 1 ? " " : "\n");
	for (size_t i = 0; i < variants->count; i++) {
		strbuf_reset(&text);
		template_show(&text, variants->items[i]);
		strbuf_addstr(out, variants->count == 1 ? "" : "    - ");
		add_quoted(out, text.data);
	}
	strbuf_free(&text);
}

static void add_block(struct strbuf *out, const char *text)
{
	strbuf_addstr(out, "  help: |\n");
	while (*text) {
		size_t len = strcspn(text, "\n");
		strbuf_addstr(out, len ? "    " : "");
		strbuf_add(out, text, len);
		strbuf_addch(out, '\n');
		text += len + (text[len] == '\n');
	}
}

static void add_cause(struct strbuf *out, const struct cause *cause)
{
	const struct cause_text *english = cause_text(cause, 0);

	strbuf_addf(
	    out, "\n- cause: %s\n  source: %s\n", cause->id, english->translation.fingerprint);
	for (enum text_key key = 0; key < TEXT_COUNT; key++)
		if (english->texts[key].count)
			add_variants(out, text_key_name(key), &english->texts[key]);
	if (english->help)
		add_block(out, english->help);
}

static void add_word(struct strbuf *out, const char *key, const char *text)
{
	if (!text)
		return;
	strbuf_addf(out, "    %s: ", key);
	add_quoted(out, text);
}

static void add_phrases(struct strbuf *out, const struct phrases *english)
{
	const char *const words[PHRASE_COUNT] = {english->permanent, english->temporary,
	    english->help, english->ref, english->permanent_internal, english->temporary_internal};

	strbuf_addf(out, "\n- phrases:\n");
	for (size_t i = 0; i < PHRASE_COUNT; i++)
		add_word(out, phrase_name(i), words[i]);
	strbuf_addf(out, "  source: %s\n", english->translation.fingerprint);
}

static void add_pages(struct strbuf *out, const struct page_texts *english)
{
	strbuf_addf(out, "\n- pages:\n");
	for (enum page_text text = 0; text < PAGE_TEXT_COUNT; text++)
		add_word(out, page_text_name(text), english->items[text]);
	strbuf_addf(out, "  source: %s\n", english->translation.fingerprint);
}

/* The entry that CATALOG has for CAUSE of the master in its language NUMBER. */
static const struct translation *own_entry(
    const struct catalog *catalog, const struct cause *cause, int number)
{
	static const struct translation none;
	const struct cause *own = catalog_cause(catalog, cause->id);

	return own && number >= 0 && own->texts[number] ? &own->texts[number]->translation : &none;
}

size_t export_translation(struct strbuf *out, const struct catalog *master,
    const struct catalog *catalog, const char *language)
{
	int number = catalog_language(catalog, language);
	size_t count, items = 0;
	const struct cause *causes = catalog_causes(master, &count);
	const struct phrases *phrases = catalog_phrases(master, 0);
	const struct page_texts *pages = catalog_page_texts(master, 0);

	if (number < 0 ||
	    !translation_is_current(&phrases->translation, catalog_own_phrases(catalog, number))) {
		add_phrases(out, phrases);
		items++;
	}
	if (pages->translation.given &&
	    (number < 0 || !translation_is_current(&pages->translation,
	                       &catalog_page_texts(catalog, number)->translation))) {
		add_pages(out, pages);
		items++;
	}
	for (size_t i = 0; i < count; i++) {
		const struct cause_text *english = causes[i].texts[0];
		if (!english || translation_is_current(
		                    &english->translation, own_entry(catalog, &causes[i], number)))
			continue;
		add_cause(out, &causes[i]);
		items++;
	}
	return items;
}
