#ifndef EXPLAIN_REPLY_H
#define EXPLAIN_REPLY_H

#include "explain/stage.h"
#include "explain/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A reply of at most REPLY_MAX octets; the socketmap protocol of Postfix has the same limit. */
#define REPLY_MAX 10000

/* An SMTP reply (RFC 5321 section 4.2): code, optional enhanced status code, lines of text. One
 * object can be parsed into again and again; it keeps its memory. */
struct reply;

struct reply *reply_create(void);
void reply_free(struct reply **reply);

/* Reads a reply in any form in which servers, logs and bounces show one:
 *   - SMTP, one line or several (CRLF, LF or CR between them), with or without status;
 *   - bare text, or a status and text;
 *   - with `smtp; ` (RFC 3464 diagnostic-type) or `host NAME[ADDRESS] said: ` before it, and
 *     `(in reply to RCPT TO command)` behind it;
 *   - flattened: several lines joined by blanks, the codes repeated in the middle.
 * NUL and other control characters count as blanks; 8-bit octets are kept. Never fails on content.
 * Returns 0, or -1 when LEN is over REPLY_MAX (the reply is then empty). */
int reply_parse(struct reply *reply, const char *data, size_t len);

/* 200 to 599, or 0 when the text has none. */
int reply_code(const struct reply *reply);
/* class 0 when there is none. It can disagree with the code; the code decides then. */
struct status reply_status(const struct reply *reply);
/* The first digit of the code, else of the status: 2, 3, 4, 5; 0 when neither is there. */
int reply_class(const struct reply *reply);
/* The text that rules look at: all lines without code and status, joined by single blanks. */
const char *reply_text(const struct reply *reply, size_t *len);
/* The text's lines, without code and status, without control characters. At least one. */
size_t reply_line_count(const struct reply *reply);
const char *reply_line(const struct reply *reply, size_t i, size_t *len);
/* The stage named by `(in reply to X command)`, else STAGE_NONE. */
enum stage reply_stage(const struct reply *reply);
/* The server named by `host NAME[ADDRESS] said:`, else NULL. */
const char *reply_host(const struct reply *reply, size_t *len);

struct strbuf;
/* Appends `CODE-STATUS TEXT` (a blank for '-' when LAST), without CRLF. With CODE 0 only the text;
 * with status class 0 no status. */
void reply_add_line(struct strbuf *out, int code, const struct status *status, bool last,
    const char *text, size_t len);
/* Appends all lines of REPLY with CRLF between them; MORE says that others will follow, so that the
 * last one gets a '-' too. */
void reply_add_lines(struct strbuf *out, const struct reply *reply, bool more);

#endif
