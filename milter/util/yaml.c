/* yaml.c - the one place that sees libfyaml: reading, walking, and mistakes with line and column.
 *
 * libfyaml stops at the first syntax error of a document. A catalogue file is a list of items that
 * have nothing to do with each other, so after an error each half of them is read for itself, and
 * so on down to the faulty items, with the others blanked out (line numbers stay right). */
#include "explain/yaml.h"

#include "explain/mem.h"
#include "explain/nearest.h"
#include "explain/problems.h"
#include "explain/utf8.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE ((size_t)16 << 20)
/* Faulty items of one file that are reported. */
#define MAX_FAULTY 100
/* Nodes that the aliases of a document may stand for. A few lines of aliases of aliases would
 * otherwise fill the memory. */
#define MAX_ALIASED ((size_t)100000)
/* libfyaml lets a document nest 64 deep; aliases may go on from there. */
#define MAX_DEPTH 256

struct yaml_doc {
	char *file;
	char **texts;
	struct fy_document **parts;
	size_t count;
};

/* Takes from LEFT the nodes that NODE adds by aliases; false when that is more, or without end. */
static bool aliases_fit(struct fy_node *node, bool aliased, unsigned depth, size_t *left)
{
	struct fy_node *item;
	struct fy_node_pair *pair;
	void *state = NULL;

	if (!node)
		return true;
	if (depth == 0 || (aliased && (*left)-- == 0))
		return false;
	if (fy_node_is_alias(node))
		return aliases_fit(fy_node_resolve_alias(node), true, depth - 1, left);
	if (fy_node_is_sequence(node))
		while ((item = fy_node_sequence_iterate(node, &state)))
			if (!aliases_fit(item, aliased, depth - 1, left))
				return false;
	if (fy_node_is_mapping(node))
		while ((pair = fy_node_mapping_iterate(node, &state)))
			if (!aliases_fit(fy_node_pair_key(pair), aliased, depth - 1, left) ||
			    !aliases_fit(fy_node_pair_value(pair), aliased, depth - 1, left))
				return false;
	return true;
}

/* Puts what its aliases stand for into PART; -1 with *PART freed when that can't be done. */
static int resolve(struct fy_document **part, const char **error)
{
	size_t left = MAX_ALIASED;

	if (!aliases_fit(fy_document_root(*part), false, MAX_DEPTH, &left))
		*error = "its aliases stand for too much";
	else if (fy_document_resolve(*part) == 0)
		return 0;
	fy_document_destroy(*part);
	*part = NULL;
	return -1;
}

/* Takes TEXT (malloc'd) over. Returns -1 and reports, unless QUIET, when it does not parse. */
static int add_part(
    struct yaml_doc *doc, char *text, size_t len, struct problems *problems, bool quiet)
{
	struct fy_diag_cfg diag_cfg;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&diag_cfg);
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET, .diag = diag};
	struct fy_document *part = fy_document_build_from_string(&cfg, text, len);
	const char *why = "not valid YAML";

	if (part)
		resolve(&part, &why);
	if (!part && !quiet) {
		void *state = NULL;
		struct fy_diag_error *error = fy_diag_errors_iterate(diag, &state);
		if (error)
			problems_add(problems, doc->file, (unsigned)error->line,
			    (unsigned)error->column, NULL, "YAML: %s", error->msg);
		else
			problems_add(problems, doc->file, 0, 0, NULL, "%s", why);
	}
	fy_diag_destroy(diag);
	if (!part) {
		free(text);
		return -1;
	}
	doc->texts = mem_realloc(doc->texts, doc->count + 1, sizeof(*doc->texts));
	doc->parts = mem_realloc(doc->parts, doc->count + 1, sizeof(*doc->parts));
	doc->texts[doc->count] = text;
	doc->parts[doc->count++] = part;
	return 0;
}

/* The next top-level list item at or after AT: its begin, or LEN. */
static size_t next_item(const char *text, size_t len, size_t at)
{
	while (at < len) {
		if (text[at] == '-' && at + 1 < len &&
		    (text[at + 1] == ' ' || text[at + 1] == '\n'))
			return at;
		const char *newline = memchr(text + at, '\n', len - at);
		if (!newline)
			return len;
		at = (size_t)(newline - text) + 1;
	}
	return len;
}

/* Adds COUNT items, of which each begins where STARTS says and the last ends at STARTS[COUNT]. Ends
 * when no faulty one is ALLOWED any more. */
