/*
 * smtp_load.c - makes a mail server refuse recipients as fast as it can, and checks every answer.
 *
 * N sessions are held open at a time from one thread on epoll, so that the server, not this client,
 * is what is measured. A session is: banner, EHLO, then MAIL, all RCPT and QUIT in one write (RFC
 * 2920), then replies until the server closes. A multi-line reply counts once. Every RCPT must be
 * answered by a well-formed 5xx reply: the same code on every line, CRLF at the end of each; with
 * --expect-lines N it must have at least N lines. A session with anything else counts as failed.
 *
 * Prints one JSON object. Exit status: 0 all sessions as expected, 1 not.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench_util.h"

enum {
	VARIANTS =
	    4, /* command blocks with different recipients; smtpd remembers some 100 addresses */
	REPLIES_BEFORE_RCPT = 3 /* banner, EHLO, MAIL */
};

struct options {
	struct sockaddr_in address;
	long sessions;
	long concurrency;
	long rejections; /* recipients a session */
	long expect_lines;
	long timeout; /* seconds without any event */
	struct bench_lines recipients;
};

struct block {
	char *data;
	size_t len;
};

struct session {
	int fd;
	bool failed;
	long replies;    /* complete replies so far */
	unsigned lines;  /* lines of the reply that is coming in, complete ones */
	unsigned column; /* octets of the line that is coming in, capped */
	char head[4];    /* code and separator of this line */
	char code[3];    /* code of the reply's first line */
	char last;       /* octet before this one, to see CRLF */
	const struct block *block;
	uint64_t start_ns;
};

struct totals {
	long started;
	long finished;
	long failed;
	long rejections;
	long explained; /* rejections with at least two lines */
	unsigned long long octets;
	uint64_t longest_ns;
};

static struct options options = {
    .sessions = 1000, .concurrency = 20, .rejections = 20, .expect_lines = 1, .timeout = 20};
static struct totals totals;
static struct block blocks[VARIANTS];
static const char greeting[] = "EHLO client.example.net\r\n";

/* The commands of one session after EHLO, with recipients that differ from block to block. */
static struct block block_create(long number)
{
	struct block block;
	FILE *out = open_memstream(&block.data, &block.len);

	if (out == NULL)
		bench_die("open_memstream: %s", strerror(errno));
	fprintf(out, "MAIL FROM:<sender%ld@example.net>\r\n", number);
	for (long i = 0; i < options.rejections; i++) {
		long serial = number * options.rejections + i;

		if (options.recipients.count > 0)
			fprintf(out, "RCPT TO:<%s>\r\n",
			    options.recipients.item[(size_t)serial % options.recipients.count]
			        .data);
		else
			fprintf(
			    out, "RCPT TO:<nobody.%ld@example.test>\r\n", serial * 7919 % 100003);
	}
	fputs("QUIT\r\n", out);
	if (fclose(out) != 0)
		bench_die("out of memory");
	return block;
}

static void session_send(struct session *session, const char *data, size_t len)
{
	ssize_t sent = send(session->fd, data, len, MSG_NOSIGNAL);

	if (sent < 0 || (size_t)sent != len)
		session->failed = true;
}

/* A reply is complete: counts it, judges it, and sends what comes next. */
static void session_reply(struct session *session)
{
	long number = session->replies++;
	char class_wanted = '2';

	if (number == 0) {
		session_send(session, greeting, sizeof greeting - 1);
	} else if (number == 1) {
		session_send(session, session->block->data, session->block->len);
	} else if (number >= REPLIES_BEFORE_RCPT &&
	           number < REPLIES_BEFORE_RCPT + options.rejections) {
		class_wanted = '5';
		totals.rejections++;
		if (session->lines >= 2)
			totals.explained++;
		if (session->lines < (unsigned long)options.expect_lines)
			session->failed = true;
	}
	if (session->code[0] != class_wanted)
		session->failed = true;
}

static void session_line(struct session *session)
{
	if (session->column < 5 || session->last != '\r' ||
	    (session->head[3] != ' ' && session->head[3] != '-'))
		session->failed = true;
	if (session->lines++ == 0)
		memcpy(session->code, session->head, sizeof session->code);
	else if (memcmp(session->code, session->head, sizeof session->code) != 0)
		session->failed = true;
	session->column = 0;
	if (session->head[3] != '-') {
		session_reply(session);
		session->lines = 0;
	}
}

/* Octets from the server. Only a line's first four octets and its end are looked at. */
static void session_input(struct session *session, const char *data, size_t len)
{
	const char *end = data + len;

	totals.octets += len;
	while (data < end) {
		const char *newline;

		while (data < end && session->column < sizeof session->head && *data != '\n')
			session->head[session->column++] = session->last = *data++;
		newline = memchr(data, '\n', (size_t)(end - data));
		if (newline == NULL) {
			if (data < end) {
				session->column = 5;
				session->last = end[-1];
			}
			return;
		}
		if (newline > data) {
			session->column = 5;
			session->last = newline[-1];
		}
		data = newline + 1;
		session_line(session);
	}
}

