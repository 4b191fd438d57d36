/* status_test.c - enhanced status codes (RFC 3463 section 2), exact ones and patterns. */
#include "../unit.h"

#include "explain/status.h"
#include "explain/strbuf.h"

/* From memory of exactly LEN octets, so that a sanitizer sees an octet read too many. */
static size_t parse(struct status *status, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	require(copy, "out of memory");
	memcpy(copy, text, len);
	size_t used = status_parse(status, copy, len);
	free(copy);
	return used;
}

START_TEST(valid)
{
	static const struct {
		const char *text;
		size_t used;
		short class, subject, detail;
	} cases[] = {
	    {"5.1.1", 5, 5, 1, 1},
	    {"4.2.2 Mailbox full", 5, 4, 2, 2},
	    {"2.0.0", 5, 2, 0, 0},
	    {"5.7.26", 6, 5, 7, 26},
	    {"5.7.509 x", 7, 5, 7, 509},
	    {"5.999.999", 9, 5, 999, 999},
	    {"5.999.999\n", 9, 5, 999, 999},
	    /* Leading zeros are against the RFC, and seen. */
	    {"5.01.001", 8, 5, 1, 1},
	    {"5.1.1<bob@example>", 5, 5, 1, 1},
	    {"5.1.1:", 5, 5, 1, 1},
	    {"5.1.1)", 5, 5, 1, 1},
	    {"5.1.1-x", 5, 5, 1, 1},
	    {"5.1.1\xc3\xa9", 5, 5, 1, 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct status status = {9, 9, 9};
		ck_assert_msg(parse(&status, cases[i].text, strlen(cases[i].text)) == cases[i].used,
		    "'%s'", cases[i].text);
		ck_assert_int_eq(status.class, cases[i].class);
		ck_assert_int_eq(status.subject, cases[i].subject);
		ck_assert_int_eq(status.detail, cases[i].detail);
		/* Cut before the third number begins there is none, cut behind it it is whole. */
		const char *third = strrchr(cases[i].text, '.') + 1;
		for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
			size_t used = parse(&status, cases[i].text, cut);
			if (cases[i].text + cut <= third)
				ck_assert_uint_eq(used, 0);
			else
				ck_assert_uint_eq(used, cut < cases[i].used ? cut : cases[i].used);
		}
	}
}
END_TEST

START_TEST(invalid)
{
	static const char *const cases[] = {"", "5", "5.", "5.1", "5.1.", "5..1", "5.1..1",
	    ".5.1.1", "5.1.1.1", "5.1.1.", "1.1.1", "3.1.1", "6.1.1", "0.0.0", "9.1.1", "55.1.1",
	    "05.1.1", "5.1000.1", "5.1.1000", "5.1.1a", "5.1.10x", "x.1.1", "5.x.1", "5.1.x",
	    "-5.1.1", " 5.1.1", "5 .1.1", "5. 1.1", "5.1 .1", "5,1,1", "5.+1.1", "5.-1.1",
	    "192.0.2.1", "5.1.99999999999"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct status status = {9, 8, 7};
		ck_assert_msg(parse(&status, cases[i], strlen(cases[i])) == 0, "'%s'", cases[i]);
		ck_assert_int_eq(status_key(&status), 9008007);
	}
	struct status status;
	ck_assert_uint_eq(parse(&status, "5.1\0.1", 6), 0);
	ck_assert_uint_eq(parse(&status, "5.1.1\0", 6), 5);
}
END_TEST

