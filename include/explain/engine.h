#ifndef EXPLAIN_ENGINE_H
#define EXPLAIN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

struct catalog;
struct matcher;
struct problems;
struct profile;

/* Everything that an explanation needs and that never changes: catalogue, matcher, profiles. A
 * reload makes a new one; whoever holds a reference to the old one can finish with it. */
struct engine;

/* What a profile is made of, as configured. The first one is `default`. */
struct profile_settings {
	char *name;
	bool internal;
	char *contact;
	char *help_url; /* with variables; NULL or "": no link */
	char *language;
	bool single;
	unsigned width, max_lines, max_octets;
};

struct engine_settings {
	const char *const *catalog_dirs; /* NULL-terminated */
	const char *cache_dir;           /* NULL: no cache */
	const char *site;
	const struct profile_settings *profiles;
	size_t profile_count;
	bool at_once; /* rather answer slowly than wait for the patterns; see engine_is_interim() */
	bool for_check; /* give out a faulty engine too, if something can be explained with it */
};

/* Loads and compiles. Mistakes go to PROBLEMS, and then NULL is returned (but see `for_check`).
 * SETTINGS is not needed afterwards. Takes up to seconds when patterns must be compiled and not
 * `at_once`: not for a thread that answers. */
struct engine *engine_create(const struct engine_settings *settings, struct problems *problems);
/* One more, one less reference; the last one frees. engine_put() clears *ENGINE. */
struct engine *engine_get(struct engine *engine);
void engine_put(struct engine **engine);

/* NULL if there is no profile of that name; an empty name is `default`. */
const struct profile *engine_profile(const struct engine *engine, const char *name, size_t len);
const struct catalog *engine_catalog(const struct engine *engine);
const struct matcher *engine_matcher(const struct engine *engine);
/* Did `at_once` mean something? Then the same answers are had faster from an engine without it. */
bool engine_is_interim(const struct engine *engine);

/* The engine that answers now. One holder a daemon; engine_swap() may be called at any time. */
struct engine_holder;

struct engine_holder *engine_holder_create(struct engine *engine);
void engine_holder_free(struct engine_holder **holder);
/* A reference to the current engine; give it back with engine_put(). */
struct engine *engine_current(struct engine_holder *holder);
/* Puts ENGINE (its reference goes to the holder) in the place of the current one. */
void engine_swap(struct engine_holder *holder, struct engine *engine);

#endif
