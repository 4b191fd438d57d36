/*
 * explain_bench.c - what one explanation costs in the engine alone: no socket, no log.
 *
 * One explanation is everything between the octets of a reply and the footer that goes out for it:
 * reference, reply_parse(), explain_reply(), render_footer(). Replies come from a file, one a line,
 * \r and \n escaped. Each is timed on its own, round after round over the whole set, less what
 * reading the clock costs; a second pass times explain_reply() alone. Prints one JSON object.
 * Usage: explain_bench CATALOG REPLIES [CACHEDIR [ROUNDS]]
 */
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/ref.h"
#include "explain/render.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include "bench_engine.h"
#include "bench_util.h"

static char english[] = "en";

struct bench {
	struct engine *engine;
	struct explainer *explainer;
	struct reply *reply;
	struct strbuf out;
	struct ref_source refs;
	struct explain_context context;
	char ref[REF_LENGTH + 1];
	size_t explained; /* with a footer */
	size_t by_rule;   /* of these, those that a rule recognised */
};

/* The whole way of one reply. */
static void explain_whole(struct bench *bench, const struct bench_line *line)
{
	const struct explanation *explanation;

	strbuf_reset(&bench->out);
	if (reply_parse(bench->reply, line->data, line->len) < 0)
		bench_die("a reply is too long");
	ref_create(&bench->refs, bench->ref);
	explanation = explain_reply(bench->explainer, bench->engine, bench->reply, &bench->context);
	if (explanation == NULL || render_footer(&bench->out, &explanation->message, bench->reply,
	                               bench->context.profile) < 0)
		return;
	bench->explained++;
	bench->by_rule += explanation->rule != NULL;
}

static uint32_t elapsed(uint64_t start, uint32_t clock_cost)
{
	uint32_t took = (uint32_t)(bench_now_ns() - start);

	return took > clock_cost ? took - clock_cost : 0;
}

static void run(struct bench *bench, const struct bench_lines *replies, size_t rounds)
{
	uint32_t clock_cost = bench_clock_cost();
	size_t total = rounds * replies->count;
	uint32_t *whole = bench_alloc(total, sizeof(*whole));
	uint32_t *alone = bench_alloc(total, sizeof(*alone));

	/* one round to warm up */
	for (size_t i = 0; i < replies->count; i++)
		explain_whole(bench, &replies->item[i]);
	bench->explained = bench->by_rule = 0;
	for (size_t i = 0; i < total; i++) {
		uint64_t start = bench_now_ns();

		explain_whole(bench, &replies->item[i % replies->count]);
		whole[i] = elapsed(start, clock_cost);
	}
	for (size_t i = 0; i < total; i++) {
		const struct bench_line *line = &replies->item[i % replies->count];
		uint64_t start;

		reply_parse(bench->reply, line->data, line->len);
		start = bench_now_ns();
		explain_reply(bench->explainer, bench->engine, bench->reply, &bench->context);
		alone[i] = elapsed(start, clock_cost);
	}
	printf(
	    "{\"replies\":%zu,\"explained\":%zu,\"by_rule\":%zu,\"us_median\":%.4f,\"us_p99\":%.4f,"
	    "\"us_median_explain_reply\":%.4f}\n",
	    replies->count, bench->explained / rounds, bench->by_rule / rounds,
	    bench_quantile(whole, total, 0.5) / 1e3, bench_quantile(whole, total, 0.99) / 1e3,
	    bench_quantile(alone, total, 0.5) / 1e3);
	free(whole);
	free(alone);
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	struct bench_lines replies;
	size_t rounds;

	if (argc < 3 || argc > 5)
		bench_die("usage: explain_bench CATALOG REPLIES [CACHEDIR [ROUNDS]]");
	rounds = argc > 4 ? (size_t)bench_number(argv[4], "ROUNDS", 1) : 50;
	bench.engine = bench_engine(argv[1], argc > 3 ? argv[3] : NULL, english);
	bench.explainer = explainer_create();
	bench.reply = reply_create();
	strbuf_init(&bench.out, 0);
	bench.context.profile = engine_profile(bench.engine, "", 0);
	bench.context.ref = bench.ref;
	bench.context.stage = STAGE_NONE;
	replies = bench_read_lines(argv[2], 1);
	run(&bench, &replies, rounds);
	bench_free_lines(&replies);
	strbuf_free(&bench.out);
	reply_free(&bench.reply);
	explainer_free(&bench.explainer);
	engine_put(&bench.engine);
	return bench.explained > 0 ? 0 : 1;
}
