/*
 * dsn_bench.c - what it costs to explain a bounce: no filter, no log.
 *
 * One annotation is what the filter does between the octets of a message and the body that goes out
 * for it: dsn_read(), ref_create(), dsn_annotate(), dsn_free(), with a compiled catalogue and in
 * one language. Messages come from files, with the line ends that SMTP gives them, and take turns.
 * Time is processor time, of one thread. Resident memory is read when each COUNT is reached.
 * Prints one JSON object.
 *
 * Usage: dsn_bench CATALOG CACHEDIR LANGUAGE COUNT[,COUNT...] FILE...
 */
#include "explain/dsn.h"
#include "explain/engine.h"
#include "explain/profile.h"
#include "explain/ref.h"
#include "explain/strbuf.h"

#include "bench_engine.h"
#include "bench_util.h"

#include <unistd.h>

struct bench {
	struct dsn_options options;
	struct strbuf *messages;
	size_t message_count;
	struct strbuf out;
	struct ref_source refs;
	char ref[REF_LENGTH + 1];
	size_t octets_in, octets_out;
};

static void read_message(struct strbuf *message, const char *path)
{
	FILE *file = fopen(path, "r");
	int c;

	if (file == NULL)
		bench_die("%s: %s", path, strerror(errno));
	strbuf_init(message, 0);
	while ((c = getc(file)) != EOF) {
		if (c == '\n')
			strbuf_addch(message, '\r');
		strbuf_addch(message, (char)c);
	}
	fclose(file);
}

static void annotate(struct bench *bench, size_t i)
{
	const struct strbuf *message = &bench->messages[i % bench->message_count];
	struct dsn *dsn = dsn_read(message->data, message->len);

	strbuf_reset(&bench->out);
	ref_create(&bench->refs, bench->ref);
	if (dsn_annotate(dsn, &bench->options, &bench->out) < 0)
		bench_die("message number %zu was not annotated", i % bench->message_count + 1);
	dsn_free(&dsn);
	bench->octets_in += message->len;
	bench->octets_out += bench->out.len;
}

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		bench_die("/proc/self/statm can't be read");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void run(struct bench *bench, char *counts)
{
	size_t done = 0;
	double seconds = 0;
	char *rest;
	const char *separator = "";

	for (size_t i = 0; i < bench->message_count; i++)
		annotate(bench, i);
	bench->octets_in = bench->octets_out = 0;
	printf("{\"rss_kib\":[");
	for (char *count = strtok_r(counts, ",", &rest); count;
	     count = strtok_r(NULL, ",", &rest)) {
		size_t wanted = (size_t)bench_number(count, "COUNT", 1);
		double start = bench_cpu_seconds();
		while (done < wanted)
			annotate(bench, done++);
		seconds += bench_cpu_seconds() - start;
		printf("%s%ld", separator, resident_kib());
		separator = ",";
	}
	printf("],\"messages\":%zu,\"octets_in\":%.0f,\"octets_out\":%.0f,\"per_s\":%.1f}\n",
	    bench->message_count, (double)bench->octets_in / (double)done,
	    (double)bench->octets_out / (double)done, (double)done / seconds);
}

int main(int argc, char **argv)
{
	struct bench bench = {.message_count = 0};

	if (argc < 6)
		bench_die("usage: dsn_bench CATALOG CACHEDIR LANGUAGE COUNT[,COUNT...] FILE...");
	const char *languages[] = {argv[3], NULL};
	struct engine *engine = bench_engine(argv[1], argv[2], argv[3]);
	bench.options = (struct dsn_options){.engine = engine,
	    .profile = engine_profile(engine, "", 0),
	    .languages = languages,
	    .ref = bench.ref};
	bench.messages = bench_alloc((size_t)argc - 5, sizeof(*bench.messages));
	for (char **path = argv + 5; *path; path++)
		read_message(&bench.messages[bench.message_count++], *path);
	strbuf_init(&bench.out, 0);
	run(&bench, argv[4]);
	strbuf_free(&bench.out);
	for (size_t i = 0; i < bench.message_count; i++)
		strbuf_free(&bench.messages[i]);
	free(bench.messages);
	engine_put(&engine);
	return 0;
}
