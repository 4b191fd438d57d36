/* ctl_code.c - explainctl code: what a reply code or enhanced status code means. */
#include "ctl.h"

#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/engine.h"
#include "explain/fold.h"
#include "explain/strbuf.h"
#include "explain/template.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 76
#define MAX_LINES 40

static void print_folded(const char *label, const char *text)
{
	struct fold_line lines[MAX_LINES];
	size_t count = fold_text(text, strlen(text), WIDTH - 10, WIDTH, lines, MAX_LINES);

	for (size_t i = 0; i < count && i < MAX_LINES; i++)
		printf("%-9s %.*s\n", i == 0 ? label : "", (int)lines[i].len, text + lines[i].at);
}

static const char *class_words(int class)
{
	static const char *const words[] = {[2] = "The server did what was asked.",
	    [3] = "The server waits for more input.",
	    [4] = "Temporary: the sending server tries again by itself.",
	    [5] = "Permanent: the sending server does not try again."};

	return words[class];
}

static void print_entry(const struct code_entry *entry, const char *asked, int class)
{
	struct strbuf list;

	printf("%s  %s\n", asked, entry->name);
	print_folded("meaning", entry->meaning);
	print_folded("class", class_words(class));
	strbuf_init(&list, 0);
	for (size_t i = 0; i < entry->code_count; i++)
		strbuf_addf(&list, "%s%d", i ? ", " : "", entry->codes[i]);
	if (list.len)
		print_folded("replies", list.data);
	if (entry->cause && class >= 4) {
		const struct cause_text *text = cause_text(entry->cause, 0);
		const struct variants *last[] = {
		    &text->texts[TEXT_SUMMARY], &text->texts[TEXT_ACTION]};
		strbuf_reset(&list);
		for (size_t i = 0; i < 2; i++) {
			if (i > 0)
				strbuf_addch(&list, ' ');
			template_show(&list, last[i]->items[last[i]->count - 1]);
		}
		print_folded("usually", list.data);
		print_folded("cause", entry->cause->id);
	}
	strbuf_reset(&list);
	for (size_t i = 0; i < entry->ref_count; i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", entry->refs[i]);
	if (list.len)
		print_folded("see", list.data);
	strbuf_free(&list);
}

static bool is_asked(const struct code_entry *entry, int code, const struct status *status)
{
	return code ? entry->code == code
	            : entry->code == 0 && status_matches(&entry->status, status);
}

/* How much of the code an entry is about: 5.1.1 or X.1.1 say more than 5.x.x. */
static int exactness(const struct code_entry *entry)
{
	return (entry->status.class != STATUS_ANY) + 2 * (entry->status.subject != STATUS_ANY) +
	       4 * (entry->status.detail != STATUS_ANY);
}

static int look_up(const struct catalog *catalog, const char *asked)
{
	size_t len = strlen(asked), count;
	const struct code_entry *codes = catalog_codes(catalog, &count);
	struct status status = {0};
	int code = 0;
	const struct code_entry *best = NULL;

	if (len == 3 && strspn(asked, "0123456789") == 3)
		code = atoi(asked);
	else if (status_parse(&status, asked, len) != len)
		return usage_error(
		    "code", "'%s' is neither a reply code like 550 nor a status like 5.1.1", asked);
	int class = code ? code / 100 : status.class;
	for (size_t i = 0; i < count; i++)
		if (is_asked(&codes[i], code, &status) &&
		    (!best || exactness(&codes[i]) > exactness(best)))
			best = &codes[i];
	if (best && (code || best->status.detail != STATUS_ANY)) {
		print_entry(best, asked, class);
		return EXIT_DONE;
	}
	printf("%s is not registered.\n", asked);
	if (class >= 2 && class <= 5)
		print_folded("class", class_words(class));
	return EXIT_FOUND;
}

int ctl_code(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *file = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'h') {
			puts("usage: explainctl code [-c FILE] CODE\n\n"
			     "Tells what a reply code (550, 251) or an enhanced status code "
			     "(5.1.1) means.\n"
			     "Exit status 1: the code is not registered.");
			return EXIT_DONE;
		}
		if (option != 'c')
			return usage_error("code", "unknown option");
		file = optarg;
	}
	if (argc - optind != 1)
		return usage_error("code", "needs one code");
	struct config *config = load_config(file);
	struct engine *engine = config ? load_engine(config, true) : NULL;
	int status = engine ? look_up(engine_catalog(engine), argv[optind]) : EXIT_FOUND;
	engine_put(&engine);
	config_free(&config);
	return status;
}
