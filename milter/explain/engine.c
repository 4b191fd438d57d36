/* engine.c - catalogue, matcher and profiles as one immutable, reference-counted whole. */
#include "explain/engine.h"

#include "explain/catalog.h"
#include "explain/match.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/profile.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct engine {
	atomic_uint references;
	struct arena *arena;
	struct catalog *catalog;
	struct matcher *matcher;
	struct profile *profiles;
	size_t profile_count;
};

struct engine_holder {
	pthread_mutex_t lock;
	struct engine *engine;
};

static const char *copy(struct engine *engine, const char *text)
{
	return arena_strndup(engine->arena, text ? text : "", text ? strlen(text) : 0);
}

static void add_profile(struct engine *engine, const struct profile_settings *settings,
    const char *site, struct problems *problems)
{
	struct profile *profile = &engine->profiles[engine->profile_count++];
	char *subject = mem_printf("profile %s", settings->name);
	char *error = NULL;

	*profile = (struct profile){
	    .name = copy(engine, settings->name),
	    .internal = settings->internal,
	    .contact = copy(engine, settings->contact),
	    .language = copy(engine, settings->language),
	    .site = copy(engine, site),
	    .single = settings->single,
	    .width = settings->width,
	    .max_lines = settings->max_lines,
	    .max_octets = settings->max_octets,
	};
	if (settings->help_url && settings->help_url[0]) {
		profile->help_url = catalog_compile(engine->catalog, settings->help_url, &error);
		if (error)
			problems_add(problems, NULL, 0, 0, subject, "help_url: %s", error);
		free(error);
	}
	if (catalog_language(engine->catalog, profile->language) < 0)
		problems_add(problems, NULL, 0, 0, subject,
		    "language: the catalogue has no texts in '%s'", profile->language);
	free(subject);
}

struct engine *engine_create(const struct engine_settings *settings, struct problems *problems)
{
	struct engine *engine = mem_calloc(1, sizeof(*engine));
	size_t before = problems_count(problems);

	atomic_init(&engine->references, 1);
	engine->arena = arena_create();
	/* All mistakes in one go: those in patterns and profiles beside those in the files. */
	engine->catalog = catalog_read(settings->catalog_dirs, problems);
	bool faulty = problems_count(problems) > before;
	engine->matcher =
	    matcher_create(engine->catalog, settings->at_once ? MATCHER_AT_ONCE : MATCHER_COMPILED,
	        faulty ? NULL : settings->cache_dir, problems);
	engine->profiles =
	    arena_alloc(engine->arena, settings->profile_count * sizeof(*engine->profiles));
	for (size_t i = 0; i < settings->profile_count; i++)
		add_profile(engine, &settings->profiles[i], settings->site, problems);
	if (problems_count(problems) > before) {
		const struct phrases *phrases = catalog_phrases(engine->catalog, 0);
		bool usable = catalog_cause(engine->catalog, CAUSE_UNCLASSIFIED) && phrases->ref;
		problems_sort(problems);
		if (!settings->for_check || !usable)
			engine_put(&engine);
	}
	return engine;
}

struct engine *engine_get(struct engine *engine)
{
	atomic_fetch_add(&engine->references, 1);
	return engine;
}

void engine_put(struct engine **engine)
{
	struct engine *old = *engine;

	*engine = NULL;
	if (!old || atomic_fetch_sub(&old->references, 1) > 1)
		return;
	matcher_free(&old->matcher);
	catalog_free(&old->catalog);
	arena_free(&old->arena);
	free(old);
}

const struct profile *engine_profile(const struct engine *engine, const char *name, size_t len)
{
	if (len == 0)
		return &engine->profiles[0];
	for (size_t i = 0; i < engine->profile_count; i++)
		if (strlen(engine->profiles[i].name) == len &&
		    memcmp(engine->profiles[i].name, name, len) == 0)
			return &engine->profiles[i];
	return NULL;
}

const struct catalog *engine_catalog(const struct engine *engine)
{
	return engine->catalog;
}

const struct matcher *engine_matcher(const struct engine *engine)
{
	return engine->matcher;
}

bool engine_is_interim(const struct engine *engine)
{
	return matcher_is_interim(engine->matcher);
}

struct engine_holder *engine_holder_create(struct engine *engine)
{
	struct engine_holder *holder = mem_calloc(1, sizeof(*holder));

	pthread_mutex_init(&holder->lock, NULL);
	holder->engine = engine;
	return holder;
}

void engine_holder_free(struct engine_holder **holder)
{
	if (!*holder)
		return;
	engine_put(&(*holder)->engine);
	pthread_mutex_destroy(&(*holder)->lock);
	free(*holder);
	*holder = NULL;
}

struct engine *engine_current(struct engine_holder *holder)
{
	pthread_mutex_lock(&holder->lock);
	struct engine *engine = engine_get(holder->engine);
	pthread_mutex_unlock(&holder->lock);
	return engine;
}

void engine_swap(struct engine_holder *holder, struct engine *engine)
{
	pthread_mutex_lock(&holder->lock);
	struct engine *old = holder->engine;
	holder->engine = engine;
	pthread_mutex_unlock(&holder->lock);
	engine_put(&old);
}
