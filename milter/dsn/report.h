/* report.h - a delivery report that was read, as the files of dsn/ see it. */
#ifndef DSN_REPORT_H
#define DSN_REPORT_H

#include "explain/dsn.h"
#include "internal.h"

/* A report within a report is the returned message, so multiparts are opened, messages not. */
#define DSN_MAX_DEPTH 4

/* Later ones are passed over. */
#define DSN_MAX_RECIPIENTS 20000

/* Can text go in front of a message that is one text/plain, and in which letters? */
enum extendable { EXTENDABLE_NOT, EXTENDABLE_ASCII, EXTENDABLE_UTF8 };

struct dsn {
	struct arena *arena;
	struct span message, body;
	bool is_report, is_annotated;
	bool is_guessed; /* the recipients are only from the notice */
	bool is_signed;  /* it stands in a multipart/signed, and every change breaks that */
	/* Of the multipart that has the delivery-status part: */
	const char *boundary;
	/* Of the multiparts around it, from the message's own to it. */
	const char *boundaries[DSN_MAX_DEPTH + 1];
	size_t depth;
	struct span first_part;
	bool first_is_status; /* there is no notice */
	bool first_is_plain;  /* the notice is nothing but a text/plain */
	enum extendable extendable;
	const char *notice; /* the text for humans, without the returned message */
	bool notice_is_plain;
	const char *languages; /* of the returned message: Accept-Language or Content-Language */
	const char *reporting_mta;
	struct dsn_recipient *recipients;
	size_t count;
};

/* A new recipient of which nothing is known; NULL when there are too many. Valid until the next. */
struct dsn_recipient *report_add_recipient(struct dsn *dsn);

#endif
