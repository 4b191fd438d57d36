/* bench_engine.h - the engine as the benchmarks in C load it. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "explain/engine.h"
#include "explain/problems.h"

#include "bench_util.h"

static char bench_name[] = "default";
static char bench_contact[] = "postmaster@example.test";
static char bench_help_url[] = "https://mail.example.test/why/{cause}";

/* The engine for CATALOG with one profile in LANGUAGE; CACHE: NULL for none. */
static inline struct engine *bench_engine(const char *catalog, const char *cache, char *language)
{
	const char *dirs[] = {catalog, NULL};
	struct profile_settings profile = {.name = bench_name,
	    .contact = bench_contact,
	    .help_url = bench_help_url,
	    .language = language,
	    .width = 78,
	    .max_lines = 4,
	    .max_octets = 480};
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .cache_dir = cache,
	    .site = "example.test",
	    .profiles = &profile,
	    .profile_count = 1};
	struct problems *problems = problems_create();
	struct engine *engine = engine_create(&settings, problems);

	for (size_t i = 0; i < problems_count(problems); i++)
		fprintf(stderr, "%s\n", problems_get(problems, i));
	problems_free(&problems);
	if (engine == NULL)
		bench_die("%s: no usable catalogue", catalog);
	return engine;
}

#endif
