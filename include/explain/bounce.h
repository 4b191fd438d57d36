#ifndef EXPLAIN_BOUNCE_H
#define EXPLAIN_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct engine_holder;
struct metrics;
struct strbuf;

/* A message with a null sender on its way through the filter, kept until it is known whether it is
 * a delivery report that can be explained. */
struct bounce;

/* Is a message from SENDER, as a milter hears it, one that CONFIG wants to be looked at? `<>` comes
 * from another server; Postfix gives its own bounces an empty sender. */
bool bounce_is_wanted(const struct config *config, const char *sender);
/* MAX_SIZE: octets that are kept at most. */
struct bounce *bounce_create(size_t max_size);
void bounce_free(struct bounce **bounce);
/* A header field as a milter hears it: lines of a folded value are separated by LF. */
void bounce_add_header(struct bounce *bounce, const char *name, const char *value);
/* After the last header field: is the body needed? */
bool bounce_end_header(struct bounce *bounce);
/* The next LEN octets of the body; false when it is too large, and no more of it is needed. */
bool bounce_add_body(struct bounce *bounce, const void *data, size_t len);
/* Appends the new body to BODY and logs it; -1 when the message stays as it is. READER: whom it
 * goes to, NULL if unknown. */
int bounce_explain(struct bounce *bounce, const struct config *config, struct engine_holder *holder,
    struct metrics *metrics, const char *reader, struct strbuf *body);

#endif
