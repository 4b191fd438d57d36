/* ctl_pages.c - explainctl pages: the help site. */
#include "ctl.h"

#include "explain/config.h"
#include "explain/engine.h"
#include "explain/pages.h"
#include "explain/version.h"

#include <getopt.h>
#include <stdlib.h>

static void print_help(void)
{
	puts("usage: explainctl pages [-c FILE] [--templates DIR] OUTDIR\n\n"
	     "Writes the help pages of all causes in all languages into OUTDIR, as a static site "
	     "for any\n"
	     "web server or for reading from disk. If it is served at "
	     "https://mail.example.org/why/, the\n"
	     "configuration says help_url: \"https://mail.example.org/why/{cause}\". Contact and "
	     "site on the\n"
	     "pages are those of the configuration's default profile.\n\n"
	     "  -t, --templates DIR  layout and style from there instead of the built-in ones\n"
	     "  -c, --config FILE    another configuration file");
}

static int run(const char *file, const char *templates, const char *outdir)
{
	struct config *config = load_config(file);
	struct engine *engine = config ? load_engine(config, true) : NULL;
	char *built_in = config_default_templates(), *error = NULL;
	struct pages_settings settings = {.templates = templates ? templates : built_in,
	    .version = "explain-milter " EXPLAIN_VERSION};
	struct pages_result result;
	int status = EXIT_FOUND;

	if (engine && pages_write(engine, &settings, outdir, &result, &error) == 0) {
		printf("%zu pages in %zu languages, the largest of %zu octets: %s\n", result.pages,
		    result.languages, result.largest, outdir);
		status = EXIT_DONE;
	} else if (engine) {
		fprintf(stderr, "explainctl pages: %s\n", error);
		status = EXIT_TEMPORARY;
	}
	free(error);
	free(built_in);
	engine_put(&engine);
	config_free(&config);
	return status;
}

int ctl_pages(int argc, char **argv)
{
	static const struct option options[] = {{"templates", required_argument, NULL, 't'},
	    {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *file = NULL, *templates = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "t:c:h", options, NULL)) != -1)
		switch (option) {
		case 't':
			templates = optarg;
			break;
		case 'c':
			file = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			return usage_error("pages", "unknown option");
		}
	if (argc - optind != 1)
		return usage_error("pages", "one directory, OUTDIR, is needed");
	return run(file, templates, argv[optind]);
}
