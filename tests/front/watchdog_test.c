/* watchdog_test.c - an answer that never comes ends the process, everything else does not. */
#include "explain/watchdog.h"

#include "../unit.h"

#include "explain/log.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 80

static void sleep_ms(long ms)
{
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

/* Runs STEPS in a child process: 'b' begin, 'e' end, '.' wait for a deadline. */
static int run(const char *steps)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct watchdog *watchdog = watchdog_create(DEADLINE_MS);
		for (; *steps; steps++) {
			if (*steps == 'b')
				watchdog_begin(watchdog);
			else if (*steps == 'e')
				watchdog_end(watchdog);
			else
				sleep_ms(3 * DEADLINE_MS);
		}
		watchdog_free(&watchdog);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

START_TEST(stuck)
{
	ck_assert_int_eq(run("b..."), -SIGABRT);
	ck_assert_int_eq(run("be.be.b..."), -SIGABRT);
}
END_TEST

/* A log that nobody reads does not keep it alive. */
START_TEST(stuck_log)
{
	int ends[2], status = 0;

	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], 2);
		log_start();
		for (int i = 0; i < 10000; i++)
			log_error("a line that fills the pipe, as many do");
		struct watchdog *watchdog = watchdog_create(DEADLINE_MS);
		watchdog_begin(watchdog);
		sleep_ms(20000);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(healthy)
{
	ck_assert_int_eq(run(""), 0);
	ck_assert_int_eq(run(".."), 0);
	ck_assert_int_eq(run("bebebe.be.be"), 0);
}
END_TEST

/* Stopped in the middle of an answer: the time that others took does not count. */
START_TEST(stopped)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct watchdog *watchdog = watchdog_create(DEADLINE_MS);
		watchdog_begin(watchdog);
		raise(SIGSTOP);
		watchdog_end(watchdog);
		watchdog_free(&watchdog);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert(WIFSTOPPED(status));
	sleep_ms(5 * DEADLINE_MS);
	ck_assert_int_eq(kill(child, SIGCONT), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watchdog");
	TCase *tests = unit_case(suite, "watchdog");

	tcase_add_test(tests, stuck);
	tcase_add_test(tests, stuck_log);
	tcase_add_test(tests, healthy);
	tcase_add_test(tests, stopped);
	return unit_run(suite);
}
