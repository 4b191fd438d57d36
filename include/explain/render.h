#ifndef EXPLAIN_RENDER_H
#define EXPLAIN_RENDER_H

#include <stdbool.h>
#include <stddef.h>

struct profile;
struct reply;
struct strbuf;

/* RFC 5321 section 4.5.3.1.5: a reply line has at most 512 octets, CRLF included. */
#define RENDER_MAX_LINE 510

/* The parts of an explanation in the order in which they are shown; plain UTF-8, NULL or "" where
 * there is none. */
struct message {
	const char *summary; /* what happened */
	const char *action;  /* what to do */
	const char *note;    /* temporary or permanent */
	const char *closing; /* help page and reference */
};

/* Each function appends to OUT and returns 0; -1 when there is no room for anything that makes
 * sense, and then nothing was appended. All text goes out as ASCII: any other character becomes '?'
 * (RFC 5321 section 2.4). When not everything fits, the action is shortened first, then left out;
 * summary and closing stay. */

/* A footer template for Postfix (postconf(5) smtpd_reject_footer): lines separated by the two
 * characters \n, or beginning with \c for `layout: single`; `$` is doubled. A backslash that would
 * make a \n or \c of a value becomes '?': Postfix has no escape for it. */
int render_footer(struct strbuf *out, const struct message *message, const struct reply *reply,
    const struct profile *profile);
/* A whole reply: the original lines, then the explanation, with CRLF between lines, none at the
 * end. */
int render_reply(struct strbuf *out, const struct message *message, const struct reply *reply,
    const struct profile *profile);
/* A delivery status as Postfix gives and takes it, `X.Y.Z text`: KEY unchanged (control characters
 * become blanks), then the explanation behind it, of at most ROOM octets. */
int render_delivery_status(
    struct strbuf *out, const char *key, size_t len, const struct message *message, size_t room);
/* Everything in one piece, separated by blanks, of at most ROOM octets. */
int render_flat(struct strbuf *out, const struct message *message, size_t room);

#endif
