/* load.c - reads the directories of a catalogue.
 *
 * Every mistake is collected, and a catalogue with a mistake is not given out: the daemon goes on
 * with the one it has. */
#include "loader.h"

#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/strbuf.h"
#include "explain/vars.h"
#include "explain/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* In this order: a code's meaning may name a cause too. */
static const struct {
	const char *key;
	void (*load)(struct loader *loader, struct fy_node *item);
} kinds[] = {
    {"rule", load_rule},
    {"phrases", load_phrases},
    {"pages", load_pages},
    {"code", load_code},
    {"status", load_code},
    {"cause", load_cause},
};

static void load_any(struct loader *loader, struct fy_node *item)
{
	if (yaml_is_map(item))
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (yaml_get(item, kinds[i].key)) {
				kinds[i].load(loader, item);
				return;
			}
	yaml_problem(loader->doc, item, loader->problems, NULL,
	    "an item must begin with 'rule:', 'cause:', 'phrases:', 'pages:', 'code:' or "
	    "'status:'");
}

/* causes/de.yaml holds texts in German; any other file English ones, unless an item says `lang`. */
static const char *language_of(struct loader *loader, const char *directory, const char *name)
{
	if (strcmp(directory, "causes") != 0)
		return "en";
	return arena_strndup(loader->arena, name, strcspn(name, "."));
}

static void load_file(
    struct loader *loader, const char *path, const char *directory, const char *name)
{
	loader->file = arena_strndup(loader->arena, path, strlen(path));
	loader->file_language = language_of(loader, directory, name);
	loader->doc = yaml_read(path, loader->problems);
	if (!loader->doc)
		return;
	for (size_t i = 0; i < yaml_roots(loader->doc); i++) {
		struct fy_node *root = yaml_root(loader->doc, i);
		void *state = NULL;
		if (!root)
			continue;
		if (!yaml_is_list(root)) {
			yaml_problem(loader->doc, root, loader->problems, NULL,
			    "the file must be a list of rules and causes");
			continue;
		}
		for (struct fy_node *item; (item = yaml_next(root, &state));)
			load_any(loader, item);
	}
	yaml_free(&loader->doc);
}

static int is_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* The files of DIR/DIRECTORY in the order of their names, as the C locale sorts them. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_directory(
    struct loader *loader, const char *dir, const char *directory, bool required)
{
	struct dirent **entries = NULL;
	struct strbuf path;

	strbuf_init(&path, 0);
	strbuf_addf(&path, "%s%s%s", dir, directory[0] ? "/" : "", directory);
	int count = scandir(path.data, &entries, is_yaml, by_name);
	if (count < 0 && (required || errno != ENOENT))
		problems_add(loader->problems, path.data, 0, 0, NULL,
		    "the catalogue directory cannot be read: %s", strerror(errno));
	size_t len = path.len;
	for (int i = 0; i < count; i++) {
		strbuf_truncate(&path, len);
		strbuf_addf(&path, "/%s", entries[i]->d_name);
		load_file(loader, path.data, directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	strbuf_free(&path);
}

/* A layer is a directory, or one file. */
static void load_layer(struct loader *loader, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
		char *copy = mem_strdup(path);
		const char *directory = strrchr(dirname(copy), '/');
		const char *name = strrchr(path, '/');
		load_file(loader, path, directory ? directory + 1 : copy, name ? name + 1 : path);
		free(copy);
		return;
	}
	load_directory(loader, path, "", true);
	load_directory(loader, path, "rules", false);
	load_directory(loader, path, "causes", false);
}

struct catalog *catalog_read(const char *const *dirs, struct problems *problems)
{
	struct catalog *catalog = mem_calloc(1, sizeof(*catalog));

	catalog->arena = arena_create();
	catalog->names = varnames_create();
	catalog->languages[catalog->language_count++] = "en";
	struct loader loader = {.catalog = catalog, .arena = catalog->arena, .problems = problems};
	for (; *dirs; dirs++) {
		load_layer(&loader, *dirs);
		loader.layer++;
	}
	catalog->layer_count = loader.layer;
	catalog_link(&loader);
	free(loader.rules);
	free(loader.causes);
	free(loader.code_causes);
	return catalog;
}
