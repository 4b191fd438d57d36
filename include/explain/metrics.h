#ifndef EXPLAIN_METRICS_H
#define EXPLAIN_METRICS_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct strbuf;

/* The front ends, as they are named in log lines and metrics. */
enum front {
	FRONT_FOOTER,
	FRONT_REWRITE,
	FRONT_DELIVERY_STATUS,
	FRONT_EXPLAIN,
	FRONT_STATS,
	FRONT_FILTER,
	FRONT_DSN,
	FRONT_COUNT
};

const char *front_name(enum front front);

/* Counters of one daemon. All functions may be called from any thread. */
struct metrics;

struct metrics *metrics_create(void);
void metrics_free(struct metrics **metrics);
/* One request or event reached FRONT. */
void metrics_count_request(struct metrics *metrics, enum front front);
/* One explanation went out; REASON as in reason.h; MATCHED: a rule recognised the reply. */
void metrics_count_explained(
    struct metrics *metrics, enum front front, const char *reason, bool matched);
/* A socketmap client was cut off because it broke the protocol or was too slow. */
void metrics_count_broken_client(struct metrics *metrics);
void metrics_count_reload(struct metrics *metrics, bool ok);
/* Socketmap clients came (1) or went (-1). */
void metrics_add_clients(struct metrics *metrics, int change);
/* Appends everything in the Prometheus text format 0.0.4. */
void metrics_write(const struct metrics *metrics, const struct engine *engine, struct strbuf *out);

#endif
