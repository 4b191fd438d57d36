#ifndef EXPLAIN_EXPORT_H
#define EXPLAIN_EXPORT_H

#include <stddef.h>

struct catalog;
struct engine;
struct profile;
struct strbuf;

/* The catalogue for other programs; each appends to OUT. */

/* Everything as one JSON object: rules in the order of selection, causes with their texts in every
 * language, codes. explainctl(1) describes it. */
void export_json(struct strbuf *out, const struct catalog *catalog);

/* A table for Postfix (pcre_table(5)) that gives the footers of PROFILE without the daemon, for
 * smtpd_reject_footer_maps. It knows of a reply what stands in it: no sender, no recipient that the
 * text does not name, no reference, and of several lines only what stands in one. */
void export_postfix_pcre(
    struct strbuf *out, const struct engine *engine, const struct profile *profile);

/* What LANGUAGE still lacks, or has of an English text that has changed since, as YAML with the
 * English texts to be translated in place. Returns how many items. */
size_t export_translation(struct strbuf *out, const struct catalog *catalog, const char *language);

#endif
