/* ctl_check.c - explainctl check: configuration, catalogue, and every rule's examples. */
#include "ctl.h"

#include "explain/catalog.h"
#include "explain/check.h"
#include "explain/config.h"
#include "explain/engine.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/style.h"
#include "explain/translation.h"
#include "explain/yaml.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static void print_help(void)
{
	puts("usage: explainctl check [-c FILE] [--style] [FILE...]\n\n"
	     "Checks the configuration and its catalogue: syntax, names, patterns, texts, that "
	     "every\n"
	     "example selects its rule, that a rule leads to every cause, and that translations "
	     "are\n"
	     "complete. With FILEs, those rule files (or directories of them) are checked as if "
	     "they\n"
	     "stood before the configured catalogue; a first FILE that is a configuration is used "
	     "as\n"
	     "with -c. Each mistake is printed as file:line:column: what is wrong. Exit status 1: "
	     "there\n"
	     "are mistakes.\n\n"
	     "  -s, --style        also read the texts as a strict reader would: length of "
	     "sentences,\n"
	     "                     words that the one who must act does not know, reading grade\n"
	     "  -c, --config FILE  another configuration file");
}

/* FILES come before the configured directories, as a site's own do. */
static int check(const struct config *config, char **files, size_t file_count, bool style)
{
	struct problems *problems = problems_create();
	struct engine_settings settings = config_engine_settings(config);
	size_t dirs = 0, tried = 0;

	while (config->catalog[dirs])
		dirs++;
	const char **layers = mem_calloc(file_count + dirs + 1, sizeof(*layers));
	for (size_t i = 0; i < file_count; i++)
		layers[i] = files[i];
	for (size_t i = 0; i < dirs; i++)
		layers[file_count + i] = config->catalog[i];
	settings.catalog_dirs = layers;
	settings.for_check = true;
	struct engine *engine = engine_create(&settings, problems);
	if (engine) {
		tried = check_examples(engine, problems);
		check_causes(engine, problems);
		translation_check(engine_catalog(engine), problems);
		config_check_bounces(config, engine_catalog(engine), problems);
		if (style)
			style_check(engine_catalog(engine), problems);
		problems_sort(problems);
	}
	print_problems(problems);
	size_t found = problems_count(problems);
	if (found == 0) {
		size_t rules, causes;
		catalog_rules(engine_catalog(engine), &rules);
		catalog_causes(engine_catalog(engine), &causes);
		printf("%zu rules, %zu causes, %zu examples: all in order\n", rules, causes, tried);
	} else {
		fprintf(stderr, "%zu mistake%s\n", found, found == 1 ? "" : "s");
	}
	engine_put(&engine);
	free(layers);
	problems_free(&problems);
	return found == 0 ? EXIT_DONE : EXIT_FOUND;
}

/* A configuration is keys with values, a rule file is a list. */
static bool is_configuration(const char *file)
{
	struct problems *ignored = problems_create();
	struct yaml_doc *doc = yaml_read(file, ignored);
	bool map = doc && yaml_is_map(yaml_root(doc, 0));

	yaml_free(&doc);
	problems_free(&ignored);
	return map;
}

int ctl_check(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
	    {"style", no_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *file = NULL;
	bool style = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:sh", options, NULL)) != -1) {
		if (option == 'h') {
			print_help();
			return EXIT_DONE;
		}
		if (option == 's')
			style = true;
		else if (option == 'c')
			file = optarg;
		else
			return usage_error("check", "unknown option");
	}
	if (!file && optind < argc && is_configuration(argv[optind]))
		file = argv[optind++];
	struct config *config = load_config(file);
	int status =
	    config ? check(config, argv + optind, (size_t)(argc - optind), style) : EXIT_FOUND;
	config_free(&config);
	return status;
}
