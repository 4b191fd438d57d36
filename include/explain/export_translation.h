#ifndef EXPLAIN_EXPORT_TRANSLATION_H
#define EXPLAIN_EXPORT_TRANSLATION_H

#include <stddef.h>

struct catalog;
struct strbuf;

/* Appends what LANGUAGE still lacks in CATALOG, or has of an English text that has changed since,
 * as YAML with the English texts to be translated in place. MASTER is the catalogue's last layer
 * alone: the built-in texts, without a site's changes. Returns how many items. */
size_t export_translation(struct strbuf *out, const struct catalog *master,
    const struct catalog *catalog, const char *language);

#endif