static void session_start(struct session *session, int epoll)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_die("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (const struct sockaddr *)&options.address, sizeof options.address) < 0 &&
	    errno != EINPROGRESS)
		bench_die("connect: %s", strerror(errno));
	memset(session, 0, sizeof *session);
	session->fd = fd;
	session->block = &blocks[totals.started % VARIANTS];
	session->start_ns = bench_now_ns();
	totals.started++;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
}

/* The session is over: the next one takes its place. */
static void session_end(struct session *session, int epoll)
{
	uint64_t took = bench_now_ns() - session->start_ns;

	if (session->failed || session->replies != REPLIES_BEFORE_RCPT + options.rejections + 1 ||
	    session->column != 0)
		totals.failed++;
	if (took > totals.longest_ns)
		totals.longest_ns = took;
	totals.finished++;
	close(session->fd);
	session->fd = -1;
	if (totals.started < options.sessions)
		session_start(session, epoll);
}

/* Reads what is there; the server closes after its answer to QUIT, which ends the session. */
static void session_read(struct session *session, int epoll)
{
	static char buffer[65536];
	ssize_t got = recv(session->fd, buffer, sizeof buffer, 0);

	if (got > 0) {
		session_input(session, buffer, (size_t)got);
	} else if (got == 0) {
		session_end(session, epoll);
	} else if (errno != EAGAIN && errno != EINTR) {
		session->failed = true;
		session_end(session, epoll);
	}
}

static void run(void)
{
	struct session *sessions = bench_alloc((size_t)options.concurrency, sizeof *sessions);
	struct epoll_event events[64];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0)
		bench_die("epoll_create1: %s", strerror(errno));
	for (long i = 0; i < options.concurrency && totals.started < options.sessions; i++)
		session_start(&sessions[i], epoll);
	while (totals.finished < options.sessions) {
		int ready = epoll_wait(epoll, events, 64, (int)options.timeout * 1000);

		if (ready == 0)
			bench_die("nothing from the server for %ld s; %ld of %ld sessions finished",
			    options.timeout, totals.finished, options.sessions);
		for (int i = 0; i < ready; i++)
			session_read(events[i].data.ptr, epoll);
	}
	close(epoll);
	free(sessions);
}

static void parse_options(int argc, char **argv)
{
	static const struct option names[] = {{"host", required_argument, NULL, 'h'},
	    {"port", required_argument, NULL, 'p'}, {"sessions", required_argument, NULL, 's'},
	    {"concurrency", required_argument, NULL, 'c'},
	    {"rejections", required_argument, NULL, 'r'},
	    {"expect-lines", required_argument, NULL, 'e'},
	    {"recipients", required_argument, NULL, 'f'}, {"timeout", required_argument, NULL, 't'},
	    {NULL, 0, NULL, 0}};
	const char *host = "127.0.0.1";
	int option;

	options.address.sin_family = AF_INET;
	while ((option = getopt_long(argc, argv, "h:p:s:c:r:e:f:t:", names, NULL)) != -1) {
		switch (option) {
		case 'h':
			host = optarg;
			break;
		case 'p':
			options.address.sin_port =
			    htons((uint16_t)bench_number(optarg, "--port", 1));
			break;
		case 's':
			options.sessions = bench_number(optarg, "--sessions", 1);
			break;
		case 'c':
			options.concurrency = bench_number(optarg, "--concurrency", 1);
			break;
		case 'r':
			options.rejections = bench_number(optarg, "--rejections", 1);
			break;
		case 'e':
			options.expect_lines = bench_number(optarg, "--expect-lines", 1);
			break;
		case 'f':
			options.recipients = bench_read_lines(optarg, 0);
			break;
		case 't':
			options.timeout = bench_number(optarg, "--timeout", 1);
			break;
		default:
			options.address.sin_port = 0;
			optind = argc + 1;
			break;
		}
	}
	if (optind != argc || options.address.sin_port == 0 ||
	    inet_pton(AF_INET, host, &options.address.sin_addr) != 1)
		bench_die(
		    "usage: smtp_load --port N [--host ADDRESS] [--sessions N] [--concurrency N] "
		    "[--rejections N]\n"
		    "                 [--expect-lines N] [--recipients FILE] [--timeout SECONDS]");
}

int main(int argc, char **argv)
{
	uint64_t start;
	double seconds;

	parse_options(argc, argv);
	for (long i = 0; i < VARIANTS; i++)
		blocks[i] = block_create(i);
	start = bench_now_ns();
	run();
	seconds = bench_seconds_since(start);
	printf("{\"sessions\":%ld,\"failed\":%ld,\"rejections\":%ld,\"explained\":%ld,\"octets\":%"
	       "llu,\"seconds\":%.4f,"
	       "\"per_s\":%.1f,\"client_cpu_s\":%.4f,\"longest_ms\":%.2f}\n",
	    totals.finished, totals.failed, totals.rejections, totals.explained, totals.octets,
	    seconds, (double)totals.rejections / seconds, bench_cpu_seconds(),
	    (double)totals.longest_ns / 1e6);
	for (long i = 0; i < VARIANTS; i++)
		free(blocks[i].data);
	bench_free_lines(&options.recipients);
	return totals.failed > 0 ? 1 : 0;
}
