/* file.c - what files and pipes need beyond one system call. */
#include "explain/file.h"

#include <errno.h>
#include <unistd.h>

bool file_write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, data, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		data += written;
		len -= (size_t)written;
	}
	return true;
}
