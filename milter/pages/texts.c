/* texts.c - what a cause says when there is no reply: the variant that needs no variables. */
#include "pages.h"

#include "explain/mem.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/vars.h"

#include <string.h>

static char *last_variant(
    const struct site *site, const struct cause *cause, const struct variants *variants)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	vars_set(site->vars, VAR_CAUSE, cause->id, strlen(cause->id));
	if (variants->count)
		template_expand(
		    &out, variants->items[variants->count - 1], site->vars, TEMPLATE_PLAIN);
	char *text = mem_strdup(strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

char *page_title(const struct site *site, const struct cause *cause, int language)
{
	return last_variant(site, cause, &cause_text(cause, language)->texts[TEXT_SUMMARY]);
}

char *page_action(
    const struct site *site, const struct cause *cause, int language, enum text_key key)
{
	const struct variants *variants = &cause_text(cause, language)->texts[key];

	return variants->count ? last_variant(site, cause, variants) : NULL;
}
