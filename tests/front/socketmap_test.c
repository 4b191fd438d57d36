/* socketmap_test.c - the socketmap server against clients of every kind, at its C interface. */
#include "../catalog/tree.h"
#include "../unit.h"
#include "log_capture.h"

#include "explain/endpoint.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/netstring.h"
#include "explain/socketmap.h"
#include "explain/strbuf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

/* The clock of the server's deadlines, which tests put forward instead of waiting. */
static atomic_long clock_ahead;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	long result = syscall(SYS_clock_gettime, clock, time);

	if (clock == CLOCK_MONOTONIC_COARSE)
		time->tv_sec += atomic_load(&clock_ahead);
	return (int)result;
}

#define MAX_CLIENTS 20

static struct server {
	struct endpoint endpoints[2];
	char *path;
	uint16_t port;
	struct metrics *metrics;
	struct socketmap *socketmap;
	pthread_t thread;
} server;

/* `big N`: N octets; anything else comes back. */
static void answer(void *context, const char *request, size_t len, struct strbuf *out)
{
	ck_assert_ptr_eq(context, &server);
	if (len > 4 && memcmp(request, "big ", 4) == 0) {
		for (long left = strtol(request + 4, NULL, 10); left > 0; left--)
			strbuf_addch(out, 'b');
		return;
	}
	strbuf_addstr(out, "OK ");
	strbuf_add(out, request, len);
}

static void *serve(void *context)
{
	socketmap_run(context);
	return NULL;
}

static uint16_t free_port(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void set_endpoints(void)
{
	char *error = NULL;

	server.path = mem_strdup(tree_path("map.sock"));
	server.port = free_port();
	char *unix_text = mem_printf("unix:%s", server.path);
	char *inet_text = mem_printf("inet:%u@127.0.0.1", server.port);
	ck_assert_int_eq(endpoint_parse(&server.endpoints[0], unix_text, &error), 0);
	ck_assert_int_eq(endpoint_parse(&server.endpoints[1], inet_text, &error), 0);
	free(unix_text);
	free(inet_text);
}

static struct socketmap_settings settings(void)
{
	return (struct socketmap_settings){.endpoints = server.endpoints,
	    .endpoint_count = 2,
	    .mode = 0600,
	    .max_clients = MAX_CLIENTS,
	    .answer = answer,
	    .context = &server,
	    .metrics = server.metrics};
}

static void start(void)
{
	char *error = NULL;

	log_redirect(tree_path("log"));
	set_endpoints();
	server.metrics = metrics_create();
	struct socketmap_settings all = settings();
	server.socketmap = socketmap_create(&all, &error);
	ck_assert_msg(server.socketmap != NULL, "%s", error);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, serve, server.socketmap), 0);
}

/* Ends the server; returns its log. */
static char *stop(void)
{
	socketmap_stop(server.socketmap);
	pthread_join(server.thread, NULL);
	socketmap_free(&server.socketmap);
	ck_assert_ptr_null(server.socketmap);
	ck_assert_int_lt(access(server.path, F_OK), 0);
	metrics_free(&server.metrics);
	for (size_t i = 0; i < 2; i++)
		endpoint_free(&server.endpoints[i]);
	free(server.path);
	return log_read(tree_path("log"));
}

static int dial(bool tcp)
{
	const struct endpoint *endpoint = &server.endpoints[tcp];
	struct timeval limit = {.tv_sec = 20};
	int on = 1;
	int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ck_assert_int_eq(
	    connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_len), 0);
	return fd;
}

static void put(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
		ck_assert_int_gt(sent, 0);
		data += sent;
		len -= (size_t)sent;
	}
}

