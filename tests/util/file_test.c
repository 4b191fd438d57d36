/* file_test.c - writing until all is written. */
#include "../unit.h"

#include "explain/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* Reads slowly, so that the writer's pipe is full again and again. */
static void *read_all(void *context)
{
	const int *fd = context;
	static char data[1 << 20];
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(data) && (got = read(*fd, data + len, 4096)) > 0)
		len += (size_t)got;
	for (size_t i = 0; i < len; i++)
		if (data[i] != (char)(i % 251))
			return NULL;
	return len == sizeof(data) ? context : NULL;
}

START_TEST(test_pipe)
{
	static char data[1 << 20];
	pthread_t reader;
	void *complete;
	int ends[2];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % 251);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, &ends[0]), 0);
	ck_assert(file_write_all(ends[1], data, sizeof(data)));
	close(ends[1]);
	pthread_join(reader, &complete);
	ck_assert_ptr_nonnull(complete);
	close(ends[0]);
}
END_TEST

START_TEST(test_failures)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(full, 0);
	ck_assert(!file_write_all(full, "x", 1));
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert(file_write_all(full, "", 0));
	close(full);
	ck_assert(!file_write_all(-1, "x", 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *tests = unit_case(suite, "file");

	tcase_add_test(tests, test_pipe);
	tcase_add_test(tests, test_failures);
	return unit_run(suite);
}
