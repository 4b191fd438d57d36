#ifndef EXPLAIN_LOG_H
#define EXPLAIN_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* Chooses where log lines go; NAME is the program's. Before this, and in programs that never call
 * it, lines go to stderr at once. */
void log_open(const char *name, enum log_target target);
/* Starts the writer thread: from now on log_line() only queues, so that a slow disk or a stuck
 * syslog never holds up a reply. At most 1 MiB of lines waits; more are counted and dropped. */
void log_start(void);
/* Writes what is queued and ends the thread. */
void log_stop(void);
/* Lines dropped since the start because the writer could not keep up. */
uint64_t log_dropped(void);

/* Logs one line of LEN octets. TEXT holds no line break (log_add_value() sees to that). */
void log_line(enum log_level level, const char *text, size_t len);
/* printf form. Control characters in the result are replaced by '?'. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct strbuf;
/* Appends ` KEY=VALUE`. A value with blanks, quotes, backslashes or anything outside printable
 * ASCII stands in double quotes, with \" \\ and \xHH, so that a hostile value can't forge a field
 * or line. */
void log_add_value(struct strbuf *line, const char *key, const char *value, size_t len);

#endif