/* Reads one netstring into OUT; false when the connection ended instead. */
static bool get(int fd, struct strbuf *out)
{
	size_t len = 0;
	char c;

	strbuf_reset(out);
	for (;;) {
		if (recv(fd, &c, 1, 0) <= 0)
			return false;
		if (c == ':')
			break;
		ck_assert(c >= '0' && c <= '9');
		len = len * 10 + (size_t)(c - '0');
	}
	for (len++; len > 0;) {
		char data[4096];
		ssize_t got = recv(fd, data, len < sizeof(data) ? len : sizeof(data), 0);
		ck_assert_int_gt(got, 0);
		strbuf_add(out, data, (size_t)got);
		len -= (size_t)got;
	}
	ck_assert_int_eq(out->data[out->len - 1], ',');
	strbuf_truncate(out, out->len - 1);
	return true;
}

static void put_request(int fd, const char *request)
{
	struct strbuf packet;

	strbuf_init(&packet, 0);
	netstring_add(&packet, request, strlen(request));
	put(fd, packet.data, packet.len);
	strbuf_free(&packet);
}

static void expect(int fd, const char *request)
{
	struct strbuf got;

	strbuf_init(&got, 0);
	ck_assert_msg(get(fd, &got), "no answer to %.40s", request);
	ck_assert_msg(
	    strncmp(strbuf_str(&got), "OK ", 3) == 0 && strcmp(got.data + 3, request) == 0,
	    "'%s' instead of '%s'", strbuf_str(&got), request);
	strbuf_free(&got);
}

static void ask(int fd, const char *request)
{
	put_request(fd, request);
	expect(fd, request);
}

