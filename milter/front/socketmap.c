/* socketmap.c - the socketmap server.
 *
 * An SMTP session waits for each answer, so nothing here waits for anything: requests are answered
 * in memory as they come; a client that sends garbage, sends too slowly or does not read is cut off
 * (Postfix then sends its original reply) and disturbs no other.
 *
 * libevent has the loop, but reading and writing are our own: a bufferevent takes five system calls
 * for a lookup, recv() and send() are two, and they are most of what a lookup costs. */
#include "explain/socketmap.h"

#include "explain/endpoint.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/netstring.h"
#include "explain/strbuf.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

/* Read at once; more than one whole request with its length and comma. */
#define CHUNK ((size_t)16384)
/* With so much unread by the client, no more of its requests are answered until it has caught up.
 */
#define MAX_OUTPUT ((size_t)64 * 1024)
/* A client's own buffers are kept for reuse up to this size. */
#define KEEP ((size_t)1024)
/* A request must be complete, and answers be taken, within this time. */
#define SLOW_SECONDS 10
/* Postfix closes after 10 s without a request; Sendmail never does. */
#define IDLE_SECONDS 3600
#define SWEEP_SECONDS 1

struct client {
	TAILQ_ENTRY(client) by_use; /* the one used longest ago first */
	struct socketmap *socketmap;
	int fd;
	struct event *readable;
	struct event *writable; /* NULL until there was something to wait for */
	struct strbuf input;    /* the beginning of a request, or requests not answered yet */
	struct strbuf output;   /* what the client has not taken yet */
	time_t last_use;
	time_t partial_since; /* 0: no partial request */
	time_t stuck_since;   /* 0: no output waits */
};

TAILQ_HEAD(client_list, client);

