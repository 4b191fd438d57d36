/* watchdog.c - ends a daemon that is stuck in an answer, so that the MTA goes on by itself.
 *
 * The count is odd while an answer is being made. The thread looks several times within the
 * deadline and acts only when every look finds the same odd number: a process that was stopped, or
 * a machine that was suspended, looks once and finds the answer given at the next look. */
#include "explain/watchdog.h"

#include "explain/log.h"
#include "explain/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOKS 4

struct watchdog {
	atomic_uint count;
	unsigned pause_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stopping;
};

/* Waits for one pause; true when it is time to end. */
static bool pause_or_stop(struct watchdog *watchdog)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	long nanoseconds = until.tv_nsec + (long)(watchdog->pause_ms % 1000) * 1000000;
	until.tv_sec += watchdog->pause_ms / 1000 + nanoseconds / 1000000000;
	until.tv_nsec = nanoseconds % 1000000000;
	pthread_mutex_lock(&watchdog->lock);
	while (!watchdog->stopping &&
	       pthread_cond_timedwait(&watchdog->stopped, &watchdog->lock, &until) != ETIMEDOUT)
		;
	stopping = watchdog->stopping;
	pthread_mutex_unlock(&watchdog->lock);
	return stopping;
}

static void *look(void *context)
{
	struct watchdog *watchdog = context;
	unsigned last = 0, same = 0;

	while (!pause_or_stop(watchdog)) {
		unsigned count = atomic_load_explicit(&watchdog->count, memory_order_relaxed);
		same = count == last && count % 2 == 1 ? same + 1 : 0;
		last = count;
		if (same < LOOKS)
			continue;
		/* Whatever else is stuck, be it the log: in a second the kernel ends it. */
		signal(SIGALRM, SIG_DFL);
		alarm(1);
		log_error(
		    "an answer took too long; the daemon ends, so that mail goes on without it");
		log_stop();
		abort();
	}
	return NULL;
}

struct watchdog *watchdog_create(unsigned deadline_ms)
{
	struct watchdog *watchdog = mem_calloc(1, sizeof(*watchdog));
	pthread_condattr_t attributes;

	watchdog->pause_ms = deadline_ms / LOOKS;
	pthread_mutex_init(&watchdog->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog->stopped, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&watchdog->thread, NULL, look, watchdog) != 0) {
		log_error("no thread can be created");
		abort();
	}
	return watchdog;
}

void watchdog_free(struct watchdog **watchdog)
{
	struct watchdog *old = *watchdog;

	*watchdog = NULL;
	if (!old)
		return;
	pthread_mutex_lock(&old->lock);
	old->stopping = true;
	pthread_cond_signal(&old->stopped);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	pthread_cond_destroy(&old->stopped);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

static void step(struct watchdog *watchdog)
{
	/* One writer, so no atomic addition is needed. */
	unsigned count = atomic_load_explicit(&watchdog->count, memory_order_relaxed);

	atomic_store_explicit(&watchdog->count, count + 1, memory_order_relaxed);
}

void watchdog_begin(struct watchdog *watchdog)
{
	step(watchdog);
}

void watchdog_end(struct watchdog *watchdog)
{
	step(watchdog);
}
