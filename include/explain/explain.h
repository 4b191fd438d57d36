#ifndef EXPLAIN_EXPLAIN_H
#define EXPLAIN_EXPLAIN_H

#include "explain/render.h"
#include "explain/stage.h"
#include "explain/status.h"

#include <stdbool.h>

struct cause;
struct engine;
struct profile;
struct reply;
struct rule;
struct vars;

/* What is known about a reply besides its text. Strings may be NULL, and may be hostile. */
struct explain_context {
	const struct profile *profile; /* of the same engine; must be given */
	const char *ref;               /* the event's reference; NULL: none is shown */
	enum stage stage;
	int class; /* 4 or 5 where the MTA has decided that; 0: the reply's own */
	bool utf8; /* the texts go where UTF-8 is read. Otherwise they are for a reply, which is
	              ASCII: letters lose their accents, and a language in another script is English
	            */
	const char *sender, *recipient, *client_address, *client_name, *helo;
};

/* A cause applied to a reply. Strings are never NULL ("" where there is nothing). */
struct explanation {
	int code;
	struct status status;
	int class;               /* reply_class() */
	bool temporary;          /* class 4 */
	const struct rule *rule; /* NULL: no rule recognised the reply */
	const struct cause *cause;
	struct message message; /* the parts, for render_*() */
	const char *help_url, *ref;
};

/* Working space for explanations: one a thread, used again and again. */
struct explainer;

struct explainer *explainer_create(void);
void explainer_free(struct explainer **explainer);

/* Explains REPLY: which rule it selects, and that rule's cause in the words of the context's
 * profile. Does no I/O and takes no lock but the matcher's. Returns NULL for a reply that needs no
 * explanation: class 2 or 3, or one that carries one already (its text ends with a reference). The
 * result is valid until the next call with the same EXPLAINER, and as long as ENGINE and REPLY. */
const struct explanation *explain_reply(struct explainer *explainer, const struct engine *engine,
    const struct reply *reply, const struct explain_context *context);

/* The same for a reply of CONTEXT's class that would select RULE (NULL: none), with the variables
 * that are known in VARS, which it adds to: for tables that are made in advance. */
const struct explanation *explain_rule(struct explainer *explainer, const struct engine *engine,
    const struct rule *rule, struct vars *vars, const struct explain_context *context);

/* Only the rule that REPLY selects; NULL for none. */
const struct rule *explain_select(const struct engine *engine, const struct reply *reply);

/* Does the text end with a reference behind a label of ours? */
bool explain_is_explained(const struct engine *engine, const struct reply *reply);

#endif