/* Is the connection ended within a few seconds? */
static bool is_closed(int fd)
{
	char c;
	ssize_t got = recv(fd, &c, 1, 0);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

/* Still open, with nothing to read? */
static bool is_open(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static void pause_ms(long ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* Two requests in two pieces, split at every octet. */
START_TEST(test_split)
{
	static const char packet[] = "23:footer 550 5.1.1 hello,,0:,3:a,b,";

	start();
	int fd = dial(_i);
	for (size_t i = 1; i < sizeof(packet) - 1; i++) {
		put(fd, packet, i);
		pause_ms(1);
		put(fd, packet + i, sizeof(packet) - 1 - i);
		expect(fd, "footer 550 5.1.1 hello,");
		expect(fd, "");
		expect(fd, "a,b");
	}
	for (size_t i = 0; i < sizeof(packet) - 1; i++) {
		put(fd, packet + i, 1);
		pause_ms(1);
	}
	expect(fd, "footer 550 5.1.1 hello,");
	close(fd);
	free(stop());
}
END_TEST

/* Many requests at once, answered in order; sizes that fill every buffer. */
START_TEST(test_pipelined)
{
	struct strbuf packets;
	enum { REQUESTS = 3000 };

	start();
	strbuf_init(&packets, 0);
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct strbuf request;
		strbuf_init(&request, 0);
		strbuf_addf(&request, "request %u %*s", i, (int)(i * 7919 % 700), "x");
		netstring_add(&packets, request.data, request.len);
		strbuf_free(&request);
	}
	int fd = dial(_i);
	/* A child sends, so that neither side waits for the other for ever. */
	pid_t child = fork();
	if (child == 0) {
		put(fd, packets.data, packets.len);
		_exit(0);
	}
	for (unsigned i = 0; i < REQUESTS; i++) {
		char *request = mem_printf("request %u %*s", i, (int)(i * 7919 % 700), "x");
		expect(fd, request);
		free(request);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ask(fd, "still there");
	close(fd);
	strbuf_free(&packets);
	free(stop());
}
END_TEST

/* Answers much larger than their requests, all of which come before the first is read. */
START_TEST(test_large_answers)
{
	struct strbuf packets, got;
	int size = 4 << 20;

	start();
	strbuf_init(&packets, 0);
	strbuf_init(&got, 0);
	for (int i = 0; i < 60; i++)
		netstring_add(&packets, "big 50000", 9);
	netstring_add(&packets, "last", 4);
	int fd = dial(_i);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	put(fd, packets.data, packets.len);
	for (int i = 0; i < 60; i++) {
		ck_assert_msg(get(fd, &got), "answer %d of 60 does not come", i);
		ck_assert_uint_eq(got.len, 50000);
	}
	expect(fd, "last");
	close(fd);
	strbuf_free(&packets);
	strbuf_free(&got);
	free(stop());
}
END_TEST

START_TEST(test_size)
{
	char *largest = mem_alloc(SOCKETMAP_MAX_REQUEST + 2);

	start();
	memset(largest, 'x', SOCKETMAP_MAX_REQUEST + 1);
	largest[SOCKETMAP_MAX_REQUEST] = '\0';
	int fd = dial(_i);
	ask(fd, largest);
	ask(fd, largest);
	/* One octet more, and only announced. */
	put(fd, "10001:x", 7);
	ck_assert(is_closed(fd));
	close(fd);
	free(largest);
	free(stop());
}
END_TEST

static const struct {
	const char *data;
	size_t len;
} garbage[] = {{"x", 1}, {":", 1}, {",", 1}, {"\0", 1}, {"-1:x,", 5}, {"+1:x,", 5}, {" 1:x,", 5},
    {"3:abcd", 6}, {"3;abc,", 6}, {"00:,", 4}, {"01:a,", 5}, {"99999999999999999999:", 21},
    {"18446744073709551617:x,", 23}, {"GET / HTTP/1.0\r\n\r\n", 18}, {"EHLO x\r\n", 8},
    {"1:a,x", 5}};

/* Ends that connection, and only that; what was complete before is answered. */
START_TEST(test_garbage)
{
	start();
	int other = dial(false);
	for (size_t i = 0; i < COUNT(garbage); i++) {
		int fd = dial(i % 2);
		put(fd, garbage[i].data, garbage[i].len);
		if (strncmp(garbage[i].data, "1:a,", 4) == 0)
			expect(fd, "a");
		ck_assert_msg(is_closed(fd), "%s", garbage[i].data);
		close(fd);
		ask(other, "alive");
	}
	close(other);
	char *log = stop();
	ck_assert_ptr_nonnull(
	    strstr(log, "warning: a socketmap client was cut off: it sent no netstring"));
	/* However many misbehave, the log has some lines a second. */
	size_t lines = 0;
	for (const char *c = log; *c; c++)
		lines += *c == '\n';
	ck_assert_uint_lt(lines, COUNT(garbage));
	free(log);
}
END_TEST

/* A request that does not become complete ends the connection; a client that is just idle stays. */
START_TEST(test_slow)
{
	start();
	int slow = dial(false), idle = dial(false), begun = dial(true);
	ask(idle, "x");
	put(slow, "20:abc", 6);
	ask(begun, "x");
	put(begun, "2", 1);
	pause_ms(50);
	atomic_fetch_add(&clock_ahead, 9);
	pause_ms(1100);
	ck_assert(is_open(slow));
	put(slow, "d", 1); /* one octet more is no progress */
	atomic_fetch_add(&clock_ahead, 3);
	ck_assert(is_closed(slow));
	ck_assert(is_closed(begun));
	ask(idle, "y");
	pause_ms(50);
	atomic_fetch_add(&clock_ahead, 3500);
	pause_ms(1100);
	ck_assert(is_open(idle));
	atomic_fetch_add(&clock_ahead, 200);
	ck_assert(is_closed(idle));
	int fresh = dial(false);
	ask(fresh, "z");
	close(fresh);
	close(slow);
	close(idle);
	close(begun);
	char *log = stop();
	ck_assert_ptr_nonnull(strstr(log, "its request did not become complete in time"));
	free(log);
}
END_TEST

/* A client that never reads: what it costs is bounded, nobody waits for it, and it is cut off. */
START_TEST(test_never_reads)
{
	size_t sent = 0;
	struct rusage usage;

	start();
	int deaf = dial(_i), other = dial(false);
	ask(other, "before");
	getrusage(RUSAGE_SELF, &usage);
	long before = usage.ru_maxrss;
	for (int i = 0; i < 300; i++) {
		/* Each asks for 50,000 octets. */
		ssize_t done = send(deaf, "9:big 50000,", 12, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done > 0)
			sent += (size_t)done;
		if (i % 10 == 0)
			ask(other, "in between");
	}
	pause_ms(20);
	ask(other, "after");
	getrusage(RUSAGE_SELF, &usage);
	ck_assert_int_lt(usage.ru_maxrss - before, getenv("UNIT_SLOW") ? 200000 : 8000);
	atomic_fetch_add(&clock_ahead, 12);
	ask(other, "meanwhile");
	pause_ms(1200);
	/* Its end shows once what the kernel holds is read. */
	char data[65536];
	ssize_t got;
	size_t all = 0;
	while ((got = recv(deaf, data, sizeof(data), 0)) > 0)
		all += (size_t)got;
	ck_assert(got == 0 || errno == ECONNRESET);
	ck_assert_uint_lt(all, sent / 12 * 50000);
	ask(other, "end");
	close(deaf);
	close(other);
	char *log = stop();
	ck_assert_ptr_nonnull(strstr(log, "it does not read its answers"));
	free(log);
}
END_TEST

/* A slow reader that does read gets everything. */
START_TEST(test_slow_reader)
{
	struct strbuf got;
	int size = 65536;

	start();
	strbuf_init(&got, 0);
	int fd = dial(true);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (int i = 0; i < 30; i++)
		put_request(fd, "big 30000");
	put_request(fd, "end");
	for (int i = 0; i < 30; i++) {
		pause_ms(5);
		ck_assert(get(fd, &got));
		ck_assert_uint_eq(got.len, 30000);
	}
	expect(fd, "end");
	strbuf_free(&got);
	close(fd);
	free(stop());
}
END_TEST

/* One client more than there may be ends the one that asked longest ago. */
START_TEST(test_max_clients)
{
	int clients[MAX_CLIENTS];

	start();
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		clients[i] = dial(i % 2);
		ask(clients[i], "x");
	}
	ask(clients[0], "again");
	put(clients[2], "5:ab", 4); /* the beginning of a request is no use */
	pause_ms(20);
	int more = dial(false);
	ask(more, "x");
	ck_assert(is_closed(clients[1]));
	ck_assert(is_open(clients[0]));
	int another = dial(true);
	ask(another, "x");
	ck_assert(is_closed(clients[2]));
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		if (i != 1 && i != 2)
			ask(clients[i], "alive");
		close(clients[i]);
	}
	close(more);
	close(another);
	free(stop());
}
END_TEST

/* Hundreds that only connect: who comes after them is served. */
START_TEST(test_many_connect)
{
	int clients[300];

	start();
	for (size_t i = 0; i < COUNT(clients); i++)
		clients[i] = dial(i % 2);
	pause_ms(100);
	int last = dial(false);
	ask(last, "x");
	close(last);
	for (size_t i = 0; i < COUNT(clients); i++)
		close(clients[i]);
	free(stop());
}
END_TEST

/* Without descriptors left, the one idle longest makes room. */
START_TEST(test_no_descriptors)
{
	struct rlimit limit, small;
	int clients[8], spare[64];
	size_t count = 0;

	if (getenv("WRAPPER"))
		return; /* valgrind has a limit of its own for descriptors */
	start();
	for (size_t i = 0; i < COUNT(clients); i++) {
		clients[i] = dial(false);
		ask(clients[i], "x");
	}
	/* Client and server are one process: leave one descriptor, for the client's end. */
	getrlimit(RLIMIT_NOFILE, &limit);
	small = limit;
	int next = dup(0);
	close(next);
	small.rlim_cur = (rlim_t)next + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &small), 0);
	while (count < COUNT(spare) && (spare[count] = dup(0)) >= 0)
		count++;
	close(spare[--count]);
	int fd = dial(false);
	ask(fd, "x");
	ck_assert(is_closed(clients[0]));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ask(clients[7], "alive");
	close(fd);
	while (count > 0)
		close(spare[--count]);
	for (size_t i = 0; i < COUNT(clients); i++)
		close(clients[i]);
	free(stop());
}
END_TEST

