/* stage.c - names of stages, and the SMTP commands that belong to them. */
#include "explain/stage.h"

#include <string.h>
#include <strings.h>

static const char *const names[] = {
    [STAGE_NONE] = "",
    [STAGE_CONNECT] = "connect",
    [STAGE_HELO] = "helo",
    [STAGE_MAIL] = "mail",
    [STAGE_RCPT] = "rcpt",
    [STAGE_DATA] = "data",
    [STAGE_EOM] = "eom",
    [STAGE_VRFY] = "vrfy",
    [STAGE_ETRN] = "etrn",
    [STAGE_AUTH] = "auth",
    [STAGE_STARTTLS] = "starttls",
    [STAGE_UNKNOWN] = "unknown",
};

static const struct {
	const char *command;
	enum stage stage;
} commands[] = {
    {"end of data", STAGE_EOM},
    {"data", STAGE_DATA},
    {"bdat", STAGE_DATA},
    {"rcpt", STAGE_RCPT},
    {"mail", STAGE_MAIL},
    {"ehlo", STAGE_HELO},
    {"helo", STAGE_HELO},
    {"lhlo", STAGE_HELO},
    {"starttls", STAGE_STARTTLS},
    {"auth", STAGE_AUTH},
    {"vrfy", STAGE_VRFY},
    {"etrn", STAGE_ETRN},
    {"initial server greeting", STAGE_CONNECT},
};

const char *stage_name(enum stage stage)
{
	return names[stage];
}

enum stage stage_by_name(const char *name, size_t len)
{
	for (size_t i = STAGE_CONNECT; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
			return (enum stage)i;
	return STAGE_NONE;
}

enum stage stage_by_command(const char *command, size_t len)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t command_len = strlen(commands[i].command);
		if (len >= command_len &&
		    strncasecmp(commands[i].command, command, command_len) == 0)
			return commands[i].stage;
	}
	return STAGE_NONE;
}