struct socketmap {
	struct socketmap_settings settings;
	bool is_sibling; /* the Unix sockets are another's to remove */
	struct event_base *base;
	struct event *sweep;
	struct evconnlistener **listeners;
	size_t listener_count;
	struct client_list clients;
	atomic_uint own_count;
	atomic_uint *client_count; /* of all siblings, in the first of them */
	int spare;                 /* a descriptor kept for when there is none left */
	struct strbuf answer, packets;
	char chunk[CHUNK];
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
	atomic_fetch_sub(socketmap->client_count, 1);
	metrics_add_clients(socketmap->settings.metrics, -1);
	event_free(client->readable);
	if (client->writable)
		event_free(client->writable);
	close(client->fd);
	strbuf_free(&client->input);
	strbuf_free(&client->output);
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

static void on_writable(evutil_socket_t fd, short events, void *context);

/* Sends what it can of DATA; -1 when the client is gone. */
static ssize_t send_some(const struct client *client, const char *data, size_t len)
{
	ssize_t sent = send(client->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
	return sent;
}

/* Nothing more is read from a client that does not take what it has asked for. */
static void keep_output(struct client *client, const char *data, size_t len)
{
	struct socketmap *socketmap = client->socketmap;

	strbuf_add(&client->output, data, len);
	if (!client->writable)
		client->writable = event_new(
		    socketmap->base, client->fd, EV_WRITE | EV_PERSIST, on_writable, client);
	event_add(client->writable, NULL);
	event_del(client->readable);
	client->stuck_since = now();
}

static void keep_input(struct client *client, const char *data, size_t len)
{
	/* DATA may be the beginning of the buffer itself. */
	if (client->input.len > 0) {
		memmove(client->input.data, data, len);
		strbuf_truncate(&client->input, len);
	} else {
		strbuf_add(&client->input, data, len);
	}
	if (len == 0 && client->input.size > KEEP)
		strbuf_free(&client->input);
}

/* Answers the complete requests at the beginning of DATA into `packets`, and says how many octets
 * those were. */
static enum netstring_result answer_all(
    struct socketmap *socketmap, const char *data, size_t len, size_t *done)
{
	enum netstring_result result = NETSTRING_PARTIAL;

	strbuf_reset(&socketmap->packets);
	for (*done = 0; *done < len && socketmap->packets.len <= MAX_OUTPUT;) {
		const char *request;
		size_t request_len, used;
		result = netstring_parse(data + *done, len - *done, SOCKETMAP_MAX_REQUEST, &request,
		    &request_len, &used);
		if (result != NETSTRING_COMPLETE)
			break;
		strbuf_reset(&socketmap->answer);
		socketmap->settings.answer(
		    socketmap->settings.context, request, request_len, &socketmap->answer);
		netstring_add(&socketmap->packets, socketmap->answer.data, socketmap->answer.len);
		*done += used;
	}
	return result;
}

/* Handles LEN octets of requests in DATA. The client may be gone afterwards. */
static void handle_input(struct client *client, const char *data, size_t len)
{
	struct socketmap *socketmap = client->socketmap;
	const struct strbuf *packets = &socketmap->packets;
	size_t done = 0, more;
	enum netstring_result result;
	ssize_t sent;

	/* Again where answers went out that were too many for one round: no event would come for
	 * the requests that are left. */
	do {
		result = answer_all(socketmap, data + done, len - done, &more);
		done += more;
		sent = packets->len ? send_some(client, packets->data, packets->len) : 0;
	} while (result == NETSTRING_COMPLETE && done < len && sent == (ssize_t)packets->len);
	if (result == NETSTRING_INVALID) {
		break_client(
		    client, "it sent no netstring, or a request of more than 10000 octets");
		return;
	}
	if (sent < 0) {
		close_client(client);
		return;
	}
	if (done > 0)
		mark_used(client);
	if (done == len)
		client->partial_since = 0;
	else if (done > 0 || client->partial_since == 0)
		client->partial_since = now();
	if (done < len || client->input.len > 0)
		keep_input(client, data + done, len - done);
	if ((size_t)sent < packets->len)
		keep_output(client, packets->data + sent, packets->len - (size_t)sent);
}

static void on_readable(evutil_socket_t fd, short events, void *context)
{
	struct client *client = context;
	struct socketmap *socketmap = client->socketmap;
	ssize_t len = recv(fd, socketmap->chunk, CHUNK, MSG_DONTWAIT);

	(void)events;
	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (len <= 0) {
		close_client(client);
		return;
	}
	if (client->input.len == 0) {
		handle_input(client, socketmap->chunk, (size_t)len);
		return;
	}
	strbuf_add(&client->input, socketmap->chunk, (size_t)len);
	handle_input(client, client->input.data, client->input.len);
}

static void on_writable(evutil_socket_t fd, short events, void *context)
{
	struct client *client = context;
	struct strbuf *output = &client->output;
	ssize_t sent = send_some(client, output->data, output->len);

	(void)fd;
	(void)events;
	if (sent < 0) {
		close_client(client);
		return;
	}
	memmove(output->data, output->data + sent, output->len - (size_t)sent);
	strbuf_truncate(output, output->len - (size_t)sent);
	if (output->len > 0)
		return;
	client->stuck_since = 0;
	if (output->size > KEEP)
		strbuf_free(output);
	event_del(client->writable);
	event_add(client->readable, NULL);
	/* Requests that came before it got stuck. */
	if (client->input.len > 0)
		handle_input(client, client->input.data, client->input.len);
}

static void accept_client(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int address_len, void *context)
{
	struct socketmap *socketmap = context;

	(void)listener;
	(void)address;
	(void)address_len;
	if (atomic_load(socketmap->client_count) >= socketmap->settings.max_clients) {
		if (!TAILQ_FIRST(&socketmap->clients)) {
			close(fd); /* the others are a sibling's; Postfix goes on without us */
			return;
		}
		close_client(TAILQ_FIRST(&socketmap->clients));
	}
	struct client *client = mem_calloc(1, sizeof(*client));
	client->socketmap = socketmap;
	client->fd = fd;
	client->readable =
	    event_new(socketmap->base, fd, EV_READ | EV_PERSIST, on_readable, client);
	client->last_use = now();
	TAILQ_INSERT_TAIL(&socketmap->clients, client, by_use);
	atomic_fetch_add(socketmap->client_count, 1);
	metrics_add_clients(socketmap->settings.metrics, 1);
	event_add(client->readable, NULL);
}

/* Out of descriptors: the client that was idle longest makes room. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	struct socketmap *socketmap = context;
	int error = EVUTIL_SOCKET_ERROR();

	if (now() != socketmap->last_complaint)
		log_warning("a socketmap client can't be accepted: %s", strerror(error));
	socketmap->last_complaint = now();
	if (TAILQ_FIRST(&socketmap->clients)) {
		close_client(TAILQ_FIRST(&socketmap->clients));
	} else if (socketmap->spare >= 0) {
		/* Nobody to make room: who waits is turned away, since Postfix would wait long. */
		close(socketmap->spare);
		close(accept(evconnlistener_get_fd(listener), NULL, NULL));
		socketmap->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
}

static void sweep_clients(evutil_socket_t fd, short events, void *context)
{
	struct socketmap *socketmap = context;
	time_t time = now();

	(void)fd;
	(void)events;
	for (struct client *client = TAILQ_FIRST(&socketmap->clients), *next; client;
	     client = next) {
		next = TAILQ_NEXT(client, by_use);
		if (client->stuck_since && time - client->stuck_since > SLOW_SECONDS)
			break_client(client, "it does not read its answers");
		else if (client->partial_since && time - client->partial_since > SLOW_SECONDS)
			break_client(client, "its request did not become complete in time");
		else if (time - client->last_use > IDLE_SECONDS)
			close_client(client);
	}
}

/* Takes the listening socket FD over. */
static int add_listener(
    struct socketmap *socketmap, const struct endpoint *endpoint, int fd, char **error)
{
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

static struct socketmap *create_empty(const struct socketmap_settings *settings)
{
	struct socketmap *socketmap = mem_calloc(1, sizeof(*socketmap));
	static const struct timeval interval = {.tv_sec = SWEEP_SECONDS};

