/* bounce_test.c - a bounce as a milter hears it, piece by piece. */
#include "../unit.h"

#include "explain/bounce.h"
#include "explain/config.h"
#include "explain/engine.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/problems.h"
#include "explain/strbuf.h"

static const char body[] =
    "--b\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Final-Recipient: rfc822;bob@example.net\r\nAction: failed\r\nStatus: 5.2.2\r\n--b--\r\n";

static struct config *load(void)
{
	struct problems *problems = problems_create();
	struct config *config = config_load(NULL, problems);

	ck_assert_ptr_nonnull(config);
	problems_free(&problems);
	return config;
}

START_TEST(test_wanted)
{
	struct config *config = load();

	ck_assert(bounce_is_wanted(config, "<>"));
	ck_assert(bounce_is_wanted(config, ""));
	ck_assert(!bounce_is_wanted(config, "<alice@example.org>"));
	ck_assert(!bounce_is_wanted(config, NULL));
	config->bounces.inbound = false;
	ck_assert(!bounce_is_wanted(config, "<>"));
	ck_assert(bounce_is_wanted(config, ""));
	config->bounces.internal = false;
	ck_assert(!bounce_is_wanted(config, ""));
	config_free(&config);
}
END_TEST

START_TEST(test_header)
{
	static const struct {
		const char *name, *value;
		bool wanted;
	} cases[] = {{"Content-Type", "multipart/report;\n boundary=b", true},
	    {"CONTENT-TYPE", " Multipart/Mixed; boundary=b", true},
	    {"Content-Type", "Text/Plain; charset=us-ascii", true},
	    {"Content-Type", "text/html", false}, {"Content-Type", "image/png", false},
	    {"Subject", "nothing else", true}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bounce *bounce = bounce_create(10000);
		bounce_add_header(bounce, cases[i].name, cases[i].value);
		ck_assert_int_eq(bounce_end_header(bounce), cases[i].wanted);
		bounce_free(&bounce);
		ck_assert_ptr_null(bounce);
		bounce = bounce_create(10000);
		bounce_add_header(bounce, cases[i].name, cases[i].value);
		bounce_add_header(bounce, "x-explain-milter", "1");
		ck_assert(!bounce_end_header(bounce));
		bounce_free(&bounce);
	}
	/* Too large already. */
	struct bounce *bounce = bounce_create(60);
	bounce_add_header(bounce, "Content-Type", "multipart/report; boundary=b");
	bounce_add_header(bounce, "Subject", "012345678901234567890123456789");
	ck_assert(!bounce_end_header(bounce));
	ck_assert(!bounce_add_body(bounce, "x", 1));
	bounce_free(&bounce);
	bounce_free(&bounce);
}
END_TEST

/* The same however the body is cut into pieces; nothing when it is too large. */
START_TEST(test_explain)
{
	struct config *config = load();
	struct problems *problems = problems_create();
	struct engine_settings settings = config_engine_settings(config);
	settings.at_once = true;
	struct engine_holder *holder = engine_holder_create(engine_create(&settings, problems));
	struct metrics *metrics = metrics_create();
	struct strbuf out;

	problems_free(&problems);
	log_open("bounce_test", LOG_TO_STDERR);
	strbuf_init(&out, 0);
	for (size_t piece = 1; piece < sizeof(body); piece += 37) {
		struct bounce *bounce = bounce_create(10000);
		bounce_add_header(bounce, "Subject", "failed");
		bounce_add_header(bounce, "Content-Type", "multipart/report;\n\tboundary=\"b\"");
		ck_assert(bounce_end_header(bounce));
		for (size_t at = 0; at < sizeof(body) - 1; at += piece) {
			size_t len = sizeof(body) - 1 - at;
			ck_assert(bounce_add_body(bounce, body + at, len < piece ? len : piece));
		}
		strbuf_reset(&out);
		ck_assert_int_eq(
		    bounce_explain(bounce, config, holder, metrics, "<alice@example.org>", &out),
		    0);
		ck_assert_ptr_nonnull(strstr(out.data, "The mailbox of bob@example.net is full."));
		const char *rest = strstr(body, "\r\n--b\r\nContent-Type: message/delivery-status");
		ck_assert_str_eq(out.data + out.len - strlen(rest), rest);
		bounce_free(&bounce);
	}
	struct bounce *bounce = bounce_create(sizeof(body));
	bounce_add_header(bounce, "Content-Type", "multipart/report; boundary=b");
	ck_assert(bounce_end_header(bounce));
	ck_assert(!bounce_add_body(bounce, body, sizeof(body) - 1));
	strbuf_reset(&out);
	ck_assert_int_eq(bounce_explain(bounce, config, holder, metrics, NULL, &out), -1);
	ck_assert_uint_eq(out.len, 0);
	bounce_free(&bounce);
	bounce = bounce_create(1000);
	ck_assert_int_eq(bounce_explain(bounce, config, holder, metrics, NULL, &out), -1);
	bounce_free(&bounce);
	strbuf_free(&out);
	metrics_free(&metrics);
	engine_holder_free(&holder);
	config_free(&config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bounce");
	TCase *tests = unit_case(suite, "bounce");

	tcase_add_test(tests, test_wanted);
	tcase_add_test(tests, test_header);
	tcase_add_test(tests, test_explain);
	return unit_run(suite);
}
