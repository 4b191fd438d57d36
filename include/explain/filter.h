#ifndef EXPLAIN_FILTER_H
#define EXPLAIN_FILTER_H

#include <stdbool.h>

struct config;
struct endpoint;
struct engine_holder;
struct metrics;
struct rejects;

/* The milter front end, on libmilter. It rejects nothing, and changes nothing but bounces: it
 * watches which recipients Postfix refuses, gives Sendmail an explained answer to unknown commands,
 * and explains bounces (bounce.h). */
struct filter_settings {
	const struct endpoint *endpoint;
	unsigned mode;               /* of a Unix socket */
	const char *group;           /* of a Unix socket, NULL: unchanged */
	bool answer_unknown;         /* for Sendmail */
	const struct config *config; /* for bounces */
	struct engine_holder *holder;
	struct metrics *metrics;
	struct rejects *rejects;
};

/* Opens the socket and registers with libmilter. One filter a process, since libmilter has no more.
 * Returns 0, or -1 with a sentence in *ERROR. SETTINGS must stay until filter_close(). */
int filter_open(const struct filter_settings *settings, char **error);
/* Serves until filter_stop(), or until libmilter's own signal thread gets SIGTERM, SIGHUP or
 * SIGINT. Returns 0, or -1 when libmilter gave up. */
int filter_run(void);
/* Ends filter_run() soon; from any other thread. */
void filter_stop(void);
/* Removes the socket's file if filter_open() made it; what SETTINGS names may go afterwards. Does
 * nothing when no filter is open. */
void filter_close(void);

#endif
