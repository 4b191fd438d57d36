/* log_capture.h - reads what is logged. Include unit.h before. */
#ifndef TESTS_FRONT_LOG_CAPTURE_H
#define TESTS_FRONT_LOG_CAPTURE_H

#include "explain/mem.h"

#include <fcntl.h>
#include <unistd.h>

/* Lines go to descriptor 2: sends them to a file until log_read(). */
static int log_saved = -1;

static inline void log_redirect(const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);

	ck_assert_int_ge(fd, 0);
	fflush(stderr);
	log_saved = dup(2);
	dup2(fd, 2);
	close(fd);
}

/* What was written, from then on to descriptor 2 itself again. The caller frees it. */
static inline char *log_read(const char *path)
{
	dup2(log_saved, 2);
	close(log_saved);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	size_t size = 64 << 20;
	char *text = mem_alloc(size);
	size_t len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

#endif
