/* endpoint_test.c - socket addresses, and what may be replaced when listening on them. */
#include "../unit.h"

#include "explain/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PATH_MAX_UN (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

START_TEST(unix_addresses)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
	    {"unix:/run/explain.sock", "/run/explain.sock"},
	    {"local:/run/explain.sock", "/run/explain.sock"},
	    {"/run/explain.sock", "/run/explain.sock"},
	    {"unix:/a b:c@d", "/a b:c@d"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint endpoint;
		char *error = NULL;
		ck_assert_int_eq(endpoint_parse(&endpoint, cases[i].text, &error), 0);
		const struct sockaddr_un *address = (const struct sockaddr_un *)&endpoint.address;
		ck_assert_str_eq(endpoint.text, cases[i].text);
		ck_assert_str_eq(endpoint.path, cases[i].path);
		ck_assert_int_eq(address->sun_family, AF_UNIX);
		ck_assert_str_eq(address->sun_path, cases[i].path);
		endpoint_free(&endpoint);
		endpoint_free(&endpoint);
	}
}
END_TEST

START_TEST(inet_addresses)
{
	static const struct {
		const char *text;
		int family;
		const char *host;
		unsigned port;
	} cases[] = {
	    {"inet:8891@127.0.0.1", AF_INET, "127.0.0.1", 8891},
	    {"inet:1@192.0.2.1", AF_INET, "192.0.2.1", 1},
	    {"inet:65535@[192.0.2.1]", AF_INET, "192.0.2.1", 65535},
	    {"inet:25@localhost", AF_INET, "127.0.0.1", 25},
	    {"inet:25@LocalHost", AF_INET, "127.0.0.1", 25},
	    {"inet:25", AF_INET, "127.0.0.1", 25},
	    {"inet6:25", AF_INET6, "::1", 25},
	    {"inet6:25@localhost", AF_INET6, "::1", 25},
	    {"inet6:8891@2001:db8::25", AF_INET6, "2001:db8::25", 8891},
	    {"inet6:8891@[2001:DB8:0::25]", AF_INET6, "2001:db8::25", 8891},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint endpoint;
		char host[INET6_ADDRSTRLEN];
		char *error = NULL;
		ck_assert_int_eq(endpoint_parse(&endpoint, cases[i].text, &error), 0);
		ck_assert_ptr_null(endpoint.path);
		ck_assert_int_eq(endpoint.address.ss_family, cases[i].family);
		const struct sockaddr_in *in = (const struct sockaddr_in *)&endpoint.address;
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&endpoint.address;
		bool is_in = cases[i].family == AF_INET;
		inet_ntop(cases[i].family,
		    is_in ? (const void *)&in->sin_addr : (const void *)&in6->sin6_addr, host,
		    sizeof(host));
		ck_assert_str_eq(host, cases[i].host);
		ck_assert_uint_eq(ntohs(is_in ? in->sin_port : in6->sin6_port), cases[i].port);
		ck_assert_uint_eq(endpoint.address_len, is_in ? sizeof(*in) : sizeof(*in6));
		endpoint_free(&endpoint);
	}
}
END_TEST

