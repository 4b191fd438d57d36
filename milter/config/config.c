/* config.c - explain-milter.yaml: one table of keys, each with a function that reads its value. */
#include "explain/config.h"

#include "bounces.h"
#include "paths.h"

#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/yaml.h"

#include <errno.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_WORKERS 2
#define MAX_WORKERS 64

struct reader {
	struct config *config;
	struct yaml_doc *doc;
	struct problems *problems;
	char *directory; /* of the file, for relative paths */
	const char *key; /* being read */
};

static void wrong(struct reader *reader, struct fy_node *node, const char *what)
{
	yaml_problem(reader->doc, node, reader->problems, NULL, "%s: %s", reader->key, what);
}

/* A copy of a scalar, or NULL with a message. */
static char *read_text(struct reader *reader, struct fy_node *node)
{
	size_t len;
	const char *text = yaml_scalar(node, &len);

	if (!text) {
		wrong(reader, node, "must be a text");
		return NULL;
	}
	return mem_strndup(text, len);
}

/* The same, and not "". */
static char *read_word(struct reader *reader, struct fy_node *node)
{
	char *text = read_text(reader, node);

	if (!text || text[0])
		return text;
	wrong(reader, node, "must not be empty");
	free(text);
	return NULL;
}

static void replace(char **field, char *value)
{
	free(*field);
	*field = value;
}

static char *read_path(struct reader *reader, struct fy_node *node)
{
	char *path = read_word(reader, node);

	if (!path || path[0] == '/')
		return path;
	char *absolute = mem_printf("%s/%s", reader->directory, path);
	free(path);
	return absolute;
}

static bool read_number(struct reader *reader, struct fy_node *node, int base, unsigned min,
    unsigned max, unsigned *value)
{
	char *text = read_text(reader, node), *end = NULL;

	if (!text)
		return false;
	errno = 0;
	unsigned long number = strtoul(text, &end, base);
	bool ok = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number >= min &&
	          number <= max;
	free(text);
	if (!ok) {
		char *range = base == 8
		                  ? mem_printf("must be an octal number from %o to %o", min, max)
		                  : mem_printf("must be a number from %u to %u", min, max);
		wrong(reader, node, range);
		free(range);
		return false;
	}
	*value = (unsigned)number;
	return true;
}

/* One of two words; *SECOND tells which. */
static void read_choice(struct reader *reader, struct fy_node *node, const char *first,
    const char *second, bool *is_second)
{
	char *text = read_text(reader, node);

	if (!text)
		return;
	if (strcmp(text, first) != 0 && strcmp(text, second) != 0)
		yaml_problem(reader->doc, node, reader->problems, NULL, "%s: must be %s or %s",
		    reader->key, first, second);
	*is_second = strcmp(text, second) == 0;
	free(text);
}

static bool read_endpoint(struct reader *reader, struct fy_node *node, struct endpoint *endpoint)
{
	char *text = read_text(reader, node), *error = NULL;

	if (!text)
		return false;
	bool ok = endpoint_parse(endpoint, text, &error) == 0;
	if (!ok)
		wrong(reader, node, error);
	free(error);
	free(text);
	return ok;
}

static void read_milter(struct reader *reader, struct fy_node *node)
{
	size_t len = 0;
	const char *text = yaml_scalar(node, &len);

	reader->config->has_milter = !(text && len == 4 && memcmp(text, "none", 4) == 0) &&
	                             read_endpoint(reader, node, &reader->config->milter);
}

static void add_socket(struct reader *reader, struct fy_node *node)
{
	struct config *config = reader->config;
	struct endpoint endpoint;

	if (!read_endpoint(reader, node, &endpoint))
		return;
	config->sockets =
	    mem_realloc(config->sockets, config->socket_count + 1, sizeof(*config->sockets));
	config->sockets[config->socket_count++] = endpoint;
}

static void read_socketmap(struct reader *reader, struct fy_node *node)
{
	void *state = NULL;

	if (!yaml_is_list(node)) {
		add_socket(reader, node);
		return;
	}
	for (struct fy_node *item; (item = yaml_next(node, &state));)
		add_socket(reader, item);
}

static void read_socket_mode(struct reader *reader, struct fy_node *node)
{
	read_number(reader, node, 8, 0, 0777, &reader->config->socket_mode);
}

static void read_socket_group(struct reader *reader, struct fy_node *node)
{
	replace(&reader->config->socket_group, read_word(reader, node));
}

static void read_max_clients(struct reader *reader, struct fy_node *node)
{
	read_number(reader, node, 10, 1, 100000, &reader->config->max_clients);
}

static void read_workers(struct reader *reader, struct fy_node *node)
{
	read_number(reader, node, 10, 1, MAX_WORKERS, &reader->config->workers);
}

static void read_mta(struct reader *reader, struct fy_node *node)
{
	bool sendmail = false;

	read_choice(reader, node, "postfix", "sendmail", &sendmail);
	reader->config->mta = sendmail ? MTA_SENDMAIL : MTA_POSTFIX;
}

