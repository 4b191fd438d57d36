#ifndef EXPLAIN_DSN_H
#define EXPLAIN_DSN_H

#include <stdbool.h>
#include <stddef.h>

struct engine;
struct explanation;
struct profile;
struct reply;
struct strbuf;

/* Delivery reports ("bounces"): what they say, and how they are explained. */

/* RFC 3464 section 2.3.3. */
enum dsn_action {
	DSN_UNKNOWN,
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,
	DSN_EXPANDED,
};

/* What a report says of one recipient. All strings are UTF-8 and may be hostile; "" where the
 * report says nothing. */
struct dsn_recipient {
	const char *address;  /* the one that the report is about in the end */
	const char *original; /* as the sender wrote it, where that is another one */
	enum dsn_action action;
	const char *status;      /* "5.1.1" */
	const char *diagnostic;  /* the other server's words */
	const char *notice;      /* what the part for humans says of this recipient, and the comment
	                            behind the status if there is no diagnostic */
	const char *remote_mta;  /* the server that said it */
	const char *retry_until; /* Will-Retry-Until, as it stands */
};

/* A message as a delivery report. */
struct dsn;

/* Reads the LEN octets of MESSAGE: a report as RFC 3464 and RFC 6533 have it, with deviations as
 * they are seen, or the text of a server that knows no such report. Never NULL: what is no report
 * has no recipients. MESSAGE must outlive the result. Never fails on content; a part, field or
 * text of absurd size is read in its first octets only. */
struct dsn *dsn_read(const char *message, size_t len);
void dsn_free(struct dsn **dsn);

/* Puts the other server's words about recipient number I into REPLY: of the diagnostic, the
 * notice's lines about the recipient and its status the first that a rule of ENGINE with a text
 * recognises, else the first that any rule does, else the first. Returns the class for
 * explain_context: 5, 4 for a delayed one, 0 when the report does not say. */
int dsn_choose_reply(
    const struct dsn *dsn, size_t i, const struct engine *engine, struct reply *reply);

/* Is it a multipart with a delivery-status part? */
bool dsn_is_report(const struct dsn *dsn);
size_t dsn_recipient_count(const struct dsn *dsn);
const struct dsn_recipient *dsn_recipient(const struct dsn *dsn, size_t i);
/* The name of the server that wrote the report, "" if it does not say. */
const char *dsn_reporting_mta(const struct dsn *dsn);
/* The name of an action as RFC 3464 writes it, "" for DSN_UNKNOWN. */
const char *dsn_action_name(enum dsn_action action);

/* How a report is explained. */
struct dsn_options {
	const struct engine *engine;
	const struct profile *profile;    /* contact, help page, audience */
	const char *const *languages;     /* NULL-terminated; all of them, one below the other */
	const char *const *known_domains; /* of which one may have been meant, NULL-terminated */
	const char *ref;                  /* reference; NULL: none */
	/* Called for each recipient that is explained, once; NULL: not wanted. */
	void (*told)(void *context, const struct dsn_recipient *recipient,
	    const struct explanation *explanation);
	void *context;
};

/* The header field that marks an annotated message, for dsn_is_annotated(). */
#define DSN_MARK "X-Explain-Milter"

/* Does the message carry the mark? Then it is not to be annotated again. */
bool dsn_is_annotated(const struct dsn *dsn);
/* Appends the message's body with the explanations to OUT; its header stays as it is but for the
 * mark, which the caller adds. All parts but the first stay as they are, octet by octet. Returns 0;
 * -1 when there is nothing to explain or no place where it can stand safely, and then nothing was
 * appended. */
int dsn_annotate(const struct dsn *dsn, const struct dsn_options *options, struct strbuf *out);
/* Appends the message's header, with the mark and VERSION in it, and the empty line behind. */
void dsn_add_header(const struct dsn *dsn, const char *version, struct strbuf *out);
/* The first language of ENGINE's catalogue that the returned message's Accept-Language or
 * Content-Language asks for; NULL when there is none. */
const char *dsn_language(const struct dsn *dsn, const struct engine *engine);

#endif
