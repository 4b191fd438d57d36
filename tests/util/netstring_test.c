/* netstring_test.c - the netstring codec, cut at every octet. */
#include "../unit.h"

#include "explain/netstring.h"
#include "explain/strbuf.h"

#define MAX 10000

struct parsed {
	enum netstring_result result;
	const char *content;
	size_t len, used;
};

/* From memory of exactly LEN octets, so that a sanitizer sees an octet read too many. */
static struct parsed parse(const char *data, size_t len, size_t max)
{
	struct parsed parsed = {0};
	char *copy = malloc(len ? len : 1);

	require(copy, "out of memory");
	if (len)
		memcpy(copy, data, len);
	parsed.result = netstring_parse(copy, len, max, &parsed.content, &parsed.len, &parsed.used);
	if (parsed.result == NETSTRING_COMPLETE)
		parsed.content = data + (parsed.content - copy);
	free(copy);
	return parsed;
}

START_TEST(valid)
{
	static const struct {
		const char *data;
		size_t len;
		const char *content;
		size_t content_len;
	} cases[] = {
	    {"0:,", 3, "", 0},
	    {"5:hello,", 8, "hello", 5},
	    {"1:,,", 4, ",", 1},
	    {"3:1:,,", 6, "1:,", 3},
	    {"3:\0\r\n,", 6, "\0\r\n", 3},
	    {"10:0123456789,", 14, "0123456789", 10},
	    {"2:\xff\xfe,", 5, "\xff\xfe", 2},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t cut = 0; cut < cases[i].len; cut++)
			ck_assert_int_eq(parse(cases[i].data, cut, MAX).result, NETSTRING_PARTIAL);
		struct parsed parsed = parse(cases[i].data, cases[i].len, MAX);
		ck_assert_int_eq(parsed.result, NETSTRING_COMPLETE);
		ck_assert_uint_eq(parsed.len, cases[i].content_len);
		ck_assert_uint_eq(parsed.used, cases[i].len);
		ck_assert(memcmp(parsed.content, cases[i].content, parsed.len) == 0);
	}
	struct parsed first = parse("1:a,1:b,", 8, MAX);
	ck_assert_int_eq(first.result, NETSTRING_COMPLETE);
	ck_assert_uint_eq(first.used, 4);
}
END_TEST

START_TEST(invalid)
{
	/* VALID octets are a correct beginning; the next one is wrong. */
	static const struct {
		const char *data;
		size_t valid;
	} cases[] = {
	    {":", 0},
	    {",", 0},
	    {"-1:", 0},
	    {"+1:a,", 0},
	    {" 1:a,", 0},
	    {"a", 0},
	    {"\n", 0},
	    {"00:,", 1},
	    {"01:a,", 1},
	    {"1 :a,", 1},
	    {"1;a,", 1},
	    {"5x", 1},
	    {"0x0:,", 1},
	    {"1:a;", 3},
	    {"0:x", 2},
	    {"5:hello\n", 7},
	    {"3:hello,", 5},
	    {"10001:", 4},
	    {"99999999999999999999999999:", 4},
	    {"18446744073709551616:,", 4},
	    {"18446744073709551617:a,", 4},
	    {"4294967297:a,", 4},
	    {"220 mx.example.org ESMTP", 3},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].data);
		for (size_t cut = 0; cut <= len; cut++) {
			enum netstring_result expected =
			    cut <= cases[i].valid ? NETSTRING_PARTIAL : NETSTRING_INVALID;
			ck_assert_msg(parse(cases[i].data, cut, MAX).result == expected,
			    "'%s' cut after %zu octets", cases[i].data, cut);
		}
	}
	ck_assert_int_eq(parse("1\0:a,", 5, MAX).result, NETSTRING_INVALID);
}
END_TEST

START_TEST(maximum)
{
	static char content[MAX + 1];
	struct strbuf wire;

	memset(content, 'x', sizeof(content));
	strbuf_init(&wire, 0);
	netstring_add(&wire, content, MAX);
	ck_assert_int_eq(parse(wire.data, wire.len, MAX).result, NETSTRING_COMPLETE);
	ck_assert_int_eq(parse(wire.data, wire.len - 1, MAX).result, NETSTRING_PARTIAL);
	ck_assert_int_eq(parse(wire.data, wire.len, MAX - 1).result, NETSTRING_INVALID);
	strbuf_reset(&wire);
	netstring_add(&wire, content, MAX + 1);
	ck_assert_int_eq(parse(wire.data, wire.len, MAX).result, NETSTRING_INVALID);
	strbuf_free(&wire);
	ck_assert_int_eq(parse("0:,", 3, 0).result, NETSTRING_COMPLETE);
	ck_assert_int_eq(parse("1:a,", 4, 0).result, NETSTRING_INVALID);
}
END_TEST

START_TEST(round_trip)
{
	struct unit_random random = {20};
	struct strbuf wire;

	strbuf_init(&wire, 0);
	for (int round = 0; round < 20000; round++) {
		char content[300];
		size_t len = unit_random(&random, sizeof(content));
		for (size_t i = 0; i < len; i++)
			content[i] = (char)unit_random(&random, 256);
		strbuf_reset(&wire);
		netstring_add(&wire, content, len);
		struct parsed parsed = parse(wire.data, wire.len, MAX);
		require(parsed.result == NETSTRING_COMPLETE && parsed.used == wire.len &&
		            parsed.len == len && memcmp(parsed.content, content, len) == 0,
		    "round %d of %zu octets", round, len);
	}
	strbuf_free(&wire);
}
END_TEST

/* What is invalid stays so, what is partial may become anything, whatever comes after. */
START_TEST(fuzz)
{
	static const char alphabet[] = "0123456789::,,a\n";
	struct unit_random random = {21};

	for (int round = 0; round < 200000; round++) {
		char data[24];
		size_t len = unit_random(&random, sizeof(data));
		for (size_t i = 0; i < len; i++)
			data[i] = alphabet[unit_random(&random, sizeof(alphabet) - 1)];
		enum netstring_result last = NETSTRING_PARTIAL;
		size_t used = 0;
		for (size_t cut = 0; cut <= len; cut++) {
			struct parsed parsed = parse(data, cut, 15);
			require(last != NETSTRING_INVALID || parsed.result == NETSTRING_INVALID,
			    "valid again: %.*s", (int)cut, data);
			require(last != NETSTRING_COMPLETE ||
			            (parsed.result == NETSTRING_COMPLETE && parsed.used == used),
			    "not complete any more: %.*s", (int)cut, data);
			require(parsed.result != NETSTRING_COMPLETE ||
			            (parsed.used <= cut && parsed.len <= 15),
			    "too long: %.*s", (int)cut, data);
			last = parsed.result;
			used = parsed.used;
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netstring");
	TCase *tcase = unit_case(suite, "netstring");

	tcase_add_test(tcase, valid);
	tcase_add_test(tcase, invalid);
	tcase_add_test(tcase, maximum);
	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, fuzz);
	return unit_run(suite);
}
