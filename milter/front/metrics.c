/* metrics.c - counters, and their Prometheus text. */
#include "explain/metrics.h"

#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/reason.h"
#include "explain/strbuf.h"
#include "explain/version.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define MAX_REASONS 64

struct metrics {
	time_t started;
	atomic_uint_fast64_t requests[FRONT_COUNT];
	atomic_uint_fast64_t explained[FRONT_COUNT][MAX_REASONS];
	atomic_uint_fast64_t unmatched[FRONT_COUNT];
	atomic_uint_fast64_t broken_clients;
	atomic_uint_fast64_t reloads[2];
	atomic_int clients;
};

static const char *const names[FRONT_COUNT] = {
    [FRONT_FOOTER] = "footer",
    [FRONT_REWRITE] = "rewrite",
    [FRONT_DELIVERY_STATUS] = "delivery-status",
    [FRONT_EXPLAIN] = "explain",
    [FRONT_STATS] = "stats",
    [FRONT_FILTER] = "filter",
    [FRONT_DSN] = "dsn",
};

const char *front_name(enum front front)
{
	return names[front];
}

struct metrics *metrics_create(void)
{
	struct metrics *metrics = mem_calloc(1, sizeof(*metrics));

	metrics->started = time(NULL);
	return metrics;
}

void metrics_free(struct metrics **metrics)
{
	free(*metrics);
	*metrics = NULL;
}

static void count(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void metrics_count_request(struct metrics *metrics, enum front front)
{
	count(&metrics->requests[front]);
}

void metrics_count_explained(
    struct metrics *metrics, enum front front, const char *reason, bool matched)
{
	int number = reason_number(reason);

	if (number >= 0 && number < MAX_REASONS)
		count(&metrics->explained[front][number]);
	if (!matched)
		count(&metrics->unmatched[front]);
}

void metrics_count_broken_client(struct metrics *metrics)
{
	count(&metrics->broken_clients);
}

void metrics_count_reload(struct metrics *metrics, bool ok)
{
	count(&metrics->reloads[ok]);
}

void metrics_add_clients(struct metrics *metrics, int change)
{
	atomic_fetch_add(&metrics->clients, change);
}

static void describe(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP explain_milter_%s %s\n# TYPE explain_milter_%s %s\n", name, help,
	    name, type);
}

static void write_one(
    struct strbuf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	describe(out, name, type, help);
	strbuf_addf(out, "explain_milter_%s %" PRIu64 "\n", name, value);
}

static void write_by_front(
    struct strbuf *out, const char *name, const char *help, const atomic_uint_fast64_t *counters)
{
	describe(out, name, "counter", help);
	for (size_t i = 0; i < FRONT_COUNT; i++)
		strbuf_addf(out, "explain_milter_%s{front=\"%s\"} %" PRIu64 "\n", name, names[i],
		    (uint64_t)counters[i]);
}

static void write_explained(const struct metrics *metrics, struct strbuf *out)
{
	static const char name[] = "explanations_total";
	const char *const *reasons = reason_names();

	describe(out, name, "counter", "Explanations sent, by front end and reason.");
	for (size_t i = 0; i < FRONT_COUNT; i++)
		for (size_t j = 0; j < MAX_REASONS && reasons[j]; j++)
			if (metrics->explained[i][j])
				strbuf_addf(out,
				    "explain_milter_%s{front=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
				    name, names[i], reasons[j], (uint64_t)metrics->explained[i][j]);
}

void metrics_write(const struct metrics *metrics, const struct engine *engine, struct strbuf *out)
{
	size_t rules, causes;

	catalog_rules(engine_catalog(engine), &rules);
	catalog_causes(engine_catalog(engine), &causes);
	describe(out, "build_info", "gauge", "Version of the program.");
	strbuf_addstr(out, "explain_milter_build_info{version=\"" EXPLAIN_VERSION "\"} 1\n");
	write_one(out, "start_time_seconds", "gauge", "When the daemon started, Unix time.",
	    (uint64_t)metrics->started);
	write_one(out, "catalog_rules", "gauge", "Rules in the catalogue.", rules);
	write_one(out, "catalog_causes", "gauge", "Causes in the catalogue.", causes);
	write_by_front(out, "requests_total", "Requests, by front end.", metrics->requests);
	write_explained(metrics, out);
	write_by_front(out, "unmatched_total", "Replies that no rule recognised, by front end.",
	    metrics->unmatched);
	write_one(out, "clients", "gauge", "Connected socketmap clients.",
	    (uint64_t)atomic_load(&metrics->clients));
	write_one(out, "broken_clients_total", "counter",
	    "Socketmap clients cut off for breaking the protocol or being too slow.",
	    metrics->broken_clients);
	describe(out, "reloads_total", "counter", "Reloads, by result.");
	strbuf_addf(out,
	    "explain_milter_reloads_total{result=\"ok\"} %" PRIu64
	    "\nexplain_milter_reloads_total{result=\"failed\"} %" PRIu64 "\n",
	    (uint64_t)metrics->reloads[true], (uint64_t)metrics->reloads[false]);
	write_one(out, "log_lines_dropped_total", "counter",
	    "Log lines dropped because the log was too slow.", log_dropped());
}
