#ifndef EXPLAIN_EXPORT_TRANSLATION_H
#define EXPLAIN_EXPORT_TRANSLATION_H

#include <stddef.h>

struct catalog;
struct strbuf;

/* Appends what LANGUAGE still lacks, or has of an English text that has changed since, as YAML with
 * the English texts to be translated in place. Returns how many items. */
size_t export_translation(struct strbuf *out, const struct catalog *catalog, const char *language);

#endif