static void read_user(struct reader *reader, struct fy_node *node)
{
	replace(&reader->config->user, read_word(reader, node));
}

static void read_log(struct reader *reader, struct fy_node *node)
{
	bool to_stderr = false;

	read_choice(reader, node, "syslog", "stderr", &to_stderr);
	reader->config->log = to_stderr ? LOG_TO_STDERR : LOG_TO_SYSLOG;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static void read_catalog(struct reader *reader, struct fy_node *node)
{
	size_t count = 0;
	void *state = NULL;
	char **list = mem_calloc(1, sizeof(*list));
	bool is_list = yaml_is_list(node);
	struct fy_node *item = is_list ? yaml_next(node, &state) : node;

	if (!item)
		wrong(reader, node, "needs at least one directory");
	for (; item; item = is_list ? yaml_next(node, &state) : NULL) {
		char *path = read_path(reader, item);
		if (!path)
			continue;
		list = mem_realloc(list, count + 2, sizeof(*list));
		list[count++] = path;
		list[count] = NULL;
	}
	free_list(reader->config->catalog);
	reader->config->catalog = list;
}

static void read_cache(struct reader *reader, struct fy_node *node)
{
	size_t len = 0;
	const char *text = yaml_scalar(node, &len);
	bool none = text && len == 4 && memcmp(text, "none", 4) == 0;

	replace(&reader->config->cache, none ? NULL : read_path(reader, node));
}

static void read_site(struct reader *reader, struct fy_node *node)
{
	replace(&reader->config->site, read_word(reader, node));
}

static void read_bounces(struct reader *reader, struct fy_node *node)
{
	bounces_read(
	    &reader->config->bounces, reader->doc, node, reader->directory, reader->problems);
}

struct key {
	const char *name;
	void (*read)(struct reader *reader, struct fy_node *node);
};

static void read_profiles(struct reader *reader, struct fy_node *node);

static const struct key keys[] = {
    {"milter", read_milter},
    {"socketmap", read_socketmap},
    {"socket_mode", read_socket_mode},
    {"socket_group", read_socket_group},
    {"max_clients", read_max_clients},
    {"workers", read_workers},
    {"mta", read_mta},
    {"user", read_user},
    {"log", read_log},
    {"catalog", read_catalog},
    {"cache", read_cache},
    {"site", read_site},
    {"profiles", read_profiles},
    {"bounces", read_bounces},
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static const char *const profile_keys[] = {"audience", "contact", "help_url", "language", "layout",
    "width", "max_lines", "max_octets", NULL};

static void read_profile(
    struct reader *reader, struct fy_node *map, struct profile_settings *profile)
{
	const struct {
		char **field;
		const char *key;
		bool may_be_empty;
	} texts[] = {{&profile->contact, "contact", false}, {&profile->help_url, "help_url", true},
	    {&profile->language, "language", false}};
	const struct {
		unsigned *field;
		const char *key;
		unsigned min, max;
	} numbers[] = {{&profile->width, "width", 40, 500},
	    {&profile->max_lines, "max_lines", 2, 20},
	    {&profile->max_octets, "max_octets", 100, 2000}};
	const struct {
		bool *field;
		const char *key, *first, *second;
	} choices[] = {{&profile->internal, "audience", "external", "internal"},
	    {&profile->single, "layout", "multi", "single"}};
	struct fy_node *node;

	yaml_check_keys(reader->doc, map, profile_keys, reader->problems, "profiles");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((node = yaml_get(map, reader->key = texts[i].key))) {
			/* help_url: "" means no link. */
			char *text = texts[i].may_be_empty ? read_text(reader, node)
			                                   : read_word(reader, node);
			if (text)
				replace(texts[i].field, text);
		}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if ((node = yaml_get(map, reader->key = numbers[i].key)))
			read_number(
			    reader, node, 10, numbers[i].min, numbers[i].max, numbers[i].field);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if ((node = yaml_get(map, reader->key = choices[i].key)))
			read_choice(
			    reader, node, choices[i].first, choices[i].second, choices[i].field);
}

static void read_profiles(struct reader *reader, struct fy_node *map)
{
	struct config *config = reader->config;
	struct fy_node *key, *value;
	void *state = NULL;

	if (!yaml_is_map(map)) {
		wrong(reader, map, "must be names with their settings");
		return;
	}
	/* `default` first, whatever the order in the file: the others inherit from it. */
	struct fy_node *base = yaml_get(map, "default");
	if (yaml_is_map(base))
		read_profile(reader, base, &config->profiles[0]);
	while (yaml_next_pair(map, &state, &key, &value)) {
		reader->key = "profiles";
		char *name = read_text(reader, key);
		if (!name || !yaml_is_map(value)) {
			wrong(reader, key, "a profile needs a name and settings in braces");
		} else if (strcmp(name, "default") != 0) {
			config->profiles = mem_realloc(
			    config->profiles, config->profile_count + 1, sizeof(*config->profiles));
			struct profile_settings *first = &config->profiles[0];
			struct profile_settings *profile =
			    &config->profiles[config->profile_count++];
			*profile = *first;
			profile->name = mem_strdup(name);
			profile->contact = first->contact ? mem_strdup(first->contact) : NULL;
			profile->help_url = first->help_url ? mem_strdup(first->help_url) : NULL;
			profile->language = mem_strdup(first->language);
			read_profile(reader, value, profile);
		}
		free(name);
	}
}

/* As many as there are processors, but few: one answers more than any Postfix asks. */
static unsigned default_workers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1                 ? 1
	       : processors > DEFAULT_WORKERS ? DEFAULT_WORKERS
	                                      : (unsigned)processors;
}

static void set_defaults(struct config *config)
{
	char *tree = paths_tree();
	char host[256] = "localhost";

	config->socket_mode = 0660;
	config->max_clients = 2000;
	config->workers = default_workers();
	config->log = LOG_TO_SYSLOG;
	config->catalog = mem_calloc(3, sizeof(*config->catalog));
	if (tree) {
		config->catalog[0] = mem_printf("%s/conf/catalog", tree);
		config->cache = mem_printf("%s/build/cache", tree);
	} else {
		config->catalog[0] = mem_strdup(EXPLAIN_SYSCONF_DIR "/catalog.d");
		config->catalog[1] = mem_strdup(EXPLAIN_DATA_DIR "/catalog");
		config->cache = mem_strdup(EXPLAIN_CACHE_DIR);
	}
	free(tree);
	gethostname(host, sizeof(host) - 1);
	config->site = mem_strdup(host);
	config->profiles = mem_calloc(1, sizeof(*config->profiles));
	config->profile_count = 1;
	config->profiles[0] = (struct profile_settings){.name = mem_strdup("default"),
	    .language = mem_strdup("en"),
	    .width = 78,
	    .max_lines = 4,
	    .max_octets = 480};
	bounces_set_defaults(&config->bounces);
}

/* What hangs on other keys. */
static void finish(struct config *config)
{
	for (size_t i = 0; i < config->profile_count; i++)
		if (!config->profiles[i].contact)
			config->profiles[i].contact = mem_printf("postmaster@%s", config->site);
	bounces_finish(&config->bounces, config->profiles[0].language);
}

static void read_file(struct reader *reader)
{
	const char *names[KEY_COUNT + 1];
	struct fy_node *node;

	for (size_t i = 0; i < KEY_COUNT; i++)
		names[i] = keys[i].name;
	names[KEY_COUNT] = NULL;
	for (size_t part = 0; part < yaml_roots(reader->doc); part++) {
		struct fy_node *root = yaml_root(reader->doc, part);
		if (!root)
			continue;
		reader->key = "configuration";
		if (!yaml_is_map(root)) {
			wrong(reader, root, "must be keys with values");
			continue;
		}
		yaml_check_keys(reader->doc, root, names, reader->problems, NULL);
		for (size_t i = 0; i < KEY_COUNT; i++) {
			reader->key = keys[i].name;
			if ((node = yaml_get(root, reader->key)))
				keys[i].read(reader, node);
		}
	}
}

struct config *config_load(const char *file, struct problems *problems)
{
	struct config *config = mem_calloc(1, sizeof(*config));
	size_t before = problems_count(problems);

	set_defaults(config);
	if (file) {
		char *copy = mem_strdup(file);
		struct reader reader = {
		    .config = config, .problems = problems, .directory = dirname(copy)};
		config->file = mem_strdup(file);
		reader.doc = yaml_read(file, problems);
		if (reader.doc)
			read_file(&reader);
		yaml_free(&reader.doc);
		free(copy);
	}
	finish(config);
	if (problems_count(problems) > before) {
		problems_sort(problems);
		config_free(&config);
	}
	return config;
}

void config_free(struct config **config)
{
	struct config *old = *config;

	*config = NULL;
	if (!old)
		return;
	free(old->file);
	endpoint_free(&old->milter);
	for (size_t i = 0; i < old->socket_count; i++)
		endpoint_free(&old->sockets[i]);
	free(old->sockets);
	free(old->socket_group);
	free(old->user);
	free_list(old->catalog);
	free(old->cache);
	free(old->site);
	for (size_t i = 0; i < old->profile_count; i++) {
		free(old->profiles[i].name);
		free(old->profiles[i].contact);
		free(old->profiles[i].help_url);
		free(old->profiles[i].language);
	}
	free(old->profiles);
	bounces_free(&old->bounces);
	free(old);
}

struct engine_settings config_engine_settings(const struct config *config)
{
	return (struct engine_settings){.catalog_dirs = (const char *const *)config->catalog,
	    .cache_dir = config->cache,
	    .site = config->site,
	    .profiles = config->profiles,
	    .profile_count = config->profile_count};
}
