/* paths.c - finds the source tree, so that a newcomer's `build/explainctl` works without options.
 */
#include "paths.h"

#include "explain/config.h"
#include "explain/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *paths_tree(void)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (len <= 0)
		return NULL;
	program[len] = '\0';
	/* TREE/build/program, or TREE/build/VARIANT/program for sanitizer builds and tests. */
	for (int up = 0; up < 4; up++) {
		char *slash = strrchr(program, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
		char *name = strrchr(program, '/');
		if (!name || strcmp(name, "/build") != 0)
			continue;
		char *tree = mem_strndup(program, (size_t)(name - program));
		char *catalog = mem_printf("%s/conf/catalog", tree);
		bool found = access(catalog, R_OK) == 0;
		free(catalog);
		if (found)
			return tree;
		free(tree);
	}
	return NULL;
}

char *config_default_file(void)
{
	char *tree = paths_tree();
	char *file = tree ? mem_printf("%s/conf/explain-milter.yaml", tree)
	                  : mem_strdup(EXPLAIN_SYSCONF_DIR "/explain-milter.yaml");

	free(tree);
	if (access(file, F_OK) < 0) {
		free(file);
		file = NULL;
	}
	return file;
}

char *config_default_templates(void)
{
	char *tree = paths_tree();
	char *templates =
	    tree ? mem_printf("%s/conf/pages", tree) : mem_strdup(EXPLAIN_DATA_DIR "/pages");

	free(tree);
	return templates;
}
