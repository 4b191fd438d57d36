#ifndef EXPLAIN_EXPLAIN_JSON_H
#define EXPLAIN_EXPLAIN_JSON_H

struct engine;
struct explain_context;
struct explainer;
struct json_t;
struct reply;

/* Explains REPLY and returns one JSON object on one line, as `explainctl explain --json` and the
 * socketmap name `explain` give it: code, status, rule, cause, reason, fixer, temporary, summary,
 * action, help_url, and the whole explained reply as a list of lines. Summary and action are in the
 * profile's language as it is written, the lines as they would be sent. For a reply that needs no
 * explanation rule, cause, reason, fixer, summary and action are null. The caller frees the text.
 */
char *explain_json(struct explainer *explainer, const struct engine *engine,
    const struct reply *reply, const struct explain_context *context);
/* The same as an object of jansson's, which the caller releases. */
struct json_t *explain_json_object(struct explainer *explainer, const struct engine *engine,
    const struct reply *reply, const struct explain_context *context);

#endif
