/* tree.h - for tests that need whole directories of files.
 *
 * tree_run() runs the suite in a child process and removes the directory afterwards, whatever
 * happens to the child: a failed assertion, a crash, Ctrl-C. */
#ifndef TESTS_CATALOG_TREE_H
#define TESTS_CATALOG_TREE_H

#include "../unit.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char tree_directory[64];
static volatile pid_t tree_child;

/* The test program's own directory; it exists while the suite runs. */
static inline const char *tree_dir(void)
{
	return tree_directory;
}

/* The path of NAME in it. Valid for the next 15 calls. */
static inline const char *tree_path(const char *name)
{
	static char paths[16][512];
	static unsigned next;
	char *path = paths[next++ % 16];

	ck_assert_int_lt(
	    snprintf(path, sizeof(paths[0]), "%s/%s", tree_directory, name), (int)sizeof(paths[0]));
	return path;
}

/* Writes LEN octets to the file at PATH; missing directories on the way are made. */
static inline void tree_write_data(const char *path, const char *data, size_t len)
{
	char copy[512];

	ck_assert_uint_lt(strlen(path), sizeof(copy));
	memcpy(copy, path, strlen(path) + 1);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void tree_write(const char *path, const char *text)
{
	tree_write_data(path, text, strlen(text));
}

static int tree_remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Removes a directory and everything in it. */
static inline void tree_remove(const char *path)
{
	nftw(path, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void tree_forward(int number)
{
	if (tree_child > 0)
		kill(tree_child, number);
}

/* The body of main(): runs SUITE, prints what failed, returns the exit status. */
static inline int tree_run(Suite *suite)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	int status = 0;

	snprintf(tree_directory, sizeof(tree_directory), "/tmp/explain-unit.XXXXXX");
	if (!mkdtemp(tree_directory)) {
		perror(tree_directory);
		return EXIT_FAILURE;
	}
	tree_child = fork();
	if (tree_child == 0) {
		SRunner *runner = srunner_create(suite);
		srunner_run_all(runner, CK_NORMAL);
		int failed = srunner_ntests_failed(runner);
		srunner_free(runner);
		fflush(NULL);
		_exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], tree_forward);
	while (tree_child > 0 && waitpid(tree_child, &status, 0) < 0)
		continue;
	tree_remove(tree_directory);
	srunner_free(srunner_create(suite));
	return tree_child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

#endif
