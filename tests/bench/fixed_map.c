/*
 * fixed_map.c - a socketmap server that gives the same footer to every request, without looking at
 * it.
 *
 * What Postfix loses by asking any socketmap at all is measured with it; the footer is as long as a
 * real explanation. Usage: fixed_map SOCKET
 */
#include "bench_server.h"

static const char footer[] = "OK The address nobody.12345@example.test does not exist.\\n"
                             "Check the spelling, or ask the recipient for the current address.\\n"
                             "This is permanent: the sending server does not try again.\\n"
                             "Help: https://mail.example.org/why/recipient-unknown  Ref: 7Q2K-M4RX";
static char netstring[sizeof footer + BENCH_DIGITS_MAX + 2];
static size_t netstring_len;

static void answer(struct evbuffer *input, size_t total, struct evbuffer *output)
{
	evbuffer_drain(input, total);
	evbuffer_add(output, netstring, netstring_len);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		bench_die("usage: fixed_map SOCKET");
	netstring_len =
	    (size_t)snprintf(netstring, sizeof netstring, "%zu:%s,", sizeof footer - 1, footer);
	return bench_serve(argv[1], answer);
}
