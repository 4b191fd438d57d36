#ifndef EXPLAIN_PROFILE_H
#define EXPLAIN_PROFILE_H

#include <stdbool.h>

struct template;

/* For whom and how an explanation is written. Read-only once configured. */
struct profile {
	const char *name;
	bool internal;                   /* audience: our own users */
	const char *contact;             /* as people write to or call it */
	const struct template *help_url; /* variables allowed; NULL: no link */
	const char *language;            /* a catalogue language, "en" */
	const char *site;
	bool single;         /* layout: everything on the MTA's own last line */
	unsigned width;      /* columns at which lines fold, code and status included */
	unsigned max_lines;  /* added lines */
	unsigned max_octets; /* added octets with codes and CRLF */
};

#endif
