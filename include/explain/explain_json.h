#ifndef EXPLAIN_EXPLAIN_JSON_H
#define EXPLAIN_EXPLAIN_JSON_H

struct explanation;
struct profile;
struct reply;

/* One JSON object on one line, as `explainctl explain --json` and the socketmap name `explain` give
 * it: code, status, rule, cause, reason, fixer, temporary, summary, action, help_url, and the whole
 * explained reply as a list of lines. EXPLANATION NULL: a reply that needs none; rule, cause,
 * reason, fixer, summary and action are null then. The caller frees the text. */
char *explain_json(const struct explanation *explanation, const struct reply *reply,
    const struct profile *profile);

#endif
