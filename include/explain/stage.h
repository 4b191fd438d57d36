#ifndef EXPLAIN_STAGE_H
#define EXPLAIN_STAGE_H

#include <stddef.h>

/* Where in an SMTP session a reply was given. */
enum stage {
	STAGE_NONE, /* not known */
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_EOM,
	STAGE_VRFY,
	STAGE_ETRN,
	STAGE_AUTH,
	STAGE_STARTTLS,
	STAGE_UNKNOWN /* an unknown command */
};

/* The stage's name as in rules ("rcpt"); "" for STAGE_NONE. */
const char *stage_name(enum stage stage);
/* STAGE_NONE when NAME is no stage. Case matters not. */
enum stage stage_by_name(const char *name, size_t len);
/* The stage of an SMTP command as in `in reply to end of DATA command`. */
enum stage stage_by_command(const char *command, size_t len);

#endif
