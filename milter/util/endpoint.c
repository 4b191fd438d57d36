/* endpoint.c - socket addresses in libmilter's notation, and listening on them. */
#include "explain/endpoint.h"

#include "explain/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static int parse_unix(struct endpoint *endpoint, const char *path, char **error)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&endpoint->address;

	if (path[0] != '/') {
		*error =
		    mem_printf("%s: a Unix socket needs a path that begins with /", endpoint->text);
		return -1;
	}
	if (strlen(path) >= sizeof(address->sun_path)) {
		*error = mem_printf("%s: a Unix socket's path has at most %zu octets",
		    endpoint->text, sizeof(address->sun_path) - 1);
		return -1;
	}
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path) + 1);
	endpoint->address_len = sizeof(*address);
	endpoint->path = mem_strdup(path);
	return 0;
}

static int parse_inet(struct endpoint *endpoint, int family, const char *rest, char **error)
{
	const char *at = strchr(rest, '@');
	char *end;
	unsigned long port = strtoul(rest, &end, 10);
	char *host = at ? mem_strdup(at + 1) : mem_strdup(family == AF_INET ? "127.0.0.1" : "::1");
	size_t len = strlen(host);
	int ok;

	if (host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	if (strcasecmp(host, "localhost") == 0) {
		free(host);
		host = mem_strdup(family == AF_INET ? "127.0.0.1" : "::1");
	}
	if (family == AF_INET) {
		struct sockaddr_in *address = (struct sockaddr_in *)&endpoint->address;
		address->sin_family = AF_INET;
		address->sin_port = htons((uint16_t)port);
		ok = inet_pton(AF_INET, host, &address->sin_addr);
		endpoint->address_len = sizeof(*address);
	} else {
		struct sockaddr_in6 *address = (struct sockaddr_in6 *)&endpoint->address;
		address->sin6_family = AF_INET6;
		address->sin6_port = htons((uint16_t)port);
		ok = inet_pton(AF_INET6, host, &address->sin6_addr);
		endpoint->address_len = sizeof(*address);
	}
	free(host);
	/* strtoul() takes signs and blanks too. */
	if (!isdigit((unsigned char)rest[0]) || (*end != '\0' && end != at) || port < 1 ||
	    port > 65535) {
		*error =
		    mem_printf("%s: the port must be a number from 1 to 65535", endpoint->text);
		return -1;
	}
	if (ok != 1) {
		*error = mem_printf("%s: the host must be an %s address or localhost",
		    endpoint->text, family == AF_INET ? "IPv4" : "IPv6");
		return -1;
	}
	return 0;
}

static const struct scheme {
	const char *prefix;
	int family;
} schemes[] = {{"unix:", AF_UNIX}, {"local:", AF_UNIX}, {"inet:", AF_INET}, {"inet6:", AF_INET6}};

int endpoint_parse(struct endpoint *endpoint, const char *text, char **error)
{
	int result = -1;

	*endpoint = (struct endpoint){.text = mem_strdup(text)};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].prefix);
		if (strncmp(text, schemes[i].prefix, len) != 0)
			continue;
		result = schemes[i].family == AF_UNIX
		             ? parse_unix(endpoint, text + len, error)
		             : parse_inet(endpoint, schemes[i].family, text + len, error);
		break;
	}
	if (!endpoint->address_len && text[0] == '/')
		result = parse_unix(endpoint, text, error);
	else if (!endpoint->address_len && !endpoint->path && !*error)
		*error = mem_printf(
		    "%s: expected unix:/path, inet:port@address or inet6:port@address", text);
	if (result < 0)
		endpoint_free(endpoint);
	return result;
}

void endpoint_free(struct endpoint *endpoint)
{
	free(endpoint->text);
	free(endpoint->path);
	*endpoint = (struct endpoint){0};
}

/* Removes a socket that a program left behind. Anything else in its place is somebody's file. Only
 * a refused connection says that nobody is there: any other answer, or none, may be a program. */
static int remove_stale(const struct endpoint *endpoint, char **error)
{
	struct stat status;

	if (lstat(endpoint->path, &status) < 0)
		return 0;
	if (!S_ISSOCK(status.st_mode)) {
		*error = mem_printf("%s: the file exists and is no socket", endpoint->text);
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		*error = mem_printf("%s: %s", endpoint->text, strerror(errno));
		return -1;
	}
	int answer =
	    connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_len);
	int why = errno;
	close(fd);
	if (answer == 0 || (why != ECONNREFUSED && why != ENOENT)) {
		*error = mem_printf("%s: another program listens there", endpoint->text);
		return -1;
	}
	if (why == ECONNREFUSED && unlink(endpoint->path) < 0) {
		*error = mem_printf(
		    "%s: a stale socket can't be removed: %s", endpoint->text, strerror(errno));
		return -1;
	}
	return 0;
}

static int set_access(
    const struct endpoint *endpoint, unsigned mode, const char *group, char **error)
{
	if (group) {
		errno = 0;
		struct group *entry = getgrnam(group);
		if (!entry) {
			*error = mem_printf("%s: there is no group %s", endpoint->text, group);
			return -1;
		}
		if (chown(endpoint->path, (uid_t)-1, entry->gr_gid) < 0) {
			*error = mem_printf("%s: the group can't be set to %s: %s", endpoint->text,
			    group, strerror(errno));
			return -1;
		}
	}
	if (chmod(endpoint->path, mode) < 0) {
		*error =
		    mem_printf("%s: the mode can't be set: %s", endpoint->text, strerror(errno));
		return -1;
	}
	return 0;
}

int endpoint_listen(const struct endpoint *endpoint, unsigned mode, const char *group, char **error)
{
	int on = 1;

	if (endpoint->path && remove_stale(endpoint, error) < 0)
		return -1;
	int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		*error = mem_printf("%s: %s", endpoint->text, strerror(errno));
		return -1;
	}
	if (!endpoint->path)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (endpoint->address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* Between bind and chmod nobody may connect: the file begins without any permission. */
	mode_t mask = umask(0777);
	int bound = bind(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_len);
	int why = errno;
	umask(mask);
	if (bound < 0) {
		*error = mem_printf("%s: can't listen: %s", endpoint->text, strerror(why));
	} else if (endpoint->path && set_access(endpoint, mode, group, error) < 0) {
		endpoint_unlink(endpoint);
	} else if (listen(fd, BACKLOG) < 0) {
		*error = mem_printf("%s: can't listen: %s", endpoint->text, strerror(errno));
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

void endpoint_unlink(const struct endpoint *endpoint)
{
	if (endpoint->path)
		unlink(endpoint->path);
}
