/* socketmap.c - the socketmap server.
 *
 * An SMTP session waits for each answer, so nothing here waits for anything: requests are answered
 * in memory as they come; a client that sends garbage, sends too slowly or does not read is cut off
 * (Postfix then sends its original reply) and disturbs no other. */
#include "explain/socketmap.h"

#include "explain/endpoint.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/netstring.h"
#include "explain/strbuf.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

/* A whole request with its length and comma. */
#define MAX_INPUT (SOCKETMAP_MAX_REQUEST + 16)
/* With so much unread by the client, no more of its requests are read until it has caught up. */
#define MAX_OUTPUT ((size_t)256 * 1024)
/* A request must be complete, and answers be taken, within this time. */
#define SLOW_SECONDS 10
/* Postfix closes after 10 s without a request; Sendmail never does. */
#define IDLE_SECONDS 3600
#define SWEEP_SECONDS 1

struct client {
	TAILQ_ENTRY(client) by_use; /* the one used longest ago first */
	struct socketmap *socketmap;
	struct bufferevent *stream;
	time_t last_use;
	time_t partial_since; /* 0: no partial request */
	time_t stuck_since;   /* 0: output is not stuck */
};

TAILQ_HEAD(client_list, client);

struct socketmap {
	struct socketmap_settings settings;
	struct event_base *base;
	struct event *sweep;
	struct evconnlistener **listeners;
	size_t listener_count;
	struct client_list clients;
	unsigned client_count;
	struct strbuf answer, packet;
	time_t last_complaint;
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec;
}

static void close_client(struct client *client)
{
	struct socketmap *socketmap = client->socketmap;

	TAILQ_REMOVE(&socketmap->clients, client, by_use);
	metrics_set_clients(socketmap->settings.metrics, --socketmap->client_count);
	bufferevent_free(client->stream);
	free(client);
}

/* At most one line a second, however many clients misbehave. */
static void break_client(struct client *client, const char *why)
{
	struct socketmap *socketmap = client->socketmap;
	time_t time = now();

	if (time != socketmap->last_complaint)
		log_warning("a socketmap client was cut off: %s", why);
	socketmap->last_complaint = time;
	metrics_count_broken_client(socketmap->settings.metrics);
	close_client(client);
}

static void mark_used(struct client *client)
{
	struct client_list *clients = &client->socketmap->clients;

	client->last_use = now();
	TAILQ_REMOVE(clients, client, by_use);
	TAILQ_INSERT_TAIL(clients, client, by_use);
}

static void answer_request(struct client *client, const char *request, size_t len)
{
	struct socketmap *socketmap = client->socketmap;

	strbuf_reset(&socketmap->answer);
	strbuf_reset(&socketmap->packet);
	socketmap->settings.answer(socketmap->settings.context, request, len, &socketmap->answer);
	netstring_add(&socketmap->packet, socketmap->answer.data, socketmap->answer.len);
	bufferevent_write(client->stream, socketmap->packet.data, socketmap->packet.len);
}

/* Answers what is complete. The client may be gone afterwards. */
static void read_requests(struct bufferevent *stream, void *context)
{
	struct client *client = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	struct evbuffer *output = bufferevent_get_output(stream);
	size_t len = evbuffer_get_length(input), at = 0;
	/* One piece: the high-water mark keeps it small. */
	const char *data = (const char *)evbuffer_pullup(input, -1);
	enum netstring_result result = NETSTRING_PARTIAL;

	while (at < len) {
		const char *request;
		size_t request_len, used;
		if (evbuffer_get_length(output) > MAX_OUTPUT) {
			bufferevent_disable(stream, EV_READ);
			client->stuck_since = now();
			break;
		}
		result = netstring_parse(
		    data + at, len - at, SOCKETMAP_MAX_REQUEST, &request, &request_len, &used);
		if (result != NETSTRING_COMPLETE)
			break;
		answer_request(client, request, request_len);
		at += used;
	}
	if (result == NETSTRING_INVALID) {
		break_client(client, "it sent no netstring, or a request of more than 10000 octets");
		return;
	}
	evbuffer_drain(input, at);
	if (at > 0)
		mark_used(client);
	if (at == len)
		client->partial_since = 0;
	else if (at > 0 || client->partial_since == 0)
		client->partial_since = now();
}

/* The output has drained below its low-water mark. */
static void output_drained(struct bufferevent *stream, void *context)
{
	struct client *client = context;

	if (client->stuck_since == 0)
		return;
	client->stuck_since = 0;
	bufferevent_enable(stream, EV_READ);
	read_requests(stream, client);
}

static void stream_ended(struct bufferevent *stream, short events, void *context)
{
	(void)stream;
	(void)events;
	close_client(context);
}

