/* template.c - texts with {variables}. No conditions, no nesting: variants of a text do that. */
#include "explain/template.h"

#include "explain/ascii.h"
#include "explain/mem.h"
#include "explain/strbuf.h"
#include "explain/vars.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define LITERAL (-1)

struct piece {
	int var; /* or LITERAL */
	size_t len;
	const char *text;
};

struct template
{
	const char *source;
	bool ascii; /* all of it is */
	uint64_t needs;
	size_t count;
	struct piece pieces[];
};

static struct template *template_alloc(struct arena *arena, const char *text, size_t len)
{
	size_t braces = 0;

	for (size_t i = 0; i < len; i++)
		braces += text[i] == '{';
	return arena_alloc(
	    arena, sizeof(struct template) + (2 * braces + 1) * sizeof(struct piece));
}

const struct template *template_compile(
    struct arena *arena, struct varnames *names, const char *text, size_t len, char **error)
{
	struct template *template = template_alloc(arena, text, len);
	const char *copy = arena_strndup(arena, text, len);
	const char *at = copy, *end = copy + len;

	template->source = copy;
	template->ascii = true;
	for (size_t i = 0; i < len; i++)
		template->ascii = template->ascii && (unsigned char)text[i] < 0x80;
	while (at < end) {
		const char *open = memchr(at, '{', (size_t)(end - at));
		const char *stop = open ? open : end;
		if (stop > at)
			template->pieces[template->count++] =
			    (struct piece){LITERAL, (size_t)(stop - at), at};
		if (!open)
			break;
		const char *close = memchr(open, '}', (size_t)(end - open));
		if (!close) {
			*error = mem_printf("a '{' has no '}' after it");
			return NULL;
		}
		size_t name_len = (size_t)(close - open) - 1;
		int var = varnames_add(names, open + 1, name_len);
		if (var < 0) {
			*error =
			    mem_printf("'{%.*s}' can't be a variable", (int)name_len, open + 1);
			return NULL;
		}
		template->pieces[template->count++] = (struct piece){.var = var};
		template->needs |= UINT64_C(1) << var;
		at = close + 1;
	}
	return template;
}

uint64_t template_needs(const struct template *template)
{
	return template->needs;
}

static void add_url(struct strbuf *out, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (isalnum(c) || strchr("-._~", c)) {
			strbuf_addch(out, (char)c);
		} else {
			strbuf_addch(out, '%');
			strbuf_addch(out, hex[c >> 4]);
			strbuf_addch(out, hex[c & 15]);
		}
	}
}

void template_expand(struct strbuf *out, const struct template *template, const struct vars *vars,
    enum template_escape escape)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct piece *piece = &template->pieces[i];
		if (piece->var == LITERAL) {
			if (template->ascii || escape == TEMPLATE_PLAIN || escape == TEMPLATE_URL)
				strbuf_add(out, piece->text, piece->len);
			else
				ascii_fold(out, piece->text, piece->len, escape == TEMPLATE_GERMAN);
			continue;
		}
		const char *value = vars_get(vars, piece->var);
		if (value && escape == TEMPLATE_URL)
			add_url(out, value);
		else if (value)
			strbuf_addstr(out, value);
	}
}

void template_show(struct strbuf *out, const struct template *template)
{
	strbuf_addstr(out, template->source);
}
