/* mem.c - memory that can't fail, and arenas.
 *
 * Out of memory aborts (there is nothing useful that a reply path could do without memory, and a
 * dead daemon makes the MTA send its original reply). */
#include "explain/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first block and the largest: an arena for one message needs hardly more than the first, and
 * zeroing costs more than the rest of it. */
#define FIRST_BLOCK ((size_t)4096)
#define BLOCK_SIZE ((size_t)65536)
#define ALIGNMENT _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks;
};

static void *check(void *p)
{
	if (!p) {
		fputs("explain-milter: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return check(malloc(size ? size : 1));
}

void *mem_calloc(size_t count, size_t size)
{
	return check(calloc(count ? count : 1, size ? size : 1));
}

void *mem_realloc(void *p, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		check(NULL);
	size_t total = count * size;
	return check(realloc(p, total ? total : 1));
}

char *mem_strndup(const char *s, size_t len)
{
	char *copy = mem_alloc(len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		check(NULL);
	va_end(args);
	return text;
}

struct arena *arena_create(void)
{
	return mem_calloc(1, sizeof(struct arena));
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;

	if (size > SIZE_MAX / 2)
		check(NULL);
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!block || block->size - block->used < size) {
		size_t room = !block ? FIRST_BLOCK : 2 * block->size;
		room = room > BLOCK_SIZE ? BLOCK_SIZE : room;
		room = size > room ? size : room;
		block = mem_calloc(1, sizeof(*block) + room);
		block->size = room;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	void *p = block->data + block->used;
	block->used += size;
	return p;
}

char *arena_strndup(struct arena *arena, const char *s, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);
	memcpy(copy, s, len);
	return copy;
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	for (struct block *block = (*arena)->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(*arena);
	*arena = NULL;
}
