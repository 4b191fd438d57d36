/* ctl_export.c - explainctl export: the catalogue for other programs and for translators. */
#include "ctl.h"

#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/engine.h"
#include "explain/export_json.h"
#include "explain/export_pcre.h"
#include "explain/export_translation.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/profile.h"
#include "explain/strbuf.h"

#include <getopt.h>
#include <string.h>

static void print_help(void)
{
	puts("usage: explainctl export [-c FILE] postfix-pcre [--profile NAME] [--lang CODE]\n"
	     "       explainctl export [-c FILE] json\n"
	     "       explainctl export [-c FILE] translation CODE\n\n"
	     "  postfix-pcre  a table for Postfix without the daemon:\n"
	     "                explainctl export postfix-pcre >/etc/postfix/explain.pcre\n"
	     "                postconf smtpd_reject_footer_maps=pcre:/etc/postfix/explain.pcre\n"
	     "  json          rules, causes and codes for other programs\n"
	     "  translation   what the language CODE (such as sv or pt-BR) lacks, as YAML with "
	     "the\n"
	     "                English texts to be replaced; for a new language, everything\n\n"
	     "  -p, --profile NAME  for and as a profile of the configuration\n"
	     "  -l, --lang CODE     in this language\n"
	     "  -c, --config FILE   another configuration file");
}

struct options {
	const char *profile, *language, *argument;
	const char *built_in; /* the last directory of the catalogue */
};

static int postfix_pcre(
    struct strbuf *out, const struct engine *engine, const struct options *options)
{
	const char *name = options->profile ? options->profile : "";
	const struct profile *found = engine_profile(engine, name, strlen(name));

	if (options->argument)
		return usage_error("export", "postfix-pcre takes no '%s'", options->argument);
	if (!found)
		return usage_error("export", "there is no profile '%s'", name);
	struct profile profile = *found;
	if (options->language) {
		profile.language = options->language;
		if (catalog_language(engine_catalog(engine), profile.language) < 0)
			return usage_error(
			    "export", "there are no texts in '%s'", options->language);
	}
	export_postfix_pcre(out, engine, &profile);
	return EXIT_DONE;
}

static int json(struct strbuf *out, const struct engine *engine, const struct options *options)
{
	if (options->argument || options->profile || options->language)
		return usage_error("export", "json takes no arguments");
	export_json(out, engine_catalog(engine));
	return EXIT_DONE;
}

static int translation(
    struct strbuf *out, const struct engine *engine, const struct options *options)
{
	if (!options->argument || options->profile || options->language ||
	    strcmp(options->argument, "en") == 0)
		return usage_error("export", "translation needs a language, such as sv");
	const char *const dirs[] = {options->built_in, NULL};
	struct problems *problems = problems_create();
	struct catalog *master = catalog_read(dirs, problems);
	size_t items = export_translation(out, master, engine_catalog(engine), options->argument);
	catalog_free(&master);
	problems_free(&problems);
	fprintf(stderr, items ? "%zu items to translate\n" : "nothing to translate\n", items);
	return EXIT_DONE;
}

static const struct {
	const char *name;
	int (*run)(struct strbuf *out, const struct engine *engine, const struct options *options);
} kinds[] = {{"postfix-pcre", postfix_pcre}, {"json", json}, {"translation", translation}};

static int run(const char *kind, const char *file, struct options *options)
{
	int status = -1;
	struct config *config = load_config(file);
	struct engine *engine = config ? load_engine(config, true) : NULL;
	struct strbuf out;

	strbuf_init(&out, 0);
	for (size_t i = 0; config && config->catalog[i]; i++)
		options->built_in = config->catalog[i];
	for (size_t i = 0; engine && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i].name) == 0)
			status = kinds[i].run(&out, engine, options);
	if (engine && status < 0)
		status = usage_error("export", "'%s' can't be exported", kind);
	if (status == EXIT_DONE)
		fputs(strbuf_str(&out), stdout);
	strbuf_free(&out);
	engine_put(&engine);
	config_free(&config);
	return status < 0 ? EXIT_FOUND : status;
}

int ctl_export(int argc, char **argv)
{
	static const struct option long_options[] = {{"profile", required_argument, NULL, 'p'},
	    {"lang", required_argument, NULL, 'l'}, {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct options options = {0};
	const char *file = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "p:l:c:h", long_options, NULL)) != -1)
		switch (option) {
		case 'p':
			options.profile = optarg;
			break;
		case 'l':
			options.language = optarg;
			break;
		case 'c':
			file = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			return usage_error("export", "unknown option");
		}
	if (optind == argc)
		return usage_error("export", "what: postfix-pcre, json or translation?");
	if (argc - optind > 2)
		return usage_error("export", "too many arguments");
	options.argument = argv[optind + 1];
	return run(argv[optind], file, &options);
}
