/*
 * echo_server.c - the project's own socketmap server with nothing behind it: every request comes
 * back as its answer.
 *
 * The maps are measured against it: same event loop, same reading and writing, so the difference is
 * what looking up and explaining costs. Usage: echo_server SOCKET
 */
#include "explain/endpoint.h"
#include "explain/metrics.h"
#include "explain/socketmap.h"
#include "explain/strbuf.h"

#include "bench_util.h"

static void echo(void *context, const char *request, size_t len, struct strbuf *answer)
{
	(void)context;
	strbuf_add(answer, request, len);
}

int main(int argc, char **argv)
{
	struct endpoint endpoint;
	char *error = NULL;

	if (argc != 2)
		bench_die("usage: echo_server SOCKET");
	if (endpoint_parse(&endpoint, argv[1], &error) < 0)
		bench_die("%s", error);
	struct metrics *metrics = metrics_create();
	struct socketmap_settings settings = {.endpoints = &endpoint,
	    .endpoint_count = 1,
	    .mode = 0666,
	    .max_clients = 10000,
	    .answer = echo,
	    .metrics = metrics};
	struct socketmap *server = socketmap_create(&settings, &error);
	if (!server)
		bench_die("%s", error);
	socketmap_run(server);
	socketmap_free(&server);
	metrics_free(&metrics);
	endpoint_free(&endpoint);
	return 0;
}
