/*
 * pcre2_loop.c - finds the first of many patterns that matches a reply by trying one after the
 * other with PCRE2-JIT.
 *
 * That is what a static pcre: table does, at its best (Postfix's own does not even use JIT).
 * Patterns and replies come from files, one a line (\r and \n escaped in replies). Every reply is
 * timed on its own, round after round over the whole set, less what reading the clock costs. Prints
 * one JSON object. Usage: pcre2_loop PATTERNS REPLIES [ROUNDS]
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>

#include "bench_util.h"

struct table {
	pcre2_code **code;
	size_t count;
	pcre2_match_data *match;
};

static void table_load(struct table *table, const char *path)
{
	struct bench_lines lines = bench_read_lines(path, 0);

	table->count = lines.count;
	table->code = bench_alloc(lines.count, sizeof(*table->code));
	table->match = pcre2_match_data_create(32, NULL);
	if (table->match == NULL)
		bench_die("out of memory");
	for (size_t i = 0; i < lines.count; i++) {
		int error;
		PCRE2_SIZE offset;

		table->code[i] = pcre2_compile((PCRE2_SPTR)lines.item[i].data, lines.item[i].len,
		    PCRE2_CASELESS | PCRE2_DOTALL, &error, &offset, NULL);
		if (table->code[i] == NULL)
			bench_die("%s: pattern %zu: error %d at %zu", path, i + 1, error, offset);
		if (pcre2_jit_compile(table->code[i], PCRE2_JIT_COMPLETE) != 0)
			bench_die("%s: pattern %zu: no JIT", path, i + 1);
	}
	bench_free_lines(&lines);
}

static void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		pcre2_code_free(table->code[i]);
	pcre2_match_data_free(table->match);
	free(table->code);
}

/* Number of the first pattern that matches, or table->count. */
static size_t table_find(const struct table *table, const struct bench_line *reply)
{
	for (size_t i = 0; i < table->count; i++)
		if (pcre2_jit_match(table->code[i], (PCRE2_SPTR)reply->data, reply->len, 0, 0,
		        table->match, NULL) >= 0)
			return i;
	return table->count;
}

int main(int argc, char **argv)
{
	struct table table;
	struct bench_lines replies;
	uint32_t *samples;
	uint32_t clock_cost = bench_clock_cost();
	size_t rounds;
	size_t count = 0;
	size_t matched = 0;
	size_t position = 0;

	if (argc < 3 || argc > 4)
		bench_die("usage: pcre2_loop PATTERNS REPLIES [ROUNDS]");
	rounds = argc > 3 ? (size_t)bench_number(argv[3], "ROUNDS", 1) : 20;
	table_load(&table, argv[1]);
	replies = bench_read_lines(argv[2], 1);
	samples = bench_alloc(rounds * replies.count, sizeof(*samples));
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < replies.count; i++) {
			uint64_t start = bench_now_ns();
			size_t found = table_find(&table, &replies.item[i]);
			uint32_t took = (uint32_t)(bench_now_ns() - start);

			samples[count++] = took > clock_cost ? took - clock_cost : 0;
			matched += found < table.count;
			position += found;
		}
	}
	printf("{\"patterns\":%zu,\"replies\":%zu,\"matched\":%zu,\"mean_position\":%.1f,"
	       "\"us_median\":%.4f,\"us_p99\":%.4f}\n",
	    table.count, replies.count, matched / rounds, (double)position / (double)count,
	    bench_quantile(samples, count, 0.5) / 1e3, bench_quantile(samples, count, 0.99) / 1e3);
	free(samples);
	bench_free_lines(&replies);
	table_free(&table);
	return 0;
}
