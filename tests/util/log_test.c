/* log_test.c - log lines: their form, hostile values, the queue and what doesn't fit into it.
 *
 * The module writes to stderr, so that is a pipe here while it writes. */
#include "../unit.h"

#include "explain/log.h"
#include "explain/strbuf.h"

#include <fcntl.h>
#include <pthread.h>

static struct {
	int saved, in, out;
	pthread_t reader;
	struct strbuf text;
} capture;

static void *read_all(void *unused)
{
	char data[4096];
	ssize_t len;

	(void)unused;
	while ((len = read(capture.in, data, sizeof(data))) > 0)
		strbuf_add(&capture.text, data, (size_t)len);
	return NULL;
}

/* stderr goes into a pipe; what comes out is kept from capture_read() on. */
static void capture_begin(void)
{
	int pipe_ends[2];

	ck_assert_int_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
	capture.in = pipe_ends[0];
	capture.out = pipe_ends[1];
	capture.saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	ck_assert_int_ge(dup2(capture.out, STDERR_FILENO), 0);
	close(capture.out);
	strbuf_init(&capture.text, 0);
}

static void capture_read(void)
{
	ck_assert_int_eq(pthread_create(&capture.reader, NULL, read_all, NULL), 0);
}

/* What was written; valid until strbuf_free(&capture.text). */
static const char *capture_end(void)
{
	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
	pthread_join(capture.reader, NULL);
	close(capture.in);
	return strbuf_str(&capture.text);
}