START_TEST(bad_addresses)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"", "expected unix:"},
	    {"unix", "expected unix:"},
	    {"relative/path", "expected unix:"},
	    {"tcp:25@127.0.0.1", "expected unix:"},
	    {"INET:25@127.0.0.1", "expected unix:"},
	    {"127.0.0.1:25", "expected unix:"},
	    {"unix:", "begins with /"},
	    {"unix:relative", "begins with /"},
	    {"local:./x", "begins with /"},
	    {"inet:", "port"},
	    {"inet:@127.0.0.1", "port"},
	    {"inet:0@127.0.0.1", "port"},
	    {"inet:65536@127.0.0.1", "port"},
	    {"inet:4294967321@127.0.0.1", "port"},
	    {"inet:18446744073709551641@127.0.0.1", "port"},
	    {"inet:-1@127.0.0.1", "port"},
	    {"inet:-18446744073709551591@127.0.0.1", "port"},
	    {"inet:+25@127.0.0.1", "port"},
	    {"inet: 25@127.0.0.1", "port"},
	    {"inet:25 @127.0.0.1", "port"},
	    {"inet:0x19@127.0.0.1", "port"},
	    {"inet:smtp@127.0.0.1", "port"},
	    {"inet:127.0.0.1:25", "port"},
	    {"inet:25@", "IPv4"},
	    {"inet:25@[", "IPv4"},
	    {"inet:25@]", "IPv4"},
	    {"inet:25@[]", "IPv4"},
	    {"inet:25@mx.example.org", "IPv4"},
	    {"inet:25@127.0.0.1.1", "IPv4"},
	    {"inet:25@127.0.0.256", "IPv4"},
	    {"inet:25@::1", "IPv4"},
	    {"inet:25@127.0.0.1@127.0.0.1", "IPv4"},
	    {"inet6:25@127.0.0.1", "IPv6"},
	    {"inet6:25@2001:db8:::1", "IPv6"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint endpoint;
		char *error = NULL;
		ck_assert_msg(endpoint_parse(&endpoint, cases[i].text, &error) == -1,
		    "'%s' was accepted", cases[i].text);
		ck_assert_ptr_nonnull(error);
		ck_assert_msg(strstr(error, cases[i].says) && strstr(error, cases[i].text),
		    "'%s' gives: %s", cases[i].text, error);
		free(error);
		endpoint_free(&endpoint);
	}
}
END_TEST

START_TEST(path_length)
{
	char text[PATH_MAX_UN + 8];
	struct endpoint endpoint;
	char *error = NULL;

	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + PATH_MAX_UN] = '\0';
	ck_assert_int_eq(endpoint_parse(&endpoint, text, &error), 0);
	ck_assert_uint_eq(strlen(endpoint.path), PATH_MAX_UN);
	endpoint_free(&endpoint);
	text[5 + PATH_MAX_UN] = 'x';
	text[6 + PATH_MAX_UN] = '\0';
	ck_assert_int_eq(endpoint_parse(&endpoint, text, &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "octets"));
	free(error);
}
END_TEST

/* The endpoint of the file NAME in the test's directory. */
static struct endpoint at_file(const char *name)
{
	struct endpoint endpoint;
	char *path = unit_path(name), *error = NULL;

	ck_assert_int_eq(endpoint_parse(&endpoint, path, &error), 0);
	free(path);
	return endpoint;
}

static int listen_ok(const struct endpoint *endpoint, unsigned mode, const char *group)
{
	char *error = NULL;
	int fd = endpoint_listen(endpoint, mode, group, &error);

	ck_assert_msg(fd >= 0 && !error, "%s", error ? error : "no error");
	return fd;
}

static void listen_fails(
    const struct endpoint *endpoint, unsigned mode, const char *group, const char *says)
{
	char *error = NULL;
	int fd = endpoint_listen(endpoint, mode, group, &error);

	ck_assert_int_eq(fd, -1);
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(strstr(error, says), "'%s' doesn't say '%s'", error, says);
	free(error);
}

static int connect_to(const struct endpoint *endpoint, int type)
{
	int fd = socket(endpoint->address.ss_family, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_len) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A socket of TYPE bound there, as another program would do it. */
static int bind_other(const struct endpoint *endpoint, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_len), 0);
	return fd;
}

