#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What every unit test program needs: to run its one suite, a directory of its own, and
 * pseudo-random input that is the same in every run. */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* For loops of many thousand rounds: ck_assert() writes a note to a file each time. */
#define require(condition, ...)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

/* Seconds; a fuzz loop under valgrind is slow. */
#define UNIT_TIMEOUT 300

static inline TCase *unit_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, UNIT_TIMEOUT);
	suite_add_tcase(suite, tcase);
	return tcase;
}

/* Runs SUITE; the value for main() to return. */
static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* xorshift64*: the same numbers everywhere. */
struct unit_random {
	uint64_t state; /* not 0 */
};

/* A number from 0 to BELOW - 1. */
static inline size_t unit_random(struct unit_random *random, size_t below)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (size_t)(random->state * UINT64_C(2685821657736338717) >> 33) % below;
}

/* Does FUNCTION end its process otherwise than by returning? */
static inline bool unit_dies(void (*function)(void))
{
	int status = 0;

	fflush(NULL);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		/* Its message is expected: keep it out of the report. */
		if (!freopen("/dev/null", "w", stderr))
			_exit(0);
		function();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static char unit_dir[64];

/* Removes the directory and the files in it. */
static inline void unit_dir_remove(void)
{
	DIR *dir = opendir(unit_dir);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(unit_dir);
}

static inline void unit_dir_interrupted(int number)
{
	unit_dir_remove();
	_exit(128 + number);
}

/* Makes `unit_dir`. With unit_dir_remove() an unchecked fixture: it runs in the process that stays
 * when a test fails. */
static inline void unit_dir_make(void)
{
	snprintf(unit_dir, sizeof(unit_dir), "/tmp/explain-unit-XXXXXX");
	if (!mkdtemp(unit_dir)) {
		perror(unit_dir);
		exit(EXIT_FAILURE);
	}
	signal(SIGINT, unit_dir_interrupted);
	signal(SIGTERM, unit_dir_interrupted);
}

/* The path of NAME in `unit_dir`; the caller frees it. */
static inline char *unit_path(const char *name)
{
	size_t size = sizeof(unit_dir) + strlen(name) + 2;
	char *path = malloc(size);

	ck_assert_ptr_nonnull(path);
	snprintf(path, size, "%s/%s", unit_dir, name);
	return path;
}

static inline void unit_write(const char *path, const char *data, size_t len)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

#endif
