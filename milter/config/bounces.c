/* bounces.c - the key `bounces`: how delivery reports are explained. */
#include "bounces.h"

#include "paths.h"

#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DEFAULT_MAX_SIZE ((size_t)10 << 20)
#define LARGEST_SIZE ((size_t)256 << 20)
#define MAX_KNOWN_DOMAINS 5000

struct bounce_reader {
	struct bounce_settings *settings;
	struct yaml_doc *doc;
	struct problems *problems;
	const char *directory;
	const char *key;
};

static void wrong(struct bounce_reader *reader, struct fy_node *node, const char *what)
{
	yaml_problem(reader->doc, node, reader->problems, "bounces", "%s: %s", reader->key, what);
}

/* A copy of a text that is not empty, or NULL with a message. */
static char *read_word(struct bounce_reader *reader, struct fy_node *node)
{
	size_t len = 0;
	const char *text = yaml_scalar(node, &len);

	if (!text || len == 0) {
		wrong(reader, node, "must be a text that is not empty");
		return NULL;
	}
	return mem_strndup(text, len);
}

static bool read_switch(struct bounce_reader *reader, struct fy_node *node, bool before)
{
	static const char *const yes[] = {"yes", "true", "on"}, *const no[] = {
	                                                            "no", "false", "off"};
	char *word = read_word(reader, node);
	bool value = before, known = !word;

	for (size_t i = 0; word && i < sizeof(yes) / sizeof(yes[0]); i++) {
		bool is_yes = strcmp(word, yes[i]) == 0;
		if (is_yes || strcmp(word, no[i]) == 0) {
			value = is_yes;
			known = true;
		}
	}
	if (!known)
		wrong(reader, node, "must be yes or no");
	free(word);
	return value;
}

static void free_languages(struct language_list *list)
{
	for (size_t i = 0; i < CONFIG_MAX_LANGUAGES; i++) {
		free(list->items[i]);
		list->items[i] = NULL;
	}
}

static void read_languages(
    struct bounce_reader *reader, struct fy_node *node, struct language_list *list)
{
	bool is_list = yaml_is_list(node);
	void *state = NULL;
	size_t count = 0;

	free_languages(list);
	for (struct fy_node *item = is_list ? yaml_next(node, &state) : node; item;
	     item = is_list ? yaml_next(node, &state) : NULL) {
		if (count == CONFIG_MAX_LANGUAGES) {
			wrong(reader, item, "at most four languages fit in one notice");
			return;
		}
		char *word = read_word(reader, item);
		if (word)
			list->items[count++] = word;
	}
	if (count == 0)
		wrong(reader, node, "needs at least one language");
}

static void read_domains(struct bounce_reader *reader, struct fy_node *map)
{
	struct bounce_settings *settings = reader->settings;
	struct fy_node *key, *value;
	void *state = NULL;

	if (!yaml_is_map(map)) {
		wrong(reader, map, "must be domains with their languages");
		return;
	}
	while (yaml_next_pair(map, &state, &key, &value)) {
		char *domain = read_word(reader, key);
		if (!domain)
			continue;
		settings->domains = mem_realloc(
		    settings->domains, settings->domain_count + 1, sizeof(*settings->domains));
		struct domain_languages *entry = &settings->domains[settings->domain_count++];
		*entry = (struct domain_languages){.domain = domain};
		read_languages(reader, value, &entry->languages);
	}
}

/* "10MiB", "512KiB", or octets. */
static void read_size(struct bounce_reader *reader, struct fy_node *node)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}};
	char *text = read_word(reader, node), *unit = NULL;

	if (!text)
		return;
	errno = 0;
	unsigned long long number = strtoull(text, &unit, 10);
	bool ok = text[0] >= '0' && text[0] <= '9' && errno == 0 && number <= LARGEST_SIZE;
	size_t size = 0;
	for (size_t i = 0; ok && i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].unit) == 0)
			size = (size_t)number << units[i].shift;
	if (size >= 1024 && size <= LARGEST_SIZE)
		reader->settings->max_size = size;
	else
		wrong(reader, node, "must be a size from 1KiB to 256MiB, such as 10MiB");
	free(text);
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* The lines of a file but for comments; NULL with errno if it can't be read. */
static char **read_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, count = 0;

	if (!file)
		return NULL;
	char **list = mem_calloc(1, sizeof(*list));
	while (count < MAX_KNOWN_DOMAINS && getline(&line, &size, file) > 0) {
		char *word = line + strspn(line, " \t");
		word[strcspn(word, " \t\r\n#")] = '\0';
		if (!word[0])
			continue;
		list = mem_realloc(list, count + 2, sizeof(*list));
		list[count++] = mem_strdup(word);
		list[count] = NULL;
	}
	free(line);
	fclose(file);
	return list;
}

static void read_known_domains(struct bounce_reader *reader, struct fy_node *node)
{
	char *word = read_word(reader, node);

	if (!word)
		return;
	char *path =
	    word[0] == '/' ? mem_strdup(word) : mem_printf("%s/%s", reader->directory, word);
	bool none = strcmp(word, "none") == 0;
	free_list(reader->settings->known_domains);
	reader->settings->known_domains = none ? mem_calloc(1, sizeof(char *)) : read_lines(path);
	if (!reader->settings->known_domains)
		yaml_problem(reader->doc, node, reader->problems, "bounces",
		    "known_domains: %s: %s", path, strerror(errno));
	free(path);
	free(word);
}

