/* ctl_dsn.c - explainctl dsn: a delivery report, explained; also as a filter on delivery, where
 * nothing may ever be lost: whatever goes wrong, the message goes out as it came. */
#include "ctl.h"

#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/dsn.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/explain_json.h"
#include "explain/file.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/version.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A larger message goes through unread. */
#define MAX_MESSAGE ((size_t)64 << 20)

struct options {
	bool json;
	const char *config, *language, *reader;
};

static void print_help(void)
{
	puts("usage: explainctl dsn [OPTIONS] < MESSAGE\n"
	     "       explainctl dsn --json FILE...\n\n"
	     "Reads a bounce and writes it with an explanation in front. A message that is no "
	     "bounce,\n"
	     "or can't be explained, is written as it came: this can stand in a delivery "
	     "pipeline.\n\n"
	     "  -j, --json         print what the bounce says and why, one object per recipient\n"
	     "  -l, --lang CODE    in this language, whatever configuration and message say\n"
	     "  -r, --reader ADDR  who gets the bounce, for the configuration's `domains`\n"
	     "  -c, --config FILE  another configuration file");
}

static json_t *text_or_null(const char *text)
{
	json_t *value = text[0] ? json_string(text) : NULL;

	return value ? value : json_null();
}

/* What print_recipient() needs for each. */
struct printer {
	const struct engine *engine;
	const struct profile *profile;
	struct explainer *explainer;
	struct reply *reply;
	const char *file; /* NULL: standard input */
};

static void print_recipient(const struct printer *printer, const struct dsn *dsn, size_t i)
{
	const struct dsn_recipient *recipient = dsn_recipient(dsn, i);
	int class = dsn_choose_reply(dsn, i, printer->engine, printer->reply);
	struct explain_context context = {
	    .profile = printer->profile, .class = class, .recipient = recipient->address};
	json_t *object = json_object();
	json_t *explained =
	    explain_json_object(printer->explainer, printer->engine, printer->reply, &context);

	if (printer->file)
		json_object_set_new(object, "file", text_or_null(printer->file));
	json_object_set_new(object, "recipient", text_or_null(recipient->address));
	json_object_set_new(object, "original_recipient", text_or_null(recipient->original));
	json_object_set_new(object, "action", text_or_null(dsn_action_name(recipient->action)));
	json_object_set_new(object, "status", text_or_null(recipient->status));
	json_object_set_new(object, "diagnostic",
	    text_or_null(recipient->diagnostic[0] ? recipient->diagnostic : recipient->notice));
	json_object_set_new(object, "remote_mta", text_or_null(recipient->remote_mta));
	json_object_set(object, "what_to_do", json_object_get(explained, "action"));
	json_object_update_missing(object, explained);
	json_decref(explained);
	char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	puts(line ? line : "{}");
	free(line);
	json_decref(object);
}

static void print_json(const struct printer *printer, const struct strbuf *message)
{
	struct dsn *dsn = dsn_read(strbuf_str(message), message->len);

	for (size_t i = 0; i < dsn_recipient_count(dsn); i++)
		print_recipient(printer, dsn, i);
	dsn_free(&dsn);
}