static mode_t mode_of(const struct endpoint *endpoint)
{
	struct stat status;

	ck_assert_int_eq(lstat(endpoint->path, &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	return status.st_mode & 07777;
}

START_TEST(listens)
{
	static const unsigned modes[] = {0600, 0660, 0666, 0000, 0777};
	struct endpoint endpoint = at_file("listens");
	mode_t before = umask(022);

	for (size_t i = 0; i < COUNT(modes); i++) {
		int fd = listen_ok(&endpoint, modes[i], NULL);
		ck_assert_uint_eq(mode_of(&endpoint), modes[i]);
		ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
		close(fd);
		endpoint_unlink(&endpoint);
		ck_assert_int_ne(access(endpoint.path, F_OK), 0);
		endpoint_unlink(&endpoint);
	}
	/* The process's own mask is as it was. */
	ck_assert_uint_eq(umask(before), 022);
	int fd = listen_ok(&endpoint, 0600, NULL);
	ck_assert_int_eq(accept(fd, NULL, NULL), -1);
	ck_assert_int_eq(errno, EAGAIN);
	int client = connect_to(&endpoint, SOCK_STREAM);
	ck_assert_int_ge(client, 0);
	int server = accept(fd, NULL, NULL);
	ck_assert_int_ge(server, 0);
	close(server);
	close(client);
	close(fd);
	endpoint_unlink(&endpoint);
	endpoint_free(&endpoint);
}
END_TEST

START_TEST(group)
{
	struct endpoint endpoint = at_file("group");
	struct stat status;
	/* Any group may be set by root, only an own one by others. */
	struct group *entry = getgrgid(geteuid() == 0 ? 1 : getegid());

	if (entry) {
		gid_t id = entry->gr_gid;
		int fd = listen_ok(&endpoint, 0660, entry->gr_name);
		ck_assert_uint_eq(mode_of(&endpoint), 0660);
		ck_assert_int_eq(stat(endpoint.path, &status), 0);
		ck_assert_uint_eq(status.st_gid, id);
		close(fd);
		endpoint_unlink(&endpoint);
	}
	listen_fails(&endpoint, 0660, "no-such-group-here", "no group no-such-group-here");
	ck_assert_int_ne(access(endpoint.path, F_OK), 0);
	endpoint_free(&endpoint);
}
END_TEST

START_TEST(stale_is_replaced)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	struct endpoint endpoint = at_file("stale");

	for (size_t i = 0; i < COUNT(types); i++) {
		close(bind_other(&endpoint, types[i]));
		int fd = listen_ok(&endpoint, 0600, NULL);
		int client = connect_to(&endpoint, SOCK_STREAM);
		ck_assert_int_ge(client, 0);
		close(client);
		close(fd);
		endpoint_unlink(&endpoint);
	}
	endpoint_free(&endpoint);
}
END_TEST

START_TEST(live_is_refused)
{
	struct endpoint endpoint = at_file("live");
	int other = listen_ok(&endpoint, 0600, NULL);

	listen_fails(&endpoint, 0600, NULL, "another program");
	int client = connect_to(&endpoint, SOCK_STREAM);
	ck_assert_int_ge(client, 0);
	close(client);
	close(other);
	endpoint_unlink(&endpoint);

	/* A backlog that is full: alive all the same. */
	other = bind_other(&endpoint, SOCK_STREAM);
	ck_assert_int_eq(listen(other, 0), 0);
	client = connect_to(&endpoint, SOCK_STREAM);
	ck_assert_int_ge(client, 0);
	listen_fails(&endpoint, 0600, NULL, "another program");
	close(client);
	close(other);
	endpoint_unlink(&endpoint);

	/* Of another type, as a log daemon's. */
	other = bind_other(&endpoint, SOCK_DGRAM);
	listen_fails(&endpoint, 0600, NULL, "another program");
	client = connect_to(&endpoint, SOCK_DGRAM);
	ck_assert_int_ge(client, 0);
	close(client);
	close(other);
	endpoint_unlink(&endpoint);
	endpoint_free(&endpoint);
}
END_TEST

/* When no descriptor is left, nobody can tell whether a program listens. */
START_TEST(no_descriptor_left)
{
	struct endpoint endpoint = at_file("limit");
	struct rlimit before, none;
	int other = listen_ok(&endpoint, 0600, NULL);

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	char *error = NULL;
	int fd = endpoint_listen(&endpoint, 0600, NULL, &error);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(fd, -1);
	ck_assert_ptr_nonnull(error);
	free(error);
	int client = connect_to(&endpoint, SOCK_STREAM);
	ck_assert_msg(client >= 0, "the live socket was removed");
	close(client);
	close(other);
	endpoint_unlink(&endpoint);
	endpoint_free(&endpoint);
}
END_TEST

START_TEST(other_files_are_refused)
{
	struct endpoint file = at_file("file"), link = at_file("link"), fifo = at_file("fifo");
	struct endpoint dangling = at_file("dangling"), socket = at_file("socket");
	char *content = NULL;
	size_t len = 0;

	unit_write(file.path, "mine", 4);
	ck_assert_int_eq(symlink(file.path, link.path), 0);
	ck_assert_int_eq(symlink(socket.path, dangling.path), 0);
	ck_assert_int_eq(mkfifo(fifo.path, 0600), 0);
	listen_fails(&file, 0600, NULL, "no socket");
	listen_fails(&link, 0600, NULL, "no socket");
	listen_fails(&fifo, 0600, NULL, "no socket");
	listen_fails(&dangling, 0600, NULL, "no socket");
	/* Nor is a socket found through a link. */
	close(bind_other(&socket, SOCK_STREAM));
	listen_fails(&dangling, 0600, NULL, "no socket");
	FILE *stream = fopen(file.path, "re");
	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(getdelim(&content, &len, EOF, stream), 4);
	ck_assert_str_eq(content, "mine");
	fclose(stream);
	free(content);

	struct endpoint *const all[] = {&file, &link, &fifo, &dangling, &socket};
	for (size_t i = 0; i < COUNT(all); i++) {
		endpoint_unlink(all[i]);
		endpoint_free(all[i]);
	}
	struct endpoint directory = at_file("."), nowhere = at_file("no/such/directory");
	listen_fails(&directory, 0600, NULL, "no socket");
	listen_fails(&nowhere, 0600, NULL, "can't listen");
	endpoint_free(&directory);
	endpoint_free(&nowhere);
}
END_TEST

/* A loopback endpoint on a port that was free a moment ago. */
static struct endpoint at_free_port(int family, const char *host)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
	socklen_t len =
	    family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	struct endpoint endpoint = {0};
	char text[64], *error = NULL;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0) {
		if (fd >= 0)
			close(fd);
		return endpoint; /* a machine without IPv6 */
	}
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	unsigned port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
	                                        : ((struct sockaddr_in6 *)&address)->sin6_port);
	snprintf(text, sizeof(text), "%s:%u@%s", family == AF_INET ? "inet" : "inet6", port, host);
	ck_assert_int_eq(endpoint_parse(&endpoint, text, &error), 0);
	return endpoint;
}