/* Clients that go at any moment. */
START_TEST(test_gone)
{
	struct linger reset = {.l_onoff = 1};

	start();
	for (int i = 0; i < 200; i++) {
		int fd = dial(i % 2);
		put(fd, "3:abc,3:abc,9:big 50000,3:a", i % 28 ? (size_t)(i % 28) : 1);
		if (i % 3 == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	pause_ms(100);
	int fd = dial(false);
	ask(fd, "alive");
	close(fd);
	free(stop());
}
END_TEST

/* What was asked before a client closed its sending side is answered. */
START_TEST(test_half_closed)
{
	start();
	for (int i = 0; i < 20; i++) {
		int fd = dial(_i);
		put(fd, "1:a,1:b,", 8);
		shutdown(fd, SHUT_WR);
		expect(fd, "a");
		expect(fd, "b");
		ck_assert(is_closed(fd));
		close(fd);
	}
	free(stop());
}
END_TEST

START_TEST(test_create)
{
	struct stat status;
	char *error = NULL;

	start();
	ck_assert_int_eq(stat(server.path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	/* Both are taken: by TCP first, so that the Unix socket must go again. */
	struct endpoint other[2];
	char *text = mem_printf("unix:%s", tree_path("other.sock"));
	ck_assert_int_eq(endpoint_parse(&other[0], text, &error), 0);
	other[1] = server.endpoints[1];
	struct socketmap_settings all = settings();
	all.endpoints = other;
	ck_assert_ptr_null(socketmap_create(&all, &error));
	ck_assert_ptr_nonnull(strstr(error, "can't listen"));
	ck_assert_int_lt(access(tree_path("other.sock"), F_OK), 0);
	free(error);
	error = NULL;
	all.endpoints = server.endpoints;
	ck_assert_ptr_null(socketmap_create(&all, &error));
	ck_assert_msg(strstr(error, "another program listens there"), "%s", error);
	ck_assert_int_eq(access(server.path, F_OK), 0);
	free(error);
	endpoint_free(&other[0]);
	free(text);
	free(stop());
}
END_TEST

/* Made and freed without ever running; stopped before it runs. */
START_TEST(test_never_run)
{
	char *error = NULL;

	set_endpoints();
	server.metrics = metrics_create();
	struct socketmap_settings all = settings();
	struct socketmap *socketmap = socketmap_create(&all, &error);
	ck_assert_ptr_nonnull(socketmap);
	socketmap_free(&socketmap);
	socketmap_free(&socketmap);
	metrics_free(&server.metrics);
	for (size_t i = 0; i < 2; i++)
		endpoint_free(&server.endpoints[i]);
	free(server.path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socketmap");
	TCase *tests = unit_case(suite, "socketmap");

	tcase_add_loop_test(tests, test_split, 0, 2);
	tcase_add_loop_test(tests, test_pipelined, 0, 2);
	tcase_add_loop_test(tests, test_large_answers, 0, 2);
	tcase_add_loop_test(tests, test_size, 0, 2);
	tcase_add_test(tests, test_garbage);
	tcase_add_test(tests, test_slow);
	tcase_add_loop_test(tests, test_never_reads, 0, 2);
	tcase_add_test(tests, test_slow_reader);
	tcase_add_test(tests, test_max_clients);
	tcase_add_test(tests, test_many_connect);
	tcase_add_test(tests, test_no_descriptors);
	tcase_add_test(tests, test_gone);
	tcase_add_loop_test(tests, test_half_closed, 0, 2);
	tcase_add_test(tests, test_create);
	tcase_add_test(tests, test_never_run);
	return tree_run(suite);
}
