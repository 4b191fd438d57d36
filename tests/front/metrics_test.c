/* metrics_test.c - counters, from many threads, and their Prometheus text. */
#include "../catalog/fixture.h"
#include "../unit.h"

#include "explain/engine.h"
#include "explain/metrics.h"
#include "explain/reason.h"
#include "explain/strbuf.h"

#include <ctype.h>
#include <pthread.h>

static struct engine *make_engine(void)
{
	static const struct profile_settings profile = {.name = (char *)"default",
	    .language = (char *)"en",
	    .width = 78,
	    .max_lines = 4,
	    .max_octets = 480};
	struct problems *problems = problems_create();
	const char *dirs[] = {fixture_base("metrics"), NULL};
	struct engine_settings settings = {
	    .catalog_dirs = dirs, .site = "x", .profiles = &profile, .profile_count = 1};
	struct engine *engine = engine_create(&settings, problems);

	fixture_expect_none(problems);
	problems_free(&problems);
	return engine;
}

static void expect(const struct metrics *metrics, const char *line)
{
	struct engine *engine = make_engine();
	struct strbuf out;

	strbuf_init(&out, 0);
	metrics_write(metrics, engine, &out);
	ck_assert_msg(strstr(out.data, line) != NULL, "%s is not in\n%s", line, out.data);
	strbuf_free(&out);
	engine_put(&engine);
}

START_TEST(test_counters)
{
	struct metrics *metrics = metrics_create();

	expect(metrics, "\nexplain_milter_requests_total{front=\"filter\"} 0\n");
	metrics_count_request(metrics, FRONT_FILTER);
	metrics_count_explained(metrics, FRONT_REWRITE, "malware", true);
	metrics_count_explained(metrics, FRONT_REWRITE, "unclassified", false);
	metrics_count_explained(metrics, FRONT_REWRITE, "no such reason", true);
	metrics_count_broken_client(metrics);
	metrics_count_reload(metrics, true);
	metrics_count_reload(metrics, false);
	metrics_count_reload(metrics, false);
	metrics_add_clients(metrics, 9);
	metrics_add_clients(metrics, -2);
	expect(metrics, "\nexplain_milter_requests_total{front=\"filter\"} 1\n");
	expect(metrics,
	    "\nexplain_milter_explanations_total{front=\"rewrite\",reason=\"malware\"} 1\n");
	expect(metrics, "\nexplain_milter_unmatched_total{front=\"rewrite\"} 1\n");
	expect(metrics, "\nexplain_milter_broken_clients_total 1\n");
	expect(metrics, "\nexplain_milter_reloads_total{result=\"ok\"} 1\n");
	expect(metrics, "\nexplain_milter_reloads_total{result=\"failed\"} 2\n");
	expect(metrics, "\nexplain_milter_clients 7\n");
	metrics_free(&metrics);
	ck_assert_ptr_null(metrics);
	metrics_free(&metrics);
}
END_TEST

/* The form: every sample has a HELP and a TYPE above it, names and labels are well formed, no
 * sample comes twice, and every reason can be counted. */
START_TEST(test_format)
{
	struct metrics *metrics = metrics_create();
	struct engine *engine = make_engine();
	struct strbuf out;
	char family[128] = "";
	size_t samples = 0, reasons = 0;

	for (size_t i = 0; reason_names()[i]; i++, reasons++)
		metrics_count_explained(metrics, FRONT_FOOTER, reason_names()[i], true);
	strbuf_init(&out, 0);
	metrics_write(metrics, engine, &out);
	ck_assert_int_eq(out.data[out.len - 1], '\n');
	for (char *line = out.data; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");
		ck_assert_uint_gt(len, 0);
		if (strncmp(line, "# HELP ", 7) == 0) {
			ck_assert(sscanf(line, "# HELP %127s", family) == 1);
			continue;
		}
		if (strncmp(line, "# TYPE ", 7) == 0) {
			char name[128], type[16];
			ck_assert(sscanf(line, "# TYPE %127s %15s", name, type) == 2);
			ck_assert_str_eq(name, family);
			ck_assert(strcmp(type, "counter") == 0 || strcmp(type, "gauge") == 0);
			continue;
		}
		size_t name_len = strcspn(line, "{ ");
		ck_assert_uint_eq(name_len, strlen(family));
		ck_assert(strncmp(line, family, name_len) == 0);
		const char *value = line + name_len;
		if (*value == '{') {
			value = memchr(value, '}', len - name_len);
			ck_assert_ptr_nonnull(value);
			value++;
		}
		ck_assert_int_eq(*value, ' ');
		for (const char *c = value + 1; c < line + len; c++)
			ck_assert(isdigit((unsigned char)*c));
		samples++;
		/* Only once. */
		char *whole = mem_printf("\n%.*s ", (int)(value - line), line);
		char *first = strstr(out.data, whole);
		ck_assert_ptr_nonnull(first);
		ck_assert_ptr_null(strstr(first + 1, whole));
		free(whole);
	}
	ck_assert_uint_gt(samples, reasons + 2 * FRONT_COUNT);
	strbuf_free(&out);
	engine_put(&engine);
	metrics_free(&metrics);
}
END_TEST

START_TEST(test_front_names)
{
	static const char *const names[] = {
	    "footer", "rewrite", "delivery-status", "explain", "stats", "filter", "dsn"};

	ck_assert_uint_eq(COUNT(names), FRONT_COUNT);
	for (int i = 0; i < FRONT_COUNT; i++)
		ck_assert_str_eq(front_name((enum front)i), names[i]);
}
END_TEST

static void *count(void *metrics)
{
	for (int i = 0; i < 5000; i++) {
		metrics_count_request(metrics, FRONT_FOOTER);
		metrics_count_explained(metrics, FRONT_FOOTER, "malware", false);
		metrics_add_clients(metrics, i % 2 ? 1 : -1);
	}
	return NULL;
}

START_TEST(test_threads)
{
	struct metrics *metrics = metrics_create();
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count, metrics), 0);
	expect(metrics, "explain_milter_requests_total");
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	expect(metrics, "\nexplain_milter_requests_total{front=\"footer\"} 20000\n");
	expect(metrics, "\nexplain_milter_unmatched_total{front=\"footer\"} 20000\n");
	metrics_free(&metrics);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tests = unit_case(suite, "metrics");

	tcase_add_test(tests, test_counters);
	tcase_add_test(tests, test_format);
	tcase_add_test(tests, test_front_names);
	tcase_add_test(tests, test_threads);
	return tree_run(suite);
}
