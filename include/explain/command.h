#ifndef EXPLAIN_COMMAND_H
#define EXPLAIN_COMMAND_H

/* Runs ARGV (NULL-terminated, found in PATH or, as root's PATH may lack it, in /usr/sbin), without
 * a shell. With OUTPUT its standard output (at most 1 MiB) is returned there, to be freed; else it
 * goes where ours goes. Returns the exit status, or -1 with a sentence in *ERROR when it could not
 * be run or was ended by a signal. */
int command_run(char *const *argv, char **output, char **error);

#endif
