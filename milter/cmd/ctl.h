/* ctl.h - what the commands of explainctl share. */
#ifndef CMD_CTL_H
#define CMD_CTL_H

#include <stdbool.h>
#include <stdio.h>

struct config;
struct engine;
struct problems;

/* Exit statuses (sysexits.h has the 75). */
enum { EXIT_DONE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_TEMPORARY = 75 };

/* Each runs one command with its own arguments, argv[0] being its name, and returns the exit
 * status. */
int ctl_explain(int argc, char **argv);
int ctl_code(int argc, char **argv);
int ctl_dsn(int argc, char **argv);
int ctl_check(int argc, char **argv);
int ctl_pages(int argc, char **argv);
int ctl_export(int argc, char **argv);
int ctl_setup(int argc, char **argv);

/* Prints all problems to stderr, one a line. */
void print_problems(const struct problems *problems);
/* The configuration from FILE (NULL: the default one), or NULL after printing what is wrong. */
struct config *load_config(const char *file);
/* Its engine, or NULL after printing what is wrong. AT_ONCE is for few replies, see engine.h. */
struct engine *load_engine(const struct config *config, bool at_once);
/* Everything of STREAM up to MAX octets; NULL if there is more or it can't be read. */
char *read_all(FILE *stream, size_t max, size_t *len);
/* "explainctl COMMAND: unknown option" and where help is; returns EXIT_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