START_TEST(values)
{
	static const struct {
		const char *value;
		size_t len;
		const char *expected;
	} cases[] = {
	    {"550", 3, " k=550"},
	    {"<bob@example.org>", 17, " k=<bob@example.org>"},
	    {"mx.example.org[192.0.2.1]", 25, " k=mx.example.org[192.0.2.1]"},
	    {"a=b", 3, " k=a=b"},
	    {"", 0, " k=\"\""},
	    {" ", 1, " k=\" \""},
	    {"a b", 3, " k=\"a b\""},
	    {"a\"b", 3, " k=\"a\\\"b\""},
	    {"a\\b", 3, " k=\"a\\\\b\""},
	    {"\\", 1, " k=\"\\\\\""},
	    {"x\" rule=forged \"", 16, " k=\"x\\\" rule=forged \\\"\""},
	    {"a\r\nb", 4, " k=\"a\\x0d\\x0ab\""},
	    {"\0", 1, " k=\"\\x00\""},
	    {"\x1b[2J", 4, " k=\"\\x1b[2J\""},
	    {"\x7f\x80\xff", 3, " k=\"\\x7f\\x80\\xff\""},
	    {"\xc3\xa9", 2, " k=\"\\xc3\\xa9\""},
	    {"!~", 2, " k=!~"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf line;
		strbuf_init(&line, 0);
		log_add_value(&line, "k", cases[i].value, cases[i].len);
		ck_assert_str_eq(strbuf_str(&line), cases[i].expected);
		strbuf_free(&line);
	}
}
END_TEST

/* No value may end its own field: reads the line back. */
START_TEST(values_round_trip)
{
	struct unit_random random = {22};
	struct strbuf line;

	strbuf_init(&line, 0);
	for (int round = 0; round < 50000; round++) {
		char value[16], back[16];
		size_t len = unit_random(&random, sizeof(value)), count = 0;
		for (size_t i = 0; i < len; i++)
			value[i] = (char)unit_random(&random, 256);
		strbuf_reset(&line);
		log_add_value(&line, "k", value, len);
		const char *at = strbuf_str(&line) + 3;
		bool quoted = *at == '"';
		for (at += quoted; *at && !(quoted && *at == '"'); count++) {
			require(count < sizeof(back) && *at >= ' ' && *at < 127, "round %d", round);
			if (quoted && at[0] == '\\' && at[1] == 'x') {
				const char hex[] = {at[2], at[3], '\0'};
				back[count] = (char)strtoul(hex, NULL, 16);
				at += 4;
			} else {
				at += quoted && *at == '\\';
				require(quoted || *at != ' ', "a bare blank in round %d", round);
				back[count] = *at++;
			}
		}
		at += quoted;
		require(*at == '\0' && count == len && memcmp(back, value, len) == 0,
		    "round %d: %s", round, strbuf_str(&line));
	}
	strbuf_free(&line);
}
END_TEST

static void log_samples(void)
{
	log_line(LOG_LEVEL_INFO, "one and not this", 3);
	log_line(LOG_LEVEL_WARNING, "two", 3);
	log_line(LOG_LEVEL_ERROR, "", 0);
	log_error("%s: %d\r\n\t\x1b\x7f%%", "three", 3);
	log_warning("%s", "%s%n");
	log_info("five");
}

#define SAMPLES(name)                                                                              \
	name ": one\n" name ": warning: two\n" name ": error: \n" name                             \
	     ": error: three: 3\?\?\?\?\?%\n" name ": warning: %s%n\n" name ": five\n"

START_TEST(at_once)
{
	capture_begin();
	capture_read();
	log_samples();
	log_open("test-program", LOG_TO_STDERR);
	log_samples();
	/* Not running: nothing to stop. */
	log_stop();
	ck_assert_str_eq(capture_end(), SAMPLES("explain-milter") SAMPLES("test-program"));
	strbuf_free(&capture.text);
}
END_TEST

START_TEST(by_thread)
{
	log_open("test-program", LOG_TO_STDERR);
	capture_begin();
	capture_read();
	for (int round = 0; round < 3; round++) {
		log_start();
		log_samples();
		log_stop();
	}
	ck_assert_str_eq(
	    capture_end(), SAMPLES("test-program") SAMPLES("test-program") SAMPLES("test-program"));
	ck_assert_uint_eq(log_dropped(), 0);
	strbuf_free(&capture.text);
}
END_TEST

START_TEST(long_lines_are_cut)
{
	static char text[5000];

	memset(text, 'x', sizeof(text));
	log_open("test-program", LOG_TO_STDERR);
	capture_begin();
	capture_read();
	log_line(LOG_LEVEL_INFO, text, sizeof(text));
	const char *line = capture_end();
	size_t len = strlen(line);
	ck_assert_uint_le(len, 2100);
	ck_assert_uint_ge(len, 1000);
	ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
	strbuf_free(&capture.text);
}
END_TEST

enum { THREADS = 8, LINES = 500 };

static void *log_numbers(void *number)
{
	for (int i = 0; i < LINES; i++)
		log_info("thread %d line %d.", *(const int *)number, i);
	return NULL;
}

/* Every line of every thread arrives whole, those of one thread in order. */
START_TEST(many_threads)
{
	pthread_t threads[THREADS];
	int numbers[THREADS], next[THREADS] = {0};

	log_open("t", LOG_TO_STDERR);
	capture_begin();
	capture_read();
	log_start();
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, log_numbers, &numbers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_stop();
	const char *at = capture_end();
	for (int count = 0; count < THREADS * LINES; count++) {
		int thread, line, used = 0;
		require(sscanf(at, "t: thread %d line %d.%n", &thread, &line, &used) == 2 && used,
		    "line %d: %.40s", count, at);
		require(thread >= 0 && thread < THREADS && line == next[thread]++, "%.40s", at);
		at += used;
		require(*at++ == '\n', "line %d has no end", count);
	}
	ck_assert_str_eq(at, "");
	strbuf_free(&capture.text);
}
END_TEST

/* The reader is stuck: logging goes on at once, and afterwards every line is there or counted. */
START_TEST(dropped_lines_are_counted)
{
	enum { SENT = 30000 };
	unsigned long long reported = 0;
	size_t arrived = 0;

	log_open("t", LOG_TO_STDERR);
	capture_begin();
	log_start();
	for (int i = 0; i < SENT; i++)
		log_info(
		    "%s", "a line that is long enough to fill the pipe some time before the end");
	uint64_t dropped = log_dropped();
	ck_assert_uint_gt(dropped, 0);
	ck_assert_uint_lt(dropped, SENT - 8000);
	capture_read();
	log_stop();
	for (const char *line = capture_end(); *line; line = strchr(line, '\n') + 1) {
		unsigned long long count;
		if (sscanf(line, "t: warning: %llu log lines were dropped\n", &count) == 1) {
			reported += count;
		} else {
			require(strncmp(line, "t: a line that", 14) == 0, "%.40s", line);
			arrived++;
		}
	}
	ck_assert_uint_eq(log_dropped(), dropped);
	ck_assert_uint_eq(reported, dropped);
	ck_assert_uint_eq(arrived + dropped, SENT);
	strbuf_free(&capture.text);
}
END_TEST

/* Nobody reads any more: lines are lost, the program goes on. */
START_TEST(closed_pipe)
{
	signal(SIGPIPE, SIG_IGN);
	capture_begin();
	close(capture.in);
	log_start();
	log_samples();
	log_stop();
	log_samples();
	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *form = unit_case(suite, "form");
	TCase *queue = unit_case(suite, "queue");

	tcase_add_test(form, values);
	tcase_add_test(form, values_round_trip);
	tcase_add_test(form, at_once);
	tcase_add_test(form, long_lines_are_cut);
	tcase_add_test(queue, by_thread);
	tcase_add_test(queue, many_threads);
	tcase_add_test(queue, dropped_lines_are_counted);
	tcase_add_test(queue, closed_pipe);
	return unit_run(suite);
}
