#ifndef EXPLAIN_EXPORT_PCRE_H
#define EXPLAIN_EXPORT_PCRE_H

struct engine;
struct profile;
struct strbuf;

/* Appends a table for Postfix (pcre_table(5)) that gives the footers of PROFILE, which is of
 * ENGINE, without the daemon, for smtpd_reject_footer_maps. It knows of a reply what stands in it:
 * no sender, no recipient that the text does not name, no reference, and of several lines only what
 * stands in one. */
void export_postfix_pcre(
    struct strbuf *out, const struct engine *engine, const struct profile *profile);

#endif
