#ifndef EXPLAIN_EXPORT_JSON_H
#define EXPLAIN_EXPORT_JSON_H

struct catalog;
struct strbuf;

/* Appends everything as one JSON object: languages, rules in the order of selection, causes with
 * their texts in every language, codes. explainctl(1) describes it. */
void export_json(struct strbuf *out, const struct catalog *catalog);

#endif
