#ifndef EXPLAIN_ENDPOINT_H
#define EXPLAIN_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>

/* A socket address as libmilter writes it: `unix:/path` (or `local:/path`, or `/path`),
 * `inet:port@host`, `inet6:port@host`; a host in brackets or a bare port (all of loopback) too. */
struct endpoint {
	char *text; /* as configured */
	char *path; /* Unix socket, else NULL */
	struct sockaddr_storage address;
	socklen_t address_len;
};

/* Reads TEXT. Host names are not looked up: addresses, and `localhost` as 127.0.0.1, only, so that
 * a start never waits for DNS. Returns 0, or -1 with a sentence in *ERROR (caller frees). */
int endpoint_parse(struct endpoint *endpoint, const char *text, char **error);
void endpoint_free(struct endpoint *endpoint);

/* Opens a listening, non-blocking, close-on-exec socket. A stale Unix socket (nobody answers) is
 * replaced; one on which a program listens is an error, and so is any other file. The new socket
 * gets MODE (e.g. 0660) and the group GROUP (NULL: unchanged) before it accepts anything.
 * Returns the descriptor, or -1 with a sentence in *ERROR. */
int endpoint_listen(
    const struct endpoint *endpoint, unsigned mode, const char *group, char **error);
/* Removes the file of a Unix socket; nothing for others. */
void endpoint_unlink(const struct endpoint *endpoint);

#endif
