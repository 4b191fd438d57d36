/* explainctl.c - the command line: a table of commands, and what they share. explainctl(1). */
#include "ctl.h"

#include "explain/config.h"
#include "explain/engine.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/version.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments, *purpose;
} commands[] = {
    {"explain", ctl_explain, "[--json] [--batch] [-v] ['REPLY']",
        "explain a reply, given or on standard input"},
    {"code", ctl_code, "CODE", "what a reply code or status means: 550, 5.1.1, 251"},
    {"dsn", ctl_dsn, "[--json] < BOUNCE", "explain a bounce, or filter it on delivery"},
    {"check", ctl_check, "[--style] [FILE...]", "check configuration and catalogue"},
    {"pages", ctl_pages, "OUTDIR", "write the help pages, a static site"},
    {"export", ctl_export, "postfix-pcre | json | translation", "the catalogue for others"},
    {"setup", ctl_setup, "postfix [--apply|--remove]", "what to change in the mail server"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *stream)
{
	fputs("usage: explainctl COMMAND [ARGUMENTS]\n\n", stream);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(stream, "  %-8s %-36s %s\n", commands[i].name, commands[i].arguments,
		    commands[i].purpose);
	fputs("\nEach command takes --help, and -c FILE for another configuration.\n"
	      "explainctl --version tells the version; the manual is explainctl(1).\n",
	    stream);
}

void print_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems_count(problems); i++)
		fprintf(stderr, "%s\n", problems_get(problems, i));
}

struct config *load_config(const char *file)
{
	struct problems *problems = problems_create();
	char *found = file ? NULL : config_default_file();
	struct config *config = config_load(file ? file : found, problems);

	print_problems(problems);
	problems_free(&problems);
	free(found);
	return config;
}

struct engine *load_engine(const struct config *config, bool at_once)
{
	struct problems *problems = problems_create();
	struct engine_settings settings = config_engine_settings(config);
	settings.at_once = at_once;
	struct engine *engine = engine_create(&settings, problems);

	print_problems(problems);
	problems_free(&problems);
	return engine;
}

char *read_all(FILE *stream, size_t max, size_t *len)
{
	char *data = mem_alloc(max + 1);

	*len = fread(data, 1, max + 1, stream);
	if (ferror(stream) || *len > max) {
		free(data);
		return NULL;
	}
	data[*len] = '\0';
	return data;
}

int usage_error(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "explainctl %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; try explainctl %s --help\n", command);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("explainctl " EXPLAIN_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			int status = commands[i].run(argc - 1, argv + 1);
			if (fflush(stdout) != 0 || ferror(stdout)) {
				fputs("explainctl: the output can't be written\n", stderr);
				return EXIT_TEMPORARY;
			}
			return status;
		}
	fprintf(stderr, "explainctl: unknown command '%s'; try explainctl --help\n", argv[1]);
	return EXIT_USAGE;
}