static void accept_client(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int address_len, void *context)
{
	struct socketmap *socketmap = context;

	(void)listener;
	(void)address;
	(void)address_len;
	if (socketmap->client_count >= socketmap->settings.max_clients)
		close_client(TAILQ_FIRST(&socketmap->clients));
	struct bufferevent *stream =
	    bufferevent_socket_new(socketmap->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!stream) {
		close(fd);
		return;
	}
	struct client *client = mem_calloc(1, sizeof(*client));
	client->socketmap = socketmap;
	client->stream = stream;
	client->last_use = now();
	TAILQ_INSERT_TAIL(&socketmap->clients, client, by_use);
	metrics_set_clients(socketmap->settings.metrics, ++socketmap->client_count);
	bufferevent_setcb(stream, read_requests, output_drained, stream_ended, client);
	bufferevent_setwatermark(stream, EV_READ, 0, MAX_INPUT);
	bufferevent_setwatermark(stream, EV_WRITE, MAX_OUTPUT / 4, 0);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

/* Out of descriptors: the client that was idle longest makes room. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	struct socketmap *socketmap = context;
	int error = EVUTIL_SOCKET_ERROR();

	(void)listener;
	if (now() != socketmap->last_complaint)
		log_warning("a socketmap client can't be accepted: %s", strerror(error));
	socketmap->last_complaint = now();
	if (TAILQ_FIRST(&socketmap->clients))
		close_client(TAILQ_FIRST(&socketmap->clients));
}

static void sweep_clients(evutil_socket_t fd, short events, void *context)
{
	struct socketmap *socketmap = context;
	time_t time = now();

	(void)fd;
	(void)events;
	for (struct client *client = TAILQ_FIRST(&socketmap->clients), *next; client; client = next) {
		next = TAILQ_NEXT(client, by_use);
		size_t waiting = evbuffer_get_length(bufferevent_get_output(client->stream));
		if (waiting == 0)
			client->stuck_since = 0;
		else if (client->stuck_since == 0)
			client->stuck_since = time;
		if (client->stuck_since && time - client->stuck_since > SLOW_SECONDS)
			break_client(client, "it does not read its answers");
		else if (client->partial_since && time - client->partial_since > SLOW_SECONDS)
			break_client(client, "its request did not become complete in time");
		else if (time - client->last_use > IDLE_SECONDS)
			close_client(client);
	}
}

static int add_listener(
    struct socketmap *socketmap, const struct endpoint *endpoint, char **error)
{
	const struct socketmap_settings *settings = &socketmap->settings;
	int fd = endpoint_listen(endpoint, settings->mode, settings->group, error);

	if (fd < 0)
		return -1;
	/* Backlog 0: the socket listens already. */
	struct evconnlistener *listener = evconnlistener_new(socketmap->base, accept_client,
	    socketmap, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!listener) {
		close(fd);
		*error = mem_printf("%s: the event loop does not take the socket", endpoint->text);
		return -1;
	}
	evconnlistener_set_error_cb(listener, accept_failed);
	socketmap->listeners[socketmap->listener_count++] = listener;
	return 0;
}

struct socketmap *socketmap_create(const struct socketmap_settings *settings, char **error)
{
	struct socketmap *socketmap = mem_calloc(1, sizeof(*socketmap));
	static const struct timeval interval = {.tv_sec = SWEEP_SECONDS};

	evthread_use_pthreads();
	socketmap->settings = *settings;
	TAILQ_INIT(&socketmap->clients);
	socketmap->base = event_base_new();
	socketmap->sweep = event_new(socketmap->base, -1, EV_PERSIST, sweep_clients, socketmap);
	event_add(socketmap->sweep, &interval);
	socketmap->listeners =
	    mem_calloc(settings->endpoint_count, sizeof(struct evconnlistener *));
	for (size_t i = 0; i < settings->endpoint_count; i++)
		if (add_listener(socketmap, &settings->endpoints[i], error) < 0) {
			socketmap_free(&socketmap);
			return NULL;
		}
	return socketmap;
}

void socketmap_run(struct socketmap *socketmap)
{
	event_base_dispatch(socketmap->base);
}

void socketmap_stop(struct socketmap *socketmap)
{
	event_base_loopexit(socketmap->base, NULL);
}

void socketmap_free(struct socketmap **socketmap)
{
	struct socketmap *old = *socketmap;

	*socketmap = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < old->listener_count; i++) {
		evconnlistener_free(old->listeners[i]);
		endpoint_unlink(&old->settings.endpoints[i]);
	}
	while (TAILQ_FIRST(&old->clients))
		close_client(TAILQ_FIRST(&old->clients));
	event_free(old->sweep);
	event_base_free(old->base);
	free(old->listeners);
	strbuf_free(&old->answer);
	strbuf_free(&old->packet);
	free(old);
}
