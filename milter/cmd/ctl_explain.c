/* ctl_explain.c - explainctl explain: what the daemon would say, and why. */
#include "ctl.h"

#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/explain_json.h"
#include "explain/match.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE ((size_t)1 << 20)
#define MAX_SHOWN 50

struct options {
	bool json, batch, verbose;
	const char *config, *map, *language;
	enum stage stage;
};

struct session {
	const struct options *options;
	struct engine *engine;
	struct profile profile; /* with the language that was asked for */
	struct explainer *explainer;
	struct reply *reply;
	bool flat; /* as delivery-status shows it */
};

static void print_help(void)
{
	puts(
	    "usage: explainctl explain [OPTIONS] ['REPLY']\n\n"
	    "Explains an SMTP reply, or an error text from a bounce or a log. Without REPLY it is "
	    "read\n"
	    "from standard input; the two characters \\n in REPLY are line breaks.\n\n"
	    "  -j, --json         print one JSON object\n"
	    "  -b, --batch        read one reply a line, text or {\"reply\":...,\"stage\":...};\n"
	    "                     print one JSON object a line\n"
	    "  -v, --verbose      also list every rule that fits, and why the first one is used\n"
	    "  -m, --map NAME     as the socketmap NAME would: footer, rewrite or "
	    "delivery-status,\n"
	    "                     with .PROFILE behind it\n"
	    "  -l, --lang CODE    in this language\n"
	    "  -s, --stage STAGE  where the reply was given: connect, helo, mail, rcpt, data, ...\n"
	    "  -c, --config FILE  another configuration file");
}

/* `\n` is how people write a line break in a shell or a log. */
static size_t unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		bool escape = text[i] == '\\' && i + 1 < len;
		if (escape && (text[i + 1] == 'n' || text[i + 1] == 'r')) {
			text[out++] = text[i + 1] == 'n' ? '\n' : '\r';
			i++;
		} else {
			text[out++] = text[i];
		}
	}
	return out;
}

static void print_json(struct session *session, enum stage stage)
{
	struct explain_context context = {.profile = &session->profile, .stage = stage};
	char *json = explain_json(session->explainer, session->engine, session->reply, &context);

	puts(json);
	free(json);
}

static const struct explanation *explain(struct session *session, enum stage stage)
{
	struct explain_context context = {.profile = &session->profile, .stage = stage};

	return explain_reply(session->explainer, session->engine, session->reply, &context);
}

static void print_text(struct session *session, const struct explanation *explanation,
    const char *given, size_t given_len)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	if (session->flat) {
		while (given_len > 0 && given[given_len - 1] == '\n')
			given_len--;
		if (!explanation || render_delivery_status(&out, given, given_len,
		                        &explanation->message, session->profile.max_octets) < 0)
			strbuf_add(&out, given, given_len);
	} else if (!explanation || render_reply(&out, &explanation->message, session->reply,
	                               &session->profile) < 0) {
		reply_add_lines(&out, session->reply, false);
	}
	for (const char *c = strbuf_str(&out); *c; c++)
		if (*c != '\r')
			putchar(*c);
	putchar('\n');
	strbuf_free(&out);
}

static void print_why(struct session *session, const struct explanation *explanation)
{
	const struct rule *rules[MAX_SHOWN];
	struct match_input input = {.code = reply_code(session->reply),
	    .status = reply_status(session->reply),
	    .stage =
	        session->options->stage ? session->options->stage : reply_stage(session->reply)};

	input.text = reply_text(session->reply, &input.text_len);
	input.host = reply_host(session->reply, &input.host_len);
	printf("\ntext:   %.*s\n", (int)input.text_len, input.text);
	if (!explanation) {
		puts(explain_is_explained(session->engine, session->reply)
		         ? "result: carries an explanation already, nothing is added"
		         : "result: needs no explanation (class 2 or 3)");
		return;
	}
	printf("cause:  %s (reason %s, fixer %s)\n", explanation->cause->id,
	    explanation->cause->reason, explanation->cause->fixer);
	size_t count =
	    matcher_select_all(engine_matcher(session->engine), &input, rules, MAX_SHOWN);
	if (count == 0)
		puts("rule:   none fits");
	for (size_t i = 0; i < count && i < MAX_SHOWN; i++)
		printf("%s  %s (%s:%u) -> %s\n", i == 0 ? "rule: " : "      ", rules[i]->id,
		    rules[i]->place.file, rules[i]->place.line, rules[i]->cause->id);
	if (count > 1)
		printf(
		    "        %zu rules fit; the first one in the order of files is used\n", count);
}

static void explain_one(struct session *session, const char *text, size_t len)
{
	if (reply_parse(session->reply, text, len) < 0)
		fprintf(
		    stderr, "explainctl explain: only the first %d octets are read\n", REPLY_MAX);
	if (len > REPLY_MAX)
		reply_parse(session->reply, text, REPLY_MAX);
	if (session->options->json)
		print_json(session, session->options->stage);
	const struct explanation *explanation = explain(session, session->options->stage);
	if (!session->options->json)
		print_text(session, explanation, text, len);
	if (session->options->verbose)
		print_why(session, explanation);
}

/* {"reply": "...", "stage": "rcpt"}; returns an error sentence or NULL. */
static const char *parse_object(
    struct session *session, const char *line, size_t len, enum stage *stage)
{
	json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	const char *text = NULL, *error = NULL;
	size_t text_len = 0;

