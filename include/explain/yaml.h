#ifndef EXPLAIN_YAML_H
#define EXPLAIN_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct problems;
struct fy_node;

/* One YAML file, read through libfyaml. Nodes belong to their document. */
struct yaml_doc;

/* Reads FILE (at most 16 MiB). A syntax error is added to PROBLEMS with its line and column. In a
 * file whose top level is a list, each faulty item is reported and left out and the rest is read,
 * so that one slip doesn't hide the next. Returns NULL when nothing of the file could be used. An
 * empty file is a document with a NULL root. */
struct yaml_doc *yaml_read(const char *file, struct problems *problems);
/* The same from memory; FILE is only the name for messages. */
struct yaml_doc *yaml_parse(
    const char *file, const char *text, size_t len, struct problems *problems);
void yaml_free(struct yaml_doc **doc);
const char *yaml_file(const struct yaml_doc *doc);

/* The number of roots: 1, or more when a faulty list had to be read in pieces. */
size_t yaml_roots(const struct yaml_doc *doc);
/* Root number I; NULL for an empty document. */
struct fy_node *yaml_root(const struct yaml_doc *doc, size_t i);

bool yaml_is_map(struct fy_node *node);
bool yaml_is_list(struct fy_node *node);
bool yaml_is_scalar(struct fy_node *node);
/* The scalar's text and length; NULL if NODE is no scalar. Not NUL-terminated. */
const char *yaml_scalar(struct fy_node *node, size_t *len);
/* The value of KEY in a mapping, or NULL. */
struct fy_node *yaml_get(struct fy_node *map, const char *key);
/* Walks a list: start with *STATE = NULL; NULL at the end. */
struct fy_node *yaml_next(struct fy_node *list, void **state);
/* Walks a mapping; KEY and VALUE receive the pair. False at the end. */
bool yaml_next_pair(
    struct fy_node *map, void **state, struct fy_node **key, struct fy_node **value);
/* Where NODE begins: 1-based line and column; 0 where unknown. */
void yaml_place(struct fy_node *node, unsigned *line, unsigned *column);
/* Adds a problem at NODE's place. */
void yaml_problem(const struct yaml_doc *doc, struct fy_node *node, struct problems *problems,
    const char *subject, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Reports each key of MAP that is not in KEYS (NULL-terminated), naming the nearest known one. */
void yaml_check_keys(const struct yaml_doc *doc, struct fy_node *map, const char *const *keys,
    struct problems *problems, const char *subject);

#endif
