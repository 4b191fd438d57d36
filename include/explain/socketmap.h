#ifndef EXPLAIN_SOCKETMAP_H
#define EXPLAIN_SOCKETMAP_H

#include <stddef.h>

struct endpoint;
struct metrics;
struct strbuf;

/* A server for Sendmail's and Postfix's socketmap protocol (socketmap_table(5)): requests and
 * answers are netstrings, any number on a connection, pipelined or not. One event loop in one
 * thread; for more threads there are siblings. */
struct socketmap;

/* Requests of more octets close the connection; Postfix sends no longer keys. */
#define SOCKETMAP_MAX_REQUEST 10000

/* Answers REQUEST into ANSWER. Must not block. */
typedef void socketmap_answer(
    void *context, const char *request, size_t len, struct strbuf *answer);

struct socketmap_settings {
	const struct endpoint *endpoints;
	size_t endpoint_count;
	unsigned mode;        /* of Unix sockets */
	const char *group;    /* of Unix sockets, NULL: unchanged */
	unsigned max_clients; /* a new client beyond that ends the one that was idle longest */
	socketmap_answer *answer;
	void *context;
	struct metrics *metrics;
};

/* Listens on all endpoints. Returns NULL with a sentence in *ERROR if one can't be had. */
struct socketmap *socketmap_create(const struct socketmap_settings *settings, char **error);
/* One more server on the same sockets, with a loop of its own for another thread; who connects is
 * served by either. ANSWER is called with CONTEXT there. SOCKETMAP must not be freed before it. */
struct socketmap *socketmap_create_sibling(
    struct socketmap *socketmap, void *context, char **error);
/* Serves until socketmap_stop(). */
void socketmap_run(struct socketmap *socketmap);
/* Ends socketmap_run() soon; from any thread. */
void socketmap_stop(struct socketmap *socketmap);
/* Closes everything and removes Unix sockets. */
void socketmap_free(struct socketmap **socketmap);

#endif
