/*
 * bench_util.h - what all benchmark programs need: clock, processor time, median, a way to give up,
 * lines of a file.
 *
 * Header only, because every tests/bench/NAME.c is a program of its own. Benchmarks run on trusted
 * input, so here (and only here) a failure ends the program.
 */
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* One line of a file after unescaping; may hold any octet. NUL-terminated for convenience. */
struct bench_line {
	char *data;
	size_t len;
};

struct bench_lines {
	struct bench_line *item;
	size_t count;
};

__attribute__((format(printf, 1, 2), noreturn)) static inline void bench_die(
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static inline void *bench_alloc(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);

	if (memory == NULL)
		bench_die("out of memory");
	return memory;
}

static inline uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static inline double bench_seconds_since(uint64_t start_ns)
{
	return (double)(bench_now_ns() - start_ns) / 1e9;
}

/* Processor time of this process so far, user and system, in seconds. */
static inline double bench_cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline int bench_compare_u32(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* The value below which the given part (0.5: the median) of the samples lies; sorts them. */
static inline uint32_t bench_quantile(uint32_t *samples, size_t count, double part)
{
	size_t index = (size_t)((double)count * part);

	if (count == 0)
		return 0;
	qsort(samples, count, sizeof *samples, bench_compare_u32);
	return samples[index < count ? index : count - 1];
}

/* Nanoseconds that one pair of bench_now_ns() calls adds to what stands between them. */
static inline uint32_t bench_clock_cost(void)
{
	enum { ROUNDS = 10001 };
	static uint32_t samples[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t start = bench_now_ns();

		samples[i] = (uint32_t)(bench_now_ns() - start);
	}
	return bench_quantile(samples, ROUNDS, 0.5);
}

/* A whole number from the command line; ends the program if it is none or is below min. */
static inline long bench_number(const char *text, const char *option, long min)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < min)
		bench_die("%s: a number of at least %ld is needed, not '%s'", option, min, text);
	return value;
}

/* Turns the two characters \r, \n and \\ into what they stand for, in place; returns the new
 * length. */
static inline size_t bench_unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t in = 0; in < len; in++) {
		char c = text[in];

		if (c == '\\' && in + 1 < len) {
			char next = text[in + 1];

			if (next == 'r' || next == 'n' || next == '\\') {
				c = next == 'r' ? '\r' : next == 'n' ? '\n' : '\\';
				in++;
			}
		}
		text[out++] = c;
	}
	text[out] = '\0';
	return out;
}

/* Reads all non-empty lines of a file; with unescape set, escapes in them are resolved. */
static inline struct bench_lines bench_read_lines(const char *path, int unescape)
{
	struct bench_lines lines = {NULL, 0};
	FILE *file = fopen(path, "r");
	size_t room = 0;
	char *line = NULL;
	size_t line_room = 0;
	ssize_t got;

	if (file == NULL)
		bench_die("%s: %s", path, strerror(errno));
	while ((got = getline(&line, &line_room, file)) > 0) {
		size_t len = (size_t)got;

		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len == 0)
			continue;
		if (lines.count == room) {
			room = room > 0 ? room * 2 : 256;
			lines.item = realloc(lines.item, room * sizeof *lines.item);
			if (lines.item == NULL)
				bench_die("out of memory");
		}
		if (unescape)
			len = bench_unescape(line, len);
		lines.item[lines.count].data = line;
		lines.item[lines.count].len = len;
		lines.count++;
		line = NULL;
		line_room = 0;
	}
	free(line);
	fclose(file);
	if (lines.count == 0)
		bench_die("%s: no lines in it", path);
	return lines;
}

static inline void bench_free_lines(struct bench_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->item[i].data);
	free(lines->item);
	lines->item = NULL;
	lines->count = 0;
}

#endif