	socketmap->settings = *settings;
	TAILQ_INIT(&socketmap->clients);
	socketmap->client_count = &socketmap->own_count;
	socketmap->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	socketmap->base = event_base_new();
	socketmap->sweep = event_new(socketmap->base, -1, EV_PERSIST, sweep_clients, socketmap);
	event_add(socketmap->sweep, &interval);
	socketmap->listeners =
	    mem_calloc(settings->endpoint_count, sizeof(struct evconnlistener *));
	return socketmap;
}

struct socketmap *socketmap_create(const struct socketmap_settings *settings, char **error)
{
	evthread_use_pthreads();
	struct socketmap *socketmap = create_empty(settings);
	for (size_t i = 0; i < settings->endpoint_count; i++) {
		const struct endpoint *endpoint = &settings->endpoints[i];
		int fd = endpoint_listen(endpoint, settings->mode, settings->group, error);
		if (fd < 0 || add_listener(socketmap, endpoint, fd, error) < 0) {
			socketmap_free(&socketmap);
			return NULL;
		}
	}
	return socketmap;
}

struct socketmap *socketmap_create_sibling(struct socketmap *socketmap, void *context, char **error)
{
	struct socketmap *sibling = create_empty(&socketmap->settings);

	sibling->is_sibling = true;
	sibling->client_count = socketmap->client_count;
	sibling->settings.context = context;
	for (size_t i = 0; i < socketmap->listener_count; i++) {
		const struct endpoint *endpoint = &socketmap->settings.endpoints[i];
		int fd = fcntl(evconnlistener_get_fd(socketmap->listeners[i]), F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			*error = mem_printf("%s: %s", endpoint->text, strerror(errno));
		if (fd < 0 || add_listener(sibling, endpoint, fd, error) < 0) {
			socketmap_free(&sibling);
			return NULL;
		}
	}
	return sibling;
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
		/* While it still listens, so that the file can't be a successor's already. */
		if (!old->is_sibling)
			endpoint_unlink(&old->settings.endpoints[i]);
		evconnlistener_free(old->listeners[i]);
	}
	for (struct client *client = TAILQ_FIRST(&old->clients), *next; client; client = next) {
		next = TAILQ_NEXT(client, by_use);
		close_client(client);
	}
	if (old->spare >= 0)
		close(old->spare);
	event_free(old->sweep);
	event_base_free(old->base);
	free(old->listeners);
	strbuf_free(&old->answer);
	strbuf_free(&old->packets);
	free(old);
}
