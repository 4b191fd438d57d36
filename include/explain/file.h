#ifndef EXPLAIN_FILE_H
#define EXPLAIN_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all LEN octets of DATA to FD, however many calls that takes; false with errno if it can't.
 */
bool file_write_all(int fd, const char *data, size_t len);

#endif