	if (!object)
		return "not valid JSON";
	json_t *reply = json_object_get(object, "reply"), *where = json_object_get(object, "stage");
	if (!json_is_string(reply)) {
		error = "\"reply\" must be a text";
	} else {
		text = json_string_value(reply);
		text_len = json_string_length(reply);
		if (json_is_string(where))
			*stage = stage_by_name(json_string_value(where), json_string_length(where));
		if (where && (!json_is_string(where) ||
		                 (*stage == STAGE_NONE && json_string_length(where) > 0)))
			error = "\"stage\" is none that is known";
		else if (reply_parse(session->reply, text, text_len) < 0)
			error = "the reply is longer than 10000 octets";
	}
	json_decref(object);
	return error;
}

static void explain_line(struct session *session, char *line, size_t len)
{
	enum stage stage = session->options->stage;
	const char *error = NULL;

	if (line[0] == '{')
		error = parse_object(session, line, len, &stage);
	else if (reply_parse(session->reply, line, unescape(line, len)) < 0)
		error = "the reply is longer than 10000 octets";
	if (error) {
		json_t *object = json_pack("{s:s}", "error", error);
		char *text = json_dumps(object, JSON_COMPACT);
		puts(text);
		free(text);
		json_decref(object);
		return;
	}
	print_json(session, stage);
}

static int explain_batch(struct session *session)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) >= 0) {
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		explain_line(session, line, (size_t)len);
	}
	free(line);
	return ferror(stdin) ? EXIT_TEMPORARY : EXIT_DONE;
}

/* The profile that a map name's suffix selects. */
static int choose_profile(struct session *session)
{
	const struct options *options = session->options;
	const char *dot = options->map ? strchr(options->map, '.') : NULL;
	const char *name = dot ? dot + 1 : "";
	const struct profile *profile = engine_profile(session->engine, name, strlen(name));

	if (!profile)
		return usage_error("explain", "there is no profile '%s'", name);
	session->profile = *profile;
	size_t len = options->map ? strcspn(options->map, ".") : 0;
	session->flat =
	    len == strlen("delivery-status") && strncmp(options->map, "delivery-status", len) == 0;
	if (options->map && !session->flat &&
	    !(len == 6 && strncmp(options->map, "footer", 6) == 0) &&
	    !(len == 7 && strncmp(options->map, "rewrite", 7) == 0))
		return usage_error("explain", "'%s' is no map", options->map);
	if (options->language) {
		const struct catalog *catalog = engine_catalog(session->engine);
		int language = catalog_language(catalog, options->language);
		if (language < 0)
			return usage_error(
			    "explain", "there are no texts in '%s'", options->language);
		session->profile.language = options->language;
		if (!options->json && !options->batch &&
		    !catalog_language_is_latin(catalog, language))
			fprintf(stderr,
			    "explainctl explain: replies are ASCII, so this one is in English; "
			    "--json shows the texts in '%s'\n",
			    options->language);
	}
	return EXIT_DONE;
}

static int run(const struct options *options, int argc, char **argv)
{
	struct config *config = load_config(options->config);
	struct session session = {.options = options};
	int status = EXIT_FOUND;

	if (!config || !(session.engine = load_engine(config, !options->batch)))
		goto out;
	status = choose_profile(&session);
	if (status != EXIT_DONE)
		goto out;
	session.explainer = explainer_create();
	session.reply = reply_create();
	if (options->batch) {
		status = explain_batch(&session);
	} else if (argc > 0) {
		char *text = mem_strdup(argv[0]);
		explain_one(&session, text, unescape(text, strlen(text)));
		free(text);
	} else {
		size_t len;
		char *text = read_all(stdin, MAX_LINE, &len);
		if (text)
			explain_one(&session, text, len);
		else
			status =
			    usage_error("explain", "standard input can't be read or is too long");
		free(text);
	}
	explainer_free(&session.explainer);
	reply_free(&session.reply);
out:
	engine_put(&session.engine);
	config_free(&config);
	return status;
}

int ctl_explain(int argc, char **argv)
{
	static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
	    {"batch", no_argument, NULL, 'b'}, {"verbose", no_argument, NULL, 'v'},
	    {"map", required_argument, NULL, 'm'}, {"lang", required_argument, NULL, 'l'},
	    {"stage", required_argument, NULL, 's'}, {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {0}};
	struct options options = {0};
	int option;

	while ((option = getopt_long(argc, argv, "jbvm:l:s:c:h", long_options, NULL)) != -1)
		switch (option) {
		case 'j':
			options.json = true;
			break;
		case 'b':
			options.batch = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'm':
			options.map = optarg;
			break;
		case 'l':
			options.language = optarg;
			break;
		case 's':
			options.stage = stage_by_name(optarg, strlen(optarg));
			if (options.stage == STAGE_NONE)
				return usage_error("explain", "'%s' is no stage", optarg);
			break;
		case 'c':
			options.config = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			return usage_error("explain", "unknown option");
		}
	if (argc - optind > 1)
		return usage_error("explain", "one reply at a time; put it in quotes");
	if (options.batch && optind < argc)
		return usage_error("explain", "--batch reads standard input");
	return run(&options, argc - optind, argv + optind);
}
