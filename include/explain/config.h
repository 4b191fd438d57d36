#ifndef EXPLAIN_CONFIG_H
#define EXPLAIN_CONFIG_H

#include "explain/endpoint.h"
#include "explain/engine.h"
#include "explain/log.h"

#include <stdbool.h>
#include <stddef.h>

struct problems;

enum mta { MTA_POSTFIX, MTA_SENDMAIL };

/* explain-milter.yaml, read and checked; every field has a value. explain-milter.yaml(5) describes
 * the keys. */
struct config {
	char *file; /* NULL: built-in defaults */
	bool has_milter;
	struct endpoint milter;
	struct endpoint *sockets; /* socketmap */
	size_t socket_count;
	unsigned socket_mode;
	char *socket_group; /* NULL: unchanged */
	unsigned max_clients;
	unsigned workers; /* threads that answer socketmap requests */
	enum mta mta;
	char *user; /* NULL: unchanged */
	enum log_target log;
	char **catalog; /* NULL-terminated */
	char *cache;    /* NULL: none */
	char *site;
	struct profile_settings *profiles; /* the first is `default` */
	size_t profile_count;
};

/* Reads FILE; NULL gives the defaults. Relative paths in it are taken from the file's directory.
 * Mistakes go to PROBLEMS, all of them, and then NULL is returned. */
struct config *config_load(const char *file, struct problems *problems);
void config_free(struct config **config);
/* The settings for engine_create(); they point into CONFIG. */
struct engine_settings config_engine_settings(const struct config *config);

/* The file that programs read when none is named: conf/explain-milter.yaml of the source tree that
 * the program was built in and runs from, else the installed one if it exists, else NULL. The
 * caller frees it. */
char *config_default_file(void);
/* The directory with the help pages' templates, of the same tree or installed. The caller frees it.
 */
char *config_default_templates(void);

#endif