static void add_items(struct yaml_doc *doc, const char *text, const size_t *starts, size_t count,
    size_t *allowed, struct problems *problems)
{
	if (*allowed == 0)
		return;
	size_t len = starts[count] - starts[0], lines = 0;

	/* Newlines stand for everything before, to keep line numbers. */
	for (size_t i = 0; i < starts[0]; i++)
		lines += text[i] == '\n';
	char *items = mem_alloc(lines + len + 1);
	memset(items, '\n', lines);
	memcpy(items + lines, text + starts[0], len);
	items[lines + len] = '\0';
	if (add_part(doc, items, lines + len, problems, count > 1) == 0)
		return;
	if (count == 1) {
		--*allowed;
		return;
	}
	add_items(doc, text, starts, count / 2, allowed, problems);
	add_items(doc, text, starts + count / 2, count - count / 2, allowed, problems);
}

static void add_all_items(
    struct yaml_doc *doc, const char *text, size_t len, struct problems *problems)
{
	size_t count = 0, size = 64, allowed = MAX_FAULTY;
	size_t *starts = mem_alloc(size * sizeof(*starts));

	starts[0] = next_item(text, len, 0);
	while (starts[count] < len) {
		if (++count == size)
			starts = mem_realloc(starts, size *= 2, sizeof(*starts));
		starts[count] = next_item(text, len, starts[count - 1] + 1);
	}
	if (count > 0)
		add_items(doc, text, starts, count, &allowed, problems);
	else
		add_part(doc, mem_strndup(text, len), len, problems, false);
	free(starts);
}

/* Where the first thing stands that is no blank, comment or `---`; LEN if there is none. */
static size_t first_content(const char *text, size_t len)
{
	bool comment = false;

	for (size_t i = 0; i < len; i++) {
		if (len - i > 3 && memcmp(text + i, "---\n", 4) == 0)
			i += 3;
		comment = text[i] == '#' || (comment && text[i] != '\n');
		if (!comment && text[i] != ' ' && text[i] != '\n' && text[i] != '\r')
			return i;
	}
	return len;
}

static bool is_blank(const char *text, size_t len)
{
	return first_content(text, len) == len;
}

static bool is_marker(const char *line, size_t len, const char *marker)
{
	return len >= 3 && memcmp(line, marker, 3) == 0 && (len == 3 || strchr(" \t\r", line[3]));
}

/* The line (1-based) at which a second document begins, 0 if there is none: libfyaml reads the
 * first one and says nothing of the others. A marker in the first column is never part of a scalar.
 */
static unsigned second_document(const char *text, size_t len)
{
	bool begun = false, ended = false;
	unsigned number = 1;

	for (size_t at = 0; at < len; number++) {
		const char *line = text + at, *newline = memchr(line, '\n', len - at);
		size_t line_len = newline ? (size_t)(newline - line) : len - at;
		at += line_len + 1;
		bool begins = is_marker(line, line_len, "---");
		if (is_marker(line, line_len, "...")) {
			ended = true;
		} else if (begins || (!is_blank(line, line_len) && (begun || line[0] != '%'))) {
			if (ended || (begins && begun))
				return number;
			begun = true;
		}
	}
	return 0;
}

/* libfyaml takes some octets that are no UTF-8, and after others it reads without end. */
static void report_encoding(
    const char *file, const char *text, size_t at, struct problems *problems)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + ((text[i] & 0xC0) != 0x80);
		line += text[i] == '\n';
	}
	problems_add(problems, file, line, column, NULL, "not UTF-8");
}

struct yaml_doc *yaml_parse(
    const char *file, const char *text, size_t len, struct problems *problems)
{
	struct yaml_doc *doc = mem_calloc(1, sizeof(*doc));
	size_t content = first_content(text, len), valid = utf8_valid(text, len);

	doc->file = mem_strdup(file);
	if (content == len) /* libfyaml makes no document of it */
		add_part(doc, mem_strdup("---\n"), 4, problems, false);
	else if (memchr(text, '\0', len))
		problems_add(
		    problems, file, 0, 0, NULL, "contains a NUL octet, so it is no text file");
	else if (valid < len)
		report_encoding(file, text, valid, problems);
	else if (add_part(doc, mem_strndup(text, len), len, problems, text[content] == '-') == 0) {
		if (second_document(text, len))
			problems_add(problems, file, second_document(text, len), 1, NULL,
			    "a second YAML document begins here; only one can be read");
	} else if (text[content] == '-') {
		size_t before = problems_count(problems);
		add_all_items(doc, text, len, problems);
		/* Every item is right by itself: the mistake is before or between them. */
		if (problems_count(problems) == before)
			add_part(doc, mem_strndup(text, len), len, problems, false);
	}
	if (doc->count == 0)
		yaml_free(&doc);
	return doc;
}

