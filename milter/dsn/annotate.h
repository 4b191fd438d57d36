/* annotate.h - what the files that write the explanation share. */
#ifndef DSN_ANNOTATE_H
#define DSN_ANNOTATE_H

#include "report.h"

struct cause;
struct explainer;
struct reply;

/* So many recipients get a card of their own; a list of more is nothing that somebody reads. */
#define MAX_CARDS 25

/* One recipient that did not get the message (yet), in the words of one language. */
struct card {
	const char *address;
	const char *summary, *action, *help_url;
	const char *who;        /* who can act */
	bool is_you;            /* and that is the reader */
	const char *suggestion; /* the address that was probably meant, or NULL */
	const char *until;      /* of a delayed one: until when, or NULL */
	bool delayed;
	const char *said;            /* the server's words, one line */
	const char *status, *server; /* "" where those words hold them */
	bool said_first;             /* the text speaks of those words as what stands above it */
};

/* All that a reader of one language is told. */
struct letter {
	const struct catalog *catalog;
	int language;
	const char *title;
	struct card *cards;
	size_t card_count;
	bool more; /* there are more than cards */
	const char *ref, *contact;
	const struct dsn *dsn;  /* for the recipients that got it */
	const char **addresses; /* as they may be shown, one for each recipient of the report */
};

/* letter.c */

/* The words that each card is about, chosen with the first letter and used for all languages. */
struct words {
	struct reply *reply[MAX_CARDS]; /* NULL: not chosen yet */
	int class[MAX_CARDS];
};

void letter_create(struct letter *letter, const struct dsn *dsn, const struct dsn_options *options,
    int language, struct words *words, struct arena *arena);

/* What stands between a label and its text: nothing where the label's own colon is wide. */
const char *letter_gap(const char *label);

/* plain.c, card.c: the letter as text/plain and as the content of an HTML body; the second with
 * nothing but escaped text from the bounce. */
void letter_add_plain(struct strbuf *out, const struct letter *letter);
void letter_add_html(struct strbuf *out, const struct letter *letter);
/* A text of several lines as HTML that keeps them. */
void letter_add_html_notice(struct strbuf *out, const char *heading, const char *notice);
/* What stands before, between and behind those: the page and its column. */
void letter_add_html_start(struct strbuf *out, const struct letter *letter);
void letter_add_html_rule(struct strbuf *out);
void letter_add_html_end(struct strbuf *out);

#endif
