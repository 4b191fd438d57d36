#ifndef EXPLAIN_REJECTS_H
#define EXPLAIN_REJECTS_H

#include <stddef.h>

struct reply;

/* Brings together what two front ends know of one rejection: the filter has the session, then the
 * footer lookup has the reply. They arrive over different sockets, and nothing but the text
 * connects them. */
struct rejects;

/* A session as the filter knows it; unknown strings are NULL. */
struct session_view {
	const char *client_name, *client_address, *helo, *sender, *recipient;
};

/* Starts the thread that writes the log lines. WITH_FILTER false: no filter will ever report, so
 * lines are logged at once. */
struct rejects *rejects_create(int with_filter);
/* Writes the lines that still wait, and ends the thread. */
void rejects_free(struct rejects **rejects);

/* The filter saw a rejected recipient: STATUS ("5.1.1") and TEXT as in the macros {rcpt_host} and
 * {rcpt_addr}, that is without code, status and a leading `<...>: `. */
void rejects_seen(struct rejects *rejects, const char *status, const char *text,
    const struct session_view *session);

/* Logs LINE for REPLY that was explained, with the session that belongs to it, or with
 * `ambiguous=N` when N sessions could be meant, or with nothing when none was seen in the last
 * second. With a filter the line is written a tenth of a second later. Never waits for anything
 * slower than memory. */
void rejects_log(struct rejects *rejects, const struct reply *reply, const char *line, size_t len);

#endif
