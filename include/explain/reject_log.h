#ifndef EXPLAIN_REJECT_LOG_H
#define EXPLAIN_REJECT_LOG_H

#include "explain/metrics.h"

struct explanation;
struct profile;
struct strbuf;

/* Appends the log line of one explanation that was sent: `explained map=... code=... rule=...
 * reason=... ref=...`. The session's fields follow where they are known (rejects.h). */
void reject_log_line(struct strbuf *line, enum front front, const struct profile *profile,
    const struct explanation *explanation);

#endif
