/* log.c - log lines, written by a thread of their own once the daemon runs.
 *
 * The reply path must not wait for a disk, a pipe or syslogd, so log_line() copies the line into a
 * bounded buffer, which the writer takes over whole. What does not fit is counted, and the count is
 * logged. */
#include "explain/log.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define MAX_WAITING ((size_t)1 << 20)
#define MAX_LINE 2000
/* The writer lets lines gather before it writes: one wake-up and one write for many. */
#define GATHER_NS 10000000

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_t writer;
	struct strbuf waiting; /* lines: one character of level, text, newline */
	bool running, stopping, idle;
	char name[32];
	enum log_target target;
	atomic_uint_fast64_t dropped;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER,
    .filled = PTHREAD_COND_INITIALIZER,
    .waiting = {.limit = MAX_WAITING},
    .name = "explain-milter"};

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
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		data += written;
		len -= (size_t)written;
	}
}

/* Appends one line as it waits in a buffer. Whole or not at all. */
static bool add_line(struct strbuf *lines, enum log_level level, const char *text, size_t len)
{
	if (!strbuf_reserve(lines, len + 2)) {
		lines->overflow = false; /* a shorter line may still fit */
		return false;
	}
	strbuf_addch(lines, (char)('0' + level));
	strbuf_add(lines, text, len);
	strbuf_addch(lines, '\n');
	return true;
}

/* Writes lines; to stderr in one piece, since a system call a line is what costs. */
static void write_lines(const struct strbuf *lines, struct strbuf *out)
{
	const char *line = strbuf_str(lines), *end = line + lines->len;

	strbuf_reset(out);
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		int level = line[0] - '0', len = (int)(newline - line) - 1;
		if (logger.target == LOG_TO_SYSLOG) {
			syslog(priorities[level], "%s%.*s", prefixes[level], len, line + 1);
		} else {
			strbuf_addstr(out, logger.name);
			strbuf_addstr(out, ": ");
			strbuf_addstr(out, prefixes[level]);
			strbuf_add(out, line + 1, (size_t)len + 1);
		}
		line = newline + 1;
	}
	write_all(strbuf_str(out), out->len);
}

/* Returns when there is something to write, or the end. */
static void wait_for_lines(void)
{
	static const struct timespec gather = {.tv_nsec = GATHER_NS};

	if (logger.waiting.len > 0 || logger.stopping)
		return;
	while (logger.waiting.len == 0 && !logger.stopping) {
		logger.idle = true;
		pthread_cond_wait(&logger.filled, &logger.lock);
		logger.idle = false;
	}
	if (logger.stopping)
		return;
	pthread_mutex_unlock(&logger.lock);
	nanosleep(&gather, NULL);
	pthread_mutex_lock(&logger.lock);
}

static void report_dropped(uint64_t *reported, struct strbuf *lines, struct strbuf *out)
{
	uint64_t dropped = log_dropped();
	char text[64];

	if (dropped == *reported)
		return;
	int len = snprintf(text, sizeof(text), "%llu log lines were dropped",
	    (unsigned long long)(dropped - *reported));
	*reported = dropped;
	strbuf_reset(lines);
	add_line(lines, LOG_LEVEL_WARNING, text, (size_t)len);
	write_lines(lines, out);
}

static void *write_loop(void *unused)
{
	struct strbuf lines, out;
	uint64_t reported = 0;

	(void)unused;
	strbuf_init(&lines, MAX_WAITING);
	strbuf_init(&out, 0);
	pthread_mutex_lock(&logger.lock);
	for (;;) {
		wait_for_lines();
		if (logger.waiting.len == 0)
			break;
		/* The empty buffer goes in, the full one comes out. */
		struct strbuf full = logger.waiting;
		strbuf_reset(&lines);
		logger.waiting = lines;
		lines = full;
		pthread_mutex_unlock(&logger.lock);
		write_lines(&lines, &out);
		report_dropped(&reported, &lines, &out);
		pthread_mutex_lock(&logger.lock);
	}
	pthread_mutex_unlock(&logger.lock);
	strbuf_free(&lines);
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
	if (!logger.running) {
		struct strbuf line, out;
		strbuf_init(&line, 0);
		strbuf_init(&out, 0);
		add_line(&line, level, text, len);
		write_lines(&line, &out);
		strbuf_free(&line);
		strbuf_free(&out);
		return;
	}
	pthread_mutex_lock(&logger.lock);
	if (!add_line(&logger.waiting, level, text, len))
		atomic_fetch_add(&logger.dropped, 1);
	else if (logger.idle)
		pthread_cond_signal(&logger.filled);
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