/* The message as it came, also what was not read yet. */
static int pass_on(const struct strbuf *message)
{
	char buffer[65536];
	size_t len;
	bool ok = file_write_all(STDOUT_FILENO, strbuf_str(message), message->len);

	while (ok && (len = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		ok = file_write_all(STDOUT_FILENO, buffer, len);
	return ok && !ferror(stdin) ? EXIT_DONE : EXIT_TEMPORARY;
}

/* Appends the annotated message to OUT; -1 if it is to go out as it came. */
static int annotate(const struct dsn *dsn, const struct config *config, const struct engine *engine,
    const struct options *options, struct strbuf *out)
{
	const char *languages[CONFIG_MAX_LANGUAGES + 1] = {options->language, NULL};
	const char *profile = config->bounces.profile;
	struct dsn_options how = {.engine = engine,
	    .profile = engine_profile(engine, profile, strlen(profile)),
	    .languages = languages,
	    .known_domains = (const char *const *)config->bounces.known_domains};

	if (dsn_is_annotated(dsn) || !how.profile)
		return -1;
	if (!options->language)
		config_bounce_languages(
		    config, dsn_language(dsn, engine), options->reader, languages);
	dsn_add_header(dsn, EXPLAIN_VERSION, out);
	return dsn_annotate(dsn, &how, out);
}

static int filter(const struct strbuf *message, const struct options *options)
{
	struct config *config = load_config(options->config);
	struct engine *engine = config ? load_engine(config, true) : NULL;
	struct strbuf out;
	int status = -1;

	strbuf_init(&out, 0);
	if (engine) {
		struct dsn *dsn = dsn_read(strbuf_str(message), message->len);
		if (annotate(dsn, config, engine, options, &out) == 0)
			status = file_write_all(STDOUT_FILENO, strbuf_str(&out), out.len)
			             ? EXIT_DONE
			             : EXIT_TEMPORARY;
		dsn_free(&dsn);
	}
	strbuf_free(&out);
	engine_put(&engine);
	config_free(&config);
	return status >= 0 ? status : pass_on(message);
}

/* All of STREAM, or its first MAX_MESSAGE octets and some more. */
static void read_message(FILE *stream, struct strbuf *message)
{
	size_t len;

	do {
		strbuf_reserve(message, 65536);
		len = fread(message->data + message->len, 1, 65536, stream);
		message->len += len;
	} while (len > 0 && message->len <= MAX_MESSAGE);
	message->data[message->len] = '\0';
}

static int show_files(struct printer *printer, char **files)
{
	int status = EXIT_DONE;
	struct strbuf message;

	strbuf_init(&message, 0);
	for (; *files; files++) {
		FILE *stream = fopen(*files, "re");
		if (!stream) {
			fprintf(stderr, "explainctl dsn: %s: %s\n", *files, strerror(errno));
			status = EXIT_FOUND;
			continue;
		}
		strbuf_reset(&message);
		read_message(stream, &message);
		fclose(stream);
		printer->file = *files;
		print_json(printer, &message);
	}
	strbuf_free(&message);
	return status;
}

/* One object per recipient, for the messages in FILES or the one on standard input. */
static int show(char **files, const struct options *options)
{
	struct config *config = load_config(options->config);
	/* Patterns for a few messages are not worth compiling. */
	struct engine *engine = config ? load_engine(config, !files[0] || !files[1]) : NULL;
	int status = EXIT_FOUND;
	struct strbuf message;

	if (!engine)
		goto out;
	struct profile profile = *engine_profile(engine, "", 0);
	if (options->language)
		profile.language = options->language;
	if (catalog_language(engine_catalog(engine), profile.language) < 0) {
		status = usage_error("dsn", "there are no texts in '%s'", options->language);
		goto out;
	}
	struct printer printer = {.engine = engine,
	    .profile = &profile,
	    .explainer = explainer_create(),
	    .reply = reply_create()};
	if (files[0]) {
		status = show_files(&printer, files);
	} else {
		strbuf_init(&message, 0);
		read_message(stdin, &message);
		print_json(&printer, &message);
		strbuf_free(&message);
		status = EXIT_DONE;
	}
	explainer_free(&printer.explainer);
	reply_free(&printer.reply);
out:
	engine_put(&engine);
	config_free(&config);
	return status;
}

int ctl_dsn(int argc, char **argv)
{
	static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
	    {"lang", required_argument, NULL, 'l'}, {"reader", required_argument, NULL, 'r'},
	    {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct options options = {.json = false};
	struct strbuf message;
	bool wrong = false;
	int option;

	while ((option = getopt_long(argc, argv, "jl:r:c:h", long_options, NULL)) != -1)
		switch (option) {
		case 'j':
			options.json = true;
			break;
		case 'l':
			options.language = optarg;
			break;
		case 'r':
			options.reader = optarg;
			break;
		case 'c':
			options.config = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			wrong = true;
		}
	if (options.json && !wrong)
		return show(argv + optind, &options);
	strbuf_init(&message, 0);
	if (wrong || optind < argc) {
		int status = usage_error("dsn", wrong ? "wrong option" : "files go with --json");
		/* A message that is on its way must not end because of a slip in a recipe. */
		return options.json || isatty(STDIN_FILENO) ? status : pass_on(&message);
	}
	read_message(stdin, &message);
	int status;
	if (ferror(stdin)) {
		/* Half a message must not be taken for a whole one. */
		fprintf(stderr, "explainctl dsn: standard input: %s\n", strerror(errno));
		status = EXIT_TEMPORARY;
	} else if (message.len > MAX_MESSAGE) {
		status = pass_on(&message);
	} else {
		status = filter(&message, &options);
	}
	strbuf_free(&message);
	return status;
}
