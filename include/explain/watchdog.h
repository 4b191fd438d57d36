#ifndef EXPLAIN_WATCHDOG_H
#define EXPLAIN_WATCHDOG_H

/* Keeps the promise that no answer takes longer than a second: Postfix would wait 100 seconds for
 * one, and a mail server that waits is worse off than one whose daemon is gone. */
struct watchdog;

/* Starts the thread that looks. An answer that is still not given after about DEADLINE_MS (at least
 * 40) ends the process with SIGABRT, after a line in the log. */
struct watchdog *watchdog_create(unsigned deadline_ms);
void watchdog_free(struct watchdog **watchdog);
/* Around each answer, both from the one thread that answers. */
void watchdog_begin(struct watchdog *watchdog);
void watchdog_end(struct watchdog *watchdog);

#endif