void bounces_set_defaults(struct bounce_settings *settings)
{
	*settings = (struct bounce_settings){.inbound = true,
	    .internal = true,
	    .follow_message = true,
	    .max_size = DEFAULT_MAX_SIZE,
	    .profile = mem_strdup("default")};
}

void bounces_read(struct bounce_settings *settings, struct yaml_doc *doc, struct fy_node *map,
    const char *directory, struct problems *problems)
{
	static const char *const names[] = {"inbound", "internal", "languages", "follow_message",
	    "domains", "max_size", "profile", "known_domains", NULL};
	struct bounce_reader reader = {
	    .settings = settings, .doc = doc, .problems = problems, .directory = directory};
	struct fy_node *node;

	if (!yaml_is_map(map)) {
		yaml_problem(doc, map, problems, NULL, "bounces: must be keys with values");
		return;
	}
	yaml_check_keys(doc, map, names, problems, "bounces");
	if ((node = yaml_get(map, reader.key = "inbound")))
		settings->inbound = read_switch(&reader, node, settings->inbound);
	if ((node = yaml_get(map, reader.key = "internal")))
		settings->internal = read_switch(&reader, node, settings->internal);
	if ((node = yaml_get(map, reader.key = "follow_message")))
		settings->follow_message = read_switch(&reader, node, settings->follow_message);
	if ((node = yaml_get(map, reader.key = "languages")))
		read_languages(&reader, node, &settings->languages);
	if ((node = yaml_get(map, reader.key = "domains")))
		read_domains(&reader, node);
	if ((node = yaml_get(map, reader.key = "max_size")))
		read_size(&reader, node);
	if ((node = yaml_get(map, reader.key = "known_domains")))
		read_known_domains(&reader, node);
	if ((node = yaml_get(map, reader.key = "profile"))) {
		char *name = read_word(&reader, node);
		if (name) {
			free(settings->profile);
			settings->profile = name;
		}
	}
}

/* The list that comes with the program, of which a site may have a copy of its own. */
static char **default_known_domains(void)
{
	char *tree = paths_tree();
	char *own = tree ? mem_printf("%s/conf/mail-domains.txt", tree)
	                 : mem_strdup(EXPLAIN_SYSCONF_DIR "/mail-domains.txt");
	char **list = read_lines(own);

	free(own);
	free(tree);
	return list;
}

void bounces_finish(struct bounce_settings *settings, const char *language)
{
	if (!settings->languages.items[0])
		settings->languages.items[0] = mem_strdup(language);
	if (!settings->known_domains)
		settings->known_domains = default_known_domains();
}

void bounces_free(struct bounce_settings *settings)
{
	free_languages(&settings->languages);
	for (size_t i = 0; i < settings->domain_count; i++) {
		free(settings->domains[i].domain);
		free_languages(&settings->domains[i].languages);
	}
	free(settings->domains);
	free(settings->profile);
	free_list(settings->known_domains);
}

/* The entry whose domain READER's address is in, the longest such domain. */
static const struct language_list *for_reader(
    const struct bounce_settings *settings, const char *reader)
{
	const char *at = reader ? strrchr(reader, '@') : NULL;
	const struct language_list *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; at && i < settings->domain_count; i++) {
		const char *domain = settings->domains[i].domain;
		size_t len = strlen(domain), have = strcspn(at + 1, ">");
		const char *tail = at + 1 + have - len;
		if (len > have || len <= longest || strncasecmp(tail, domain, len) != 0 ||
		    (len < have && tail[-1] != '.'))
			continue;
		longest = len;
		found = &settings->domains[i].languages;
	}
	return found;
}

void config_bounce_languages(const struct config *config, const char *asked, const char *reader,
    const char *languages[CONFIG_MAX_LANGUAGES + 1])
{
	const struct language_list *list = for_reader(&config->bounces, reader);

	for (size_t i = 0; i <= CONFIG_MAX_LANGUAGES; i++)
		languages[i] = NULL;
	if (asked && config->bounces.follow_message) {
		languages[0] = asked;
		return;
	}
	if (!list)
		list = &config->bounces.languages;
	for (size_t i = 0; list->items[i]; i++)
		languages[i] = list->items[i];
}

static void check_languages(const struct config *config, const struct language_list *list,
    const struct catalog *catalog, struct problems *problems)
{
	for (size_t i = 0; list->items[i]; i++)
		if (catalog_language(catalog, list->items[i]) < 0)
			problems_add(problems, config->file, 0, 0, "bounces",
			    "languages: the catalogue has no texts in '%s'", list->items[i]);
}

void config_check_bounces(
    const struct config *config, const struct catalog *catalog, struct problems *problems)
{
	const struct bounce_settings *settings = &config->bounces;
	bool known = false;

	check_languages(config, &settings->languages, catalog, problems);
	for (size_t i = 0; i < settings->domain_count; i++)
		check_languages(config, &settings->domains[i].languages, catalog, problems);
	for (size_t i = 0; i < config->profile_count; i++)
		known = known || strcmp(config->profiles[i].name, settings->profile) == 0;
	if (!known)
		problems_add(problems, config->file, 0, 0, "bounces",
		    "profile: there is no profile '%s'", settings->profile);
}