struct yaml_doc *yaml_read(const char *file, struct problems *problems)
{
	FILE *stream = fopen(file, "re");
	if (!stream) {
		problems_add(problems, file, 0, 0, NULL, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	char *text = mem_alloc(MAX_FILE + 1);
	size_t len = fread(text, 1, MAX_FILE + 1, stream);
	int failed = ferror(stream) ? errno : 0;
	fclose(stream);
	struct yaml_doc *doc = NULL;
	if (failed)
		problems_add(problems, file, 0, 0, NULL, "cannot be read: %s", strerror(failed));
	else if (len > MAX_FILE)
		problems_add(problems, file, 0, 0, NULL, "is larger than 16 MiB");
	else
		doc = yaml_parse(file, text, len, problems);
	free(text);
	return doc;
}

void yaml_free(struct yaml_doc **doc)
{
	if (!*doc)
		return;
	for (size_t i = 0; i < (*doc)->count; i++) {
		fy_document_destroy((*doc)->parts[i]);
		free((*doc)->texts[i]);
	}
	free((*doc)->parts);
	free((*doc)->texts);
	free((*doc)->file);
	free(*doc);
	*doc = NULL;
}

const char *yaml_file(const struct yaml_doc *doc)
{
	return doc->file;
}

size_t yaml_roots(const struct yaml_doc *doc)
{
	return doc->count;
}

struct fy_node *yaml_root(const struct yaml_doc *doc, size_t i)
{
	struct fy_node *root = fy_document_root(doc->parts[i]);
	return root && fy_node_is_null(root) ? NULL : root;
}

bool yaml_is_map(struct fy_node *node)
{
	return node && fy_node_is_mapping(node);
}

bool yaml_is_list(struct fy_node *node)
{
	return node && fy_node_is_sequence(node);
}

bool yaml_is_scalar(struct fy_node *node)
{
	return node && fy_node_is_scalar(node);
}

const char *yaml_scalar(struct fy_node *node, size_t *len)
{
	return yaml_is_scalar(node) ? fy_node_get_scalar(node, len) : NULL;
}

struct fy_node *yaml_get(struct fy_node *map, const char *key)
{
	return fy_node_mapping_lookup_by_string(map, key, FY_NT);
}

struct fy_node *yaml_next(struct fy_node *list, void **state)
{
	return fy_node_sequence_iterate(list, state);
}

bool yaml_next_pair(struct fy_node *map, void **state, struct fy_node **key, struct fy_node **value)
{
	struct fy_node_pair *pair = fy_node_mapping_iterate(map, state);

	if (!pair)
		return false;
	*key = fy_node_pair_key(pair);
	*value = fy_node_pair_value(pair);
	return true;
}

/* The key that NODE is the value of, else the list or mapping around it. */
static struct fy_node *node_before(struct fy_node *node)
{
	struct fy_node *parent = node ? fy_node_get_parent(node) : NULL, *key, *value;
	void *state = NULL;

	while (yaml_is_map(parent) && yaml_next_pair(parent, &state, &key, &value))
		if (value == node)
			return key;
	return parent;
}

/* A mapping or list has no token of its own in block style: its first child tells the place. */
static void find_place(struct fy_node *node, unsigned *line, unsigned *column)
{
	for (int depth = 0; node && depth < 8; depth++) {
		void *state = NULL;
		if (fy_node_is_scalar(node)) {
			const struct fy_mark *mark =
			    fy_token_start_mark(fy_node_get_scalar_token(node));
			if (mark) {
				*line = (unsigned)mark->line + 1;
				*column = (unsigned)mark->column + 1;
			}
			return;
		}
		if (fy_node_is_sequence(node)) {
			node = fy_node_sequence_iterate(node, &state);
		} else {
			struct fy_node_pair *pair = fy_node_mapping_iterate(node, &state);
			node = pair ? fy_node_pair_key(pair) : NULL;
		}
	}
}

void yaml_place(struct fy_node *node, unsigned *line, unsigned *column)
{
	*line = *column = 0;
	find_place(node, line, column);
	/* An empty one has no child either. */
	if (*line == 0)
		find_place(node_before(node), line, column);
}

void yaml_problem(const struct yaml_doc *doc, struct fy_node *node, struct problems *problems,
    const char *subject, const char *format, ...)
{
	unsigned line = 0, column = 0;
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	yaml_place(node, &line, &column);
	problems_add(problems, doc->file, line, column, subject, "%s", text);
	free(text);
}

void yaml_check_keys(const struct yaml_doc *doc, struct fy_node *map, const char *const *keys,
    struct problems *problems, const char *subject)
{
	struct fy_node *key, *value;
	void *state = NULL;

	while (yaml_next_pair(map, &state, &key, &value)) {
		size_t len = 0;
		const char *text = yaml_scalar(key, &len);
		char *name = mem_strndup(text ? text : "", text ? len : 0);
		const char *near = nearest_name(name, keys);
		if (!near)
			yaml_problem(doc, key, problems, subject, "unknown key '%s'", name);
		else if (strcmp(near, name) != 0)
			yaml_problem(doc, key, problems, subject,
			    "unknown key '%s', did you mean '%s'?", name, near);
		free(name);
	}
}
