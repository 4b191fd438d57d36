/* database.c - one Hyperscan database for all patterns, and its cache on disk.
 *
 * Compiling thousands of patterns takes seconds, loading the result milliseconds. A cache file
 * holds the patterns themselves beside the database, so that a file under the right name can't be
 * one for other patterns. It is code for a small machine inside libhs, so it is only taken from a
 * file that nobody but us or root can write. */
#include "internal.h"

#include "explain/file.h"
#include "explain/hash.h"
#include "explain/mem.h"
#include "explain/strbuf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FLAGS (HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH)
#define MAGIC "explain-milter patterns 2\n"
#define FILE_PREFIX "patterns-"
#define FILE_SUFFIX ".hsdb"
#define MAX_AGE (14 * 24 * 3600)

/* What the database depends on: library, its flags, and every pattern. libhs itself checks that a
 * database fits the processor. */
static void add_key(struct strbuf *key, const char *const *patterns, unsigned count)
{
	strbuf_addf(key, MAGIC "%s\n%u %u\n", hs_version(), (unsigned)FLAGS, count);
	for (unsigned i = 0; i < count; i++) {
		/* With its length, since a pattern may hold line breaks. */
		strbuf_addf(key, "%zu %s\n", strlen(patterns[i]), patterns[i]);
	}
}

static bool is_trusted(int fd, struct stat *status)
{
	return fstat(fd, status) == 0 && S_ISREG(status->st_mode) &&
	       (status->st_uid == geteuid() || status->st_uid == 0) &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static hs_database_t *read_cache(const char *path, const struct strbuf *key)
{
	hs_database_t *database = NULL;
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (is_trusted(fd, &status) && (size_t)status.st_size > key->len) {
		size_t size = (size_t)status.st_size;
		char *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data != MAP_FAILED) {
			if (memcmp(data, key->data, key->len) == 0 &&
			    hs_deserialize_database(data + key->len, size - key->len, &database) !=
			        HS_SUCCESS)
				database = NULL;
			munmap(data, size);
		}
	}
	if (database)
		futimens(fd, NULL); /* still in use: see remove_old() */
	close(fd);
	return database;
}

/* Databases of catalogues that are no longer used. */
static void remove_old(const char *cache_dir)
{
	DIR *directory = opendir(cache_dir);
	struct dirent *entry;
	struct stat status;

	while (directory && (entry = readdir(directory))) {
		const char *name = entry->d_name;
		size_t len = strlen(name), suffix = strlen(FILE_SUFFIX);
		if (strncmp(name, FILE_PREFIX, strlen(FILE_PREFIX)) != 0 || len < suffix ||
		    strcmp(name + len - suffix, FILE_SUFFIX) != 0)
			continue;
		if (fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    time(NULL) - status.st_mtime > MAX_AGE)
			unlinkat(dirfd(directory), name, 0);
	}
	if (directory)
		closedir(directory);
}

/* Written beside and renamed, so that a reader never sees half a file. */
static void write_cache(
    const char *cache_dir, const char *path, const struct strbuf *key, hs_database_t *database)
{
	char *data = NULL;
	size_t len = 0;
	char *temporary = mem_printf("%s.XXXXXX", path);

	if (mkdir(cache_dir, 0755) < 0 && errno != EEXIST)
		goto out;
	if (hs_serialize_database(database, &data, &len) != HS_SUCCESS)
		goto out;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		goto out;
	bool written = file_write_all(fd, key->data, key->len) && file_write_all(fd, data, len) &&
	               fchmod(fd, 0644) == 0;
	if (close(fd) < 0 || !written || rename(temporary, path) < 0)
		unlink(temporary);
	remove_old(cache_dir);
out:
	free(data);
	free(temporary);
}

static hs_database_t *compile(const char *const *patterns, unsigned count, char **error, int *bad)
{
	unsigned *flags = mem_calloc(count, sizeof(*flags));
	unsigned *ids = mem_calloc(count, sizeof(*ids));
	hs_database_t *database = NULL;
	hs_compile_error_t *why = NULL;

	for (unsigned i = 0; i < count; i++) {
		flags[i] = FLAGS;
		ids[i] = i;
	}
	if (hs_compile_multi(patterns, flags, ids, count, HS_MODE_BLOCK, NULL, &database, &why) !=
	    HS_SUCCESS) {
		*error = mem_printf("%s", why->message);
		*bad = why->expression;
		hs_free_compile_error(why);
		database = NULL;
	}
	free(flags);
	free(ids);
	return database;
}

/* Where the database for the patterns of KEY is kept. */
static char *cache_path(const char *cache_dir, const struct strbuf *key)
{
	return mem_printf("%s/" FILE_PREFIX "%016" PRIx64 FILE_SUFFIX, cache_dir,
	    hash_fnv(HASH_START, key->data, key->len));
}

hs_database_t *database_cached(const char *const *patterns, unsigned count, const char *cache_dir)
{
	hs_database_t *database = NULL;
	struct strbuf key;

	if (!cache_dir)
		return NULL;
	strbuf_init(&key, 0);
	add_key(&key, patterns, count);
	char *path = cache_path(cache_dir, &key);
	database = read_cache(path, &key);
	free(path);
	strbuf_free(&key);
	return database;
}

hs_database_t *database_compile(
    const char *const *patterns, unsigned count, const char *cache_dir, char **error, int *bad)
{
	hs_database_t *database = compile(patterns, count, error, bad);
	struct strbuf key;

	if (!database || !cache_dir)
		return database;
	strbuf_init(&key, 0);
	add_key(&key, patterns, count);
	char *path = cache_path(cache_dir, &key);
	write_cache(cache_dir, path, &key, database);
	free(path);
	strbuf_free(&key);
	return database;
}

/* With *MAY_BE_EMPTY a pattern that libhs refuses if it fits the empty text anywhere. */
static char *check_syntax(const char *pattern, bool *may_be_empty)
{
	hs_compile_error_t *why = NULL;
	hs_expr_info_t *info = NULL;

	if (hs_expression_info(pattern, FLAGS | HS_FLAG_ALLOWEMPTY, &info, &why) != HS_SUCCESS) {
		char *error = mem_printf("%s", why->message);
		hs_free_compile_error(why);
		return error;
	}
	*may_be_empty = info->min_width == 0;
	free(info);
	return NULL;
}

char *database_check_syntax(const char *pattern)
{
	bool may_be_empty = false;
	char *error = check_syntax(pattern, &may_be_empty);

	return may_be_empty ? database_check_pattern(pattern) : error;
}

char *database_check_pattern(const char *pattern)
{
	hs_compile_error_t *why = NULL;
	hs_database_t *database = NULL;
	bool may_be_empty = false;
	char *error = check_syntax(pattern, &may_be_empty);

	if (error)
		return error;
	/* What is left can only be known by compiling it: a pattern that is too large. */
	if (hs_compile(pattern, FLAGS, HS_MODE_BLOCK, NULL, &database, &why) != HS_SUCCESS) {
		error = may_be_empty
		            ? mem_strdup("the pattern fits the empty text, so it would fit "
		                         "every reply")
		            : mem_printf("%s", why->message);
		hs_free_compile_error(why);
		return error;
	}
	hs_free_database(database);
	return NULL;
}
