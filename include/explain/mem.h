#ifndef EXPLAIN_MEM_H
#define EXPLAIN_MEM_H

#include <stddef.h>

/* Allocation that never returns NULL: a daemon that can't get a few hundred octets aborts with a
 * message, the MTA then sends its own reply. Sizes in octets; a size of 0 gives a valid pointer. */
void *mem_alloc(size_t size);
/* Like mem_alloc(), zeroed; COUNT times SIZE is checked for overflow. */
void *mem_calloc(size_t count, size_t size);
/* Resizes P (may be NULL) to COUNT times SIZE octets; checked for overflow. */
void *mem_realloc(void *p, size_t count, size_t size);
/* Copies a string. S must not be NULL. */
char *mem_strdup(const char *s);
/* Copies LEN octets of S and adds a NUL. */
char *mem_strndup(const char *s, size_t len);
/* printf into a new string that the caller frees. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory that is given out in pieces and freed at once; for what lives as long as a catalogue. */
struct arena;

struct arena *arena_create(void);
/* SIZE octets, zeroed and aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* A NUL-terminated copy of LEN octets of S. */
char *arena_strndup(struct arena *arena, const char *s, size_t len);
/* Frees the arena and everything in it, and clears *ARENA. NULL inside is allowed. */
void arena_free(struct arena **arena);

#endif
