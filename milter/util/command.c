/* command.c - runs another program and takes its output. */
#include "explain/command.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUTPUT ((size_t)1 << 20)

static void child(char *const *argv, int out)
{
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execvp(argv[0], argv);
	char *path = mem_printf("/usr/sbin/%s", argv[0]);
	execv(path, argv);
	free(path);
	_exit(127);
}

static char *read_output(int fd)
{
	struct strbuf out;
	char chunk[4096];
	ssize_t len;

	strbuf_init(&out, MAX_OUTPUT);
	strbuf_addstr(&out, "");
	while ((len = read(fd, chunk, sizeof(chunk))) > 0 || (len < 0 && errno == EINTR))
		if (len > 0)
			strbuf_add(&out, chunk, (size_t)len);
	return out.data;
}

int command_run(char *const *argv, char **output, char **error)
{
	int ends[2] = {-1, -1}, status;

	if (output && pipe(ends) < 0) {
		*error = mem_printf("%s: %s", argv[0], strerror(errno));
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		child(argv, ends[1]);
	if (output) {
		close(ends[1]);
		*output = read_output(ends[0]);
		close(ends[0]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 127) {
		*error = mem_printf("%s: can't be run", argv[0]);
		if (output) {
			free(*output);
			*output = NULL;
		}
		return -1;
	}
	return WEXITSTATUS(status);
}
