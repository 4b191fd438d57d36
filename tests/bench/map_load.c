/*
 * map_load.c - asks a socketmap server (or the echo server) as fast as it answers.
 *
 * N connections to a Unix socket, each with one request outstanding, M requests in total, from one
 * thread on epoll. Keys come from a file, one a line, \r and \n escaped; every request is built
 * before the clock starts. Each answer must be one whole netstring. For a socketmap it must begin
 * with OK or NOTFOUND; from the echo server (--echo) it must be as long as the request. Both cost
 * this client the same.
 *
 * Prints one JSON object. Exit status: 0 every answer as expected, 1 not.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench_util.h"

enum { ANSWER_ROOM = 65536 };

struct options {
	const char *socket;
	const char *map;
	const char *keys;
	long connections;
	long requests;
	bool hold; /* afterwards keep the connections open until the end of standard input */
	bool echo;
};

struct client {
	int fd;
	size_t request; /* index of the outstanding one */
	size_t have;    /* octets of the answer so far */
	uint64_t sent_ns;
	char answer[ANSWER_ROOM];
};

struct totals {
	long sent;
	long answered;
	long found;
	long not_found;
	long bad;
	unsigned long long octets;
	uint32_t longest_us;
};

static struct options options = {.map = "footer", .connections = 50, .requests = 100000};
static struct bench_lines requests; /* whole netstrings */
static struct totals totals;

/* Turns each key into the netstring of its request. */
static void build_requests(void)
{
	requests = bench_read_lines(options.keys, 1);
	for (size_t i = 0; i < requests.count; i++) {
		struct bench_line *line = &requests.item[i];
		char *netstring;
		size_t len;
		FILE *out = open_memstream(&netstring, &len);

		if (out == NULL)
			bench_die("open_memstream: %s", strerror(errno));
		fprintf(out, "%zu:%s ", strlen(options.map) + 1 + line->len, options.map);
		fwrite(line->data, 1, line->len, out);
		fputc(',', out);
		if (fclose(out) != 0)
			bench_die("out of memory");
		free(line->data);
		line->data = netstring;
		line->len = len;
	}
}

static void client_ask(struct client *client)
{
	const struct bench_line *line;
	ssize_t sent;

	client->request = (size_t)totals.sent++ % requests.count;
	client->have = 0;
	client->sent_ns = bench_now_ns();
	line = &requests.item[client->request];
	sent = send(client->fd, line->data, line->len, MSG_NOSIGNAL);
	if (sent < 0 || (size_t)sent != line->len)
		bench_die("send: %s", sent < 0 ? strerror(errno) : "only a part was taken");
}

/* Whether a whole netstring has come, and where its payload begins; anything malformed ends the
 * program. */
static bool client_complete(const struct client *client, size_t *start, size_t *length)
{
	size_t value = 0;

	for (size_t i = 0; i < client->have; i++) {
		char c = client->answer[i];

		if (c == ':') {
			*start = i + 1;
			*length = value;
			if (client->have < i + 1 + value + 1)
				return false;
			if (client->have > i + 1 + value + 1 ||
			    client->answer[i + 1 + value] != ',')
				bench_die("answer is not one netstring");
			return true;
		}
		if (c < '0' || c > '9' || i > 6)
			bench_die("answer is not a netstring");
		value = value * 10 + (size_t)(c - '0');
	}
	return false;
}

static void client_judge(const struct client *client, size_t start, size_t length)
{
	const char *payload = client->answer + start;
	uint32_t took_us = (uint32_t)((bench_now_ns() - client->sent_ns) / 1000);

	totals.answered++;
	totals.octets += client->have;
	if (took_us > totals.longest_us)
		totals.longest_us = took_us;
	if (options.echo && client->have == requests.item[client->request].len)
		return;
	if (!options.echo && length >= 3 && memcmp(payload, "OK ", 3) == 0)
		totals.found++;
	else if (!options.echo && length >= 9 && memcmp(payload, "NOTFOUND ", 9) == 0)
		totals.not_found++;
	else
		totals.bad++;
}

