/* problems.c - collects mistakes with their place in a file. */
#include "explain/problems.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct problem {
	char *file;
	char *subject;
	char *text;
	unsigned file_order, line, column, order;
};

struct problems {
	struct problem *items;
	size_t count, size;
	unsigned files;
};

struct problems *problems_create(void)
{
	return mem_calloc(1, sizeof(struct problems));
}

void problems_free(struct problems **problems)
{
	if (!*problems)
		return;
	for (size_t i = 0; i < (*problems)->count; i++) {
		free((*problems)->items[i].file);
		free((*problems)->items[i].subject);
		free((*problems)->items[i].text);
	}
	free((*problems)->items);
	free(*problems);
	*problems = NULL;
}

static unsigned file_order(struct problems *problems, const char *file)
{
	for (size_t i = 0; i < problems->count; i++)
		if (strcmp(problems->items[i].file, file) == 0)
			return problems->items[i].file_order;
	return problems->files++;
}

void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
    const char *subject, const char *format, ...)
{
	struct strbuf text;
	char *what = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		abort();
	va_end(args);

	strbuf_init(&text, 0);
	if (file && line)
		strbuf_addf(&text, "%s:%u:%u: ", file, line, column);
	else if (file)
		strbuf_addf(&text, "%s: ", file);
	if (subject)
		strbuf_addf(&text, "%s: ", subject);
	strbuf_addstr(&text, what);
	free(what);

	unsigned order = file_order(problems, file ? file : "");
	if (problems->count == problems->size) {
		problems->size = problems->size ? problems->size * 2 : 16;
		problems->items =
		    mem_realloc(problems->items, problems->size, sizeof(*problems->items));
	}
	problems->items[problems->count] = (struct problem){.file = mem_strdup(file ? file : ""),
	    .subject = mem_strdup(subject ? subject : ""),
	    .text = text.data,
	    .file_order = order,
	    .line = line,
	    .column = column,
	    .order = (unsigned)problems->count};
	problems->count++;
}

bool problems_has(const struct problems *problems, const char *subject)
{
	for (size_t i = 0; i < problems->count; i++)
		if (strcmp(problems->items[i].subject, subject) == 0)
			return true;
	return false;
}

size_t problems_count(const struct problems *problems)
{
	return problems->count;
}

static int by_place(const void *left, const void *right)
{
	const struct problem *a = left, *b = right;
	const unsigned keys[][2] = {{a->file_order, b->file_order}, {a->line, b->line},
	    {a->column, b->column}, {a->order, b->order}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

void problems_sort(struct problems *problems)
{
	if (problems->count)
		qsort(problems->items, problems->count, sizeof(*problems->items), by_place);
}

const char *problems_get(const struct problems *problems, size_t i)
{
	return problems->items[i].text;
}