START_TEST(inet_listens)
{
	static const struct {
		int family;
		const char *host;
	} cases[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint endpoint = at_free_port(cases[i].family, cases[i].host);
		if (!endpoint.text)
			continue;
		int fd = listen_ok(&endpoint, 0600, NULL);
		int client = connect_to(&endpoint, SOCK_STREAM);
		ck_assert_int_ge(client, 0);
		listen_fails(&endpoint, 0600, NULL, "can't listen");
		int server = accept(fd, NULL, NULL);
		ck_assert_int_ge(server, 0);
		/* Closed by the server first: the address is free again at once all the same. */
		close(server);
		close(client);
		close(fd);
		fd = listen_ok(&endpoint, 0600, NULL);
		endpoint_unlink(&endpoint);
		close(fd);
		endpoint_free(&endpoint);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("endpoint");
	TCase *addresses = unit_case(suite, "addresses");
	TCase *listening = unit_case(suite, "listening");

	tcase_add_test(addresses, unix_addresses);
	tcase_add_test(addresses, inet_addresses);
	tcase_add_test(addresses, bad_addresses);
	tcase_add_test(addresses, path_length);
	tcase_add_unchecked_fixture(listening, unit_dir_make, unit_dir_remove);
	tcase_add_test(listening, listens);
	tcase_add_test(listening, group);
	tcase_add_test(listening, stale_is_replaced);
	tcase_add_test(listening, live_is_refused);
	tcase_add_test(listening, no_descriptor_left);
	tcase_add_test(listening, other_files_are_refused);
	tcase_add_test(listening, inet_listens);
	return unit_run(suite);
}