/* Reads what is there; true when the answer is complete. */
static bool client_read(struct client *client)
{
	size_t start = 0;
	size_t length = 0;
	ssize_t got =
	    recv(client->fd, client->answer + client->have, ANSWER_ROOM - client->have, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0)
		bench_die("the server closed a connection");
	client->have += (size_t)got;
	if (!client_complete(client, &start, &length))
		return false;
	client_judge(client, start, length);
	return true;
}

static void client_open(struct client *client, int epoll)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (strlen(options.socket) >= sizeof address.sun_path)
		bench_die("%s: path too long", options.socket);
	memcpy(address.sun_path, options.socket, strlen(options.socket));
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (const struct sockaddr *)&address, sizeof address) < 0)
		bench_die("%s: %s", options.socket, strerror(errno));
	if (fcntl(client->fd, F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
}

static void run(int epoll)
{
	struct epoll_event events[64];

	while (totals.answered < options.requests) {
		int ready = epoll_wait(epoll, events, 64, 20000);

		if (ready == 0)
			bench_die("no answer for 20 s; %ld of %ld answered", totals.answered,
			    options.requests);
		for (int i = 0; i < ready; i++) {
			struct client *client = events[i].data.ptr;

			if (client_read(client) && totals.sent < options.requests)
				client_ask(client);
		}
	}
}

static void parse_options(int argc, char **argv)
{
	static const struct option names[] = {{"socket", required_argument, NULL, 's'},
	    {"map", required_argument, NULL, 'm'}, {"keys", required_argument, NULL, 'k'},
	    {"connections", required_argument, NULL, 'c'},
	    {"requests", required_argument, NULL, 'r'}, {"echo", no_argument, NULL, 'e'},
	    {"hold", no_argument, NULL, 'i'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "s:m:k:c:r:ei", names, NULL)) != -1) {
		switch (option) {
		case 's':
			options.socket = optarg;
			break;
		case 'm':
			options.map = optarg;
			break;
		case 'k':
			options.keys = optarg;
			break;
		case 'c':
			options.connections = bench_number(optarg, "--connections", 1);
			break;
		case 'r':
			options.requests = bench_number(optarg, "--requests", 1);
			break;
		case 'e':
			options.echo = true;
			break;
		case 'i':
			options.hold = true;
			break;
		default:
			optind = argc + 1;
			break;
		}
	}
	if (optind != argc || options.socket == NULL || options.keys == NULL ||
	    options.requests < options.connections)
		bench_die(
		    "usage: map_load --socket PATH --keys FILE [--map NAME] [--connections N] "
		    "[--requests N]\n"
		    "                [--echo] [--hold]\n"
		    "--hold keeps the connections open, idle, until the end of standard input");
}

int main(int argc, char **argv)
{
	struct client *clients;
	uint64_t start;
	double seconds;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	parse_options(argc, argv);
	build_requests();
	if (epoll < 0)
		bench_die("epoll_create1: %s", strerror(errno));
	clients = bench_alloc((size_t)options.connections, sizeof *clients);
	for (long i = 0; i < options.connections; i++)
		client_open(&clients[i], epoll);
	start = bench_now_ns();
	for (long i = 0; i < options.connections; i++)
		client_ask(&clients[i]);
	run(epoll);
	seconds = bench_seconds_since(start);
	printf("{\"answers\":%ld,\"ok\":%ld,\"notfound\":%ld,\"bad\":%ld,\"octets\":%llu,"
	       "\"seconds\":%.4f,\"per_s\":%.1f,"
	       "\"client_cpu_s\":%.4f,\"longest_us\":%u}\n",
	    totals.answered, totals.found, totals.not_found, totals.bad, totals.octets, seconds,
	    (double)totals.answered / seconds, bench_cpu_seconds(), totals.longest_us);
	fflush(stdout);
	while (options.hold && getchar() != EOF)
		;
	for (long i = 0; i < options.connections; i++)
		close(clients[i].fd);
	close(epoll);
	free(clients);
	bench_free_lines(&requests);
	return totals.bad > 0 ? 1 : 0;
}
