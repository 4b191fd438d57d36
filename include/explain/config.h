#ifndef EXPLAIN_CONFIG_H
#define EXPLAIN_CONFIG_H

#include "explain/endpoint.h"
#include "explain/engine.h"
#include "explain/log.h"

#include <stdbool.h>
#include <stddef.h>

struct catalog;
struct problems;

enum mta { MTA_POSTFIX, MTA_SENDMAIL };

/* Languages of one explained bounce. */
#define CONFIG_MAX_LANGUAGES 4

struct language_list {
	char *items[CONFIG_MAX_LANGUAGES + 1]; /* NULL-terminated */
};

/* How delivery reports are explained. */
struct bounce_settings {
	bool inbound, internal;         /* from other servers; of our own mail server */
	struct language_list languages; /* one below the other */
	bool follow_message;            /* rather the one that the returned message asks for */
	struct domain_languages {
		char *domain; /* of the reader */
		struct language_list languages;
	} * domains;
	size_t domain_count;
	size_t max_size; /* octets; larger ones pass */
	char *profile;
	char **known_domains; /* NULL-terminated, may be NULL */
};

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
	struct bounce_settings bounces;
};

/* Reads FILE; NULL gives the defaults. Relative paths in it are taken from the file's directory.
 * Mistakes go to PROBLEMS, all of them, and then NULL is returned. */
struct config *config_load(const char *file, struct problems *problems);
void config_free(struct config **config);
/* The settings for engine_create(); they point into CONFIG. */
struct engine_settings config_engine_settings(const struct config *config);

/* The languages for a reader at the address READER (NULL: unknown) of a report whose returned
 * message asks for the language ASKED (NULL: for none). NULL-terminated; they point into CONFIG, or
 * are ASKED. */
void config_bounce_languages(const struct config *config, const char *asked, const char *reader,
    const char *languages[CONFIG_MAX_LANGUAGES + 1]);
/* Reports what `bounces` names and CATALOG has no texts in. */
void config_check_bounces(
    const struct config *config, const struct catalog *catalog, struct problems *problems);

/* The file that programs read when none is named: conf/explain-milter.yaml of the source tree that
 * the program was built in and runs from, else the installed one if it exists, else NULL. The
 * caller frees it. */
char *config_default_file(void);
/* The directory with the help pages' templates, of the same tree or installed. The caller frees it.
 */
char *config_default_templates(void);

#endif
