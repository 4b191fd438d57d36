/* log.c - log lines, written by a thread of their own once the daemon runs.
 *
 * The reply path must not wait for a disk, a pipe or syslogd, so log_line() copies the line into a
 * bounded queue. What does not fit is counted, and the count is logged. */
#include "explain/log.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define QUEUE_LINES 8192
#define MAX_LINE 2000

struct entry {
	enum log_level level;
	char *text;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_t writer;
	struct entry queue[QUEUE_LINES];
	size_t first, count;
	bool running, stopping, waiting;
	char name[32];
	enum log_target target;
	atomic_uint_fast64_t dropped;
} logger = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER, .name = "explain-milter"};

static const int priorities[] = {
    [LOG_LEVEL_ERROR] = LOG_ERR, [LOG_LEVEL_WARNING] = LOG_WARNING, [LOG_LEVEL_INFO] = LOG_INFO};
static const char *const prefixes[] = {
    [LOG_LEVEL_ERROR] = "error: ", [LOG_LEVEL_WARNING] = "warning: ", [LOG_LEVEL_INFO] = ""};

void log_open(const char *name, enum log_target target)
{
	snprintf(logger.name, sizeof(logger.name), "%s", name);
	logger.target = target;
	if (target == LOG_TO_SYSLOG)
		openlog(logger.name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/* A failed write has nowhere to be reported, and must not stop the writer. */
static void write_all(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t written = write(STDERR_FILENO, data, len);
		if (written <= 0)
			return;
		data += written;
		len -= (size_t)written;
	}
}

static void format_entry(struct strbuf *out, enum log_level level, const char *text)
{
	strbuf_addstr(out, logger.name);
	strbuf_addstr(out, ": ");
	strbuf_addstr(out, prefixes[level]);
	strbuf_addstr(out, text);
	strbuf_addch(out, '\n');
}

/* Writes COUNT entries; for stderr as one write, since a system call a line is what costs. */
static void write_entries(const struct entry *entries, size_t count, struct strbuf *out)
{
	strbuf_reset(out);
	for (size_t i = 0; i < count; i++) {
		if (logger.target == LOG_TO_SYSLOG)
			syslog(priorities[entries[i].level], "%s%s", prefixes[entries[i].level],
			    entries[i].text);
		else
			format_entry(out, entries[i].level, entries[i].text);
	}
	write_all(strbuf_str(out), out->len);
}

static void *write_loop(void *unused)
{
	enum { BATCH = 256 };
	struct entry batch[BATCH];
	struct strbuf out;
	uint64_t reported = 0;

	(void)unused;
	strbuf_init(&out, 0);
	pthread_mutex_lock(&logger.lock);
	for (;;) {
		while (logger.count == 0 && !logger.stopping) {
			logger.waiting = true;
			pthread_cond_wait(&logger.filled, &logger.lock);
			logger.waiting = false;
		}
		size_t count = logger.count < BATCH ? logger.count : BATCH;
		if (count == 0)
			break;
		for (size_t i = 0; i < count; i++)
			batch[i] = logger.queue[(logger.first + i) % QUEUE_LINES];
		logger.first = (logger.first + count) % QUEUE_LINES;
		logger.count -= count;
		pthread_mutex_unlock(&logger.lock);

		write_entries(batch, count, &out);
		for (size_t i = 0; i < count; i++)
			free(batch[i].text);
		uint64_t dropped = log_dropped();
		if (dropped != reported) {
			char text[80];
			snprintf(text, sizeof(text), "%llu log lines were dropped",
			    (unsigned long long)(dropped - reported));
			struct entry entry = {LOG_LEVEL_WARNING, text};
			write_entries(&entry, 1, &out);
			reported = dropped;
		}
		pthread_mutex_lock(&logger.lock);
	}
	pthread_mutex_unlock(&logger.lock);
	strbuf_free(&out);
	return NULL;
}

void log_start(void)
{
	if (pthread_create(&logger.writer, NULL, write_loop, NULL) == 0)
		logger.running = true;
}

void log_stop(void)
{
	if (!logger.running)
		return;
	pthread_mutex_lock(&logger.lock);
	logger.stopping = true;
	pthread_cond_signal(&logger.filled);
	pthread_mutex_unlock(&logger.lock);
	pthread_join(logger.writer, NULL);
	logger.running = logger.stopping = false;
}

uint64_t log_dropped(void)
{
	return atomic_load(&logger.dropped);
}

void log_line(enum log_level level, const char *text, size_t len)
{
	if (len > MAX_LINE)
		len = MAX_LINE;
	char *copy = mem_strndup(text, len);
	if (!logger.running) {
		struct strbuf out;
		strbuf_init(&out, 0);
		write_entries(&(struct entry){level, copy}, 1, &out);
		strbuf_free(&out);
		free(copy);
		return;
	}
	pthread_mutex_lock(&logger.lock);
	if (logger.count == QUEUE_LINES) {
		atomic_fetch_add(&logger.dropped, 1);
		free(copy);
	} else {
		logger.queue[(logger.first + logger.count++) % QUEUE_LINES] =
		    (struct entry){level, copy};
		if (logger.waiting)
			pthread_cond_signal(&logger.filled);
	}
	pthread_mutex_unlock(&logger.lock);
}

static void log_format(enum log_level level, const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		return;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	log_line(level, text, strlen(text));
	free(text);
}

void log_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_format(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_format(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	log_format(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

static bool is_plain(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] <= ' ' || (unsigned char)value[i] >= 127 ||
		    value[i] == '"' || value[i] == '\\')
			return false;
	return len > 0;
}

void log_add_value(struct strbuf *line, const char *key, const char *value, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	strbuf_addch(line, ' ');
	strbuf_addstr(line, key);
	strbuf_addch(line, '=');
	if (is_plain(value, len)) {
		strbuf_add(line, value, len);
		return;
	}
	strbuf_addch(line, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];
		if (c == '"' || c == '\\') {
			strbuf_addch(line, '\\');
			strbuf_addch(line, (char)c);
		} else if (c < ' ' || c >= 127) {
			strbuf_addstr(line, "\\x");
			strbuf_addch(line, hex[c >> 4]);
			strbuf_addch(line, hex[c & 15]);
		} else {
			strbuf_addch(line, (char)c);
		}
	}
	strbuf_addch(line, '"');
}
