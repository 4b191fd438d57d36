/*
 * bench_server.h - the common half of echo_server and fixed_map: a netstring server on libevent
 * bufferevents.
 *
 * One event loop, one Unix socket, one bufferevent for each connection: what a socketmap server on
 * libevent has to do at least. Each program adds what it does with a complete netstring. A
 * malformed netstring closes its connection. Runs until SIGTERM or SIGINT.
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench_util.h"

enum { BENCH_NETSTRING_MAX = 100000, BENCH_DIGITS_MAX = 6 };

/* Takes one whole netstring of total octets from the front of input and puts the answer into
 * output. */
typedef void (*bench_answer)(struct evbuffer *input, size_t total, struct evbuffer *output);

/* Length of the netstring at the front, with digits, colon and comma; 0: not all there yet; -1:
 * malformed. */
static inline ssize_t bench_netstring_total(struct evbuffer *input)
{
	char head[BENCH_DIGITS_MAX + 1];
	ssize_t got = evbuffer_copyout(input, head, sizeof head);
	size_t length = 0;

	for (ssize_t i = 0; i < got; i++) {
		if (head[i] == ':' && i > 0 && length <= BENCH_NETSTRING_MAX) {
			size_t total = (size_t)i + 1 + length + 1;

			return total <= evbuffer_get_length(input) ? (ssize_t)total : 0;
		}
		if (head[i] < '0' || head[i] > '9')
			return -1;
		length = length * 10 + (size_t)(head[i] - '0');
	}
	return got < (ssize_t)sizeof head ? 0 : -1;
}

static inline void bench_on_read(struct bufferevent *client, void *context)
{
	bench_answer answer = *(bench_answer *)context;
	struct evbuffer *input = bufferevent_get_input(client);
	ssize_t total;

	while ((total = bench_netstring_total(input)) > 0)
		answer(input, (size_t)total, bufferevent_get_output(client));
	if (total < 0)
		bufferevent_free(client);
}

static inline void bench_on_event(struct bufferevent *client, short what, void *context)
{
	(void)context;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(client);
}

static inline void bench_on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int peer_len, void *context)
{
	struct bufferevent *client =
	    bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)peer;
	(void)peer_len;
	if (client == NULL)
		bench_die("no memory for a connection");
	bufferevent_setcb(client, bench_on_read, NULL, bench_on_event, context);
	bufferevent_enable(client, EV_READ | EV_WRITE);
}

static inline void bench_on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

/* Listens on the Unix socket path and answers until a signal ends it. */
static inline int bench_serve(const char *path, bench_answer answer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct event_base *base = event_base_new();
	struct evconnlistener *listener;
	struct event *signals[2];

	if (base == NULL || strlen(path) >= sizeof address.sun_path)
		bench_die("%s: path too long, or no event loop", path);
	memcpy(address.sun_path, path, strlen(path));
	unlink(path);
	listener = evconnlistener_new_bind(base, bench_on_accept, &answer,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 511, (struct sockaddr *)&address,
	    (int)sizeof address);
	if (listener == NULL)
		bench_die("%s: %s", path, strerror(errno));
	signals[0] = evsignal_new(base, SIGTERM, bench_on_signal, base);
	signals[1] = evsignal_new(base, SIGINT, bench_on_signal, base);
	for (int i = 0; i < 2; i++)
		if (signals[i] == NULL || evsignal_add(signals[i], NULL) < 0)
			bench_die("no signal handler");
	event_base_dispatch(base);
	for (int i = 0; i < 2; i++)
		event_free(signals[i]);
	evconnlistener_free(listener);
	event_base_free(base);
	unlink(path);
	return 0;
}

#endif