START_TEST(patterns)
{
	static const struct {
		const char *text;
		short class, subject, detail;
	} cases[] = {
	    {"5.1.1", 5, 1, 1},
	    {"x.2.2", STATUS_ANY, 2, 2},
	    {"X.2.2", STATUS_ANY, 2, 2},
	    {"4.x.x", 4, STATUS_ANY, STATUS_ANY},
	    {"5.7.x", 5, 7, STATUS_ANY},
	    {"x.x.x", STATUS_ANY, STATUS_ANY, STATUS_ANY},
	    {"5.999.999", 5, 999, 999},
	};
	static const char *const bad[] = {"", "x", "x.x", "x.x.", "x.x.x.", "x.x.x.x", "xx.1.1",
	    "5.xx.1", "5.1.xx", "5.1x.1", "5x.1.1", "3.x.x", "1.1.1", "05.1.1", "005.1.1", "55.1.1",
	    "5.1.1 ", " 5.1.1", "5.*.1", "y.1.1", "5.1000.1", "-1.1.1", "5.1.1\n"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct status pattern;
		ck_assert(status_parse_pattern(&pattern, cases[i].text, strlen(cases[i].text)));
		ck_assert_int_eq(pattern.class, cases[i].class);
		ck_assert_int_eq(pattern.subject, cases[i].subject);
		ck_assert_int_eq(pattern.detail, cases[i].detail);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct status pattern;
		ck_assert_msg(
		    !status_parse_pattern(&pattern, bad[i], strlen(bad[i])), "'%s'", bad[i]);
	}
	struct status pattern;
	ck_assert(!status_parse_pattern(&pattern, "5.1.1\0", 6));
}
END_TEST

START_TEST(matching)
{
	static const struct {
		const char *pattern, *status;
		bool matches;
	} cases[] = {
	    {"5.1.1", "5.1.1", true},
	    {"5.1.1", "4.1.1", false},
	    {"5.1.1", "5.1.10", false},
	    {"5.1.10", "5.1.1", false},
	    {"x.1.1", "4.1.1", true},
	    {"x.1.1", "2.1.1", true},
	    {"x.1.1", "5.2.1", false},
	    {"5.x.1", "5.999.1", true},
	    {"5.x.1", "5.0.2", false},
	    {"x.x.x", "2.0.0", true},
	    {"4.x.x", "5.0.0", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct status pattern, status;
		ck_assert(
		    status_parse_pattern(&pattern, cases[i].pattern, strlen(cases[i].pattern)));
		ck_assert_uint_gt(parse(&status, cases[i].status, strlen(cases[i].status)), 0);
		ck_assert_msg(status_matches(&pattern, &status) == cases[i].matches, "%s on %s",
		    cases[i].pattern, cases[i].status);
	}
	/* No status fits no pattern. */
	struct status any = {STATUS_ANY, STATUS_ANY, STATUS_ANY}, none = {0, 0, 0};
	ck_assert(!status_matches(&any, &none));
}
END_TEST

/* Every code there can be: written, read back, and its key is its own. */
START_TEST(round_trip)
{
	struct strbuf out;
	int last = 0;

	strbuf_init(&out, 0);
	for (short class = 2; class <= 5; class = (short)(class + (class == 2 ? 2 : 1)))
		for (short subject = 0; subject < 1000; subject++)
			for (short detail = 0; detail < 1000; detail = (short)(detail + 37)) {
				struct status status = {class, subject, detail}, back;
				strbuf_reset(&out);
				status_add(&out, &status);
				require(status_parse(&back, strbuf_str(&out), out.len) == out.len &&
				            status_key(&back) == status_key(&status) &&
				            back.class == class && back.subject == subject &&
				            back.detail == detail,
				    "%s", strbuf_str(&out));
				require(
				    status_key(&status) > last, "the key of %s", strbuf_str(&out));
				last = status_key(&status);
			}
	struct status pattern = {STATUS_ANY, 7, STATUS_ANY};
	strbuf_reset(&out);
	status_add(&out, &pattern);
	ck_assert_str_eq(strbuf_str(&out), "x.7.x");
	strbuf_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = unit_case(suite, "status");

	tcase_add_test(tcase, valid);
	tcase_add_test(tcase, invalid);
	tcase_add_test(tcase, patterns);
	tcase_add_test(tcase, matching);
	tcase_add_test(tcase, round_trip);
	return unit_run(suite);
}
