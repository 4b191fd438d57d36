/* hash_test.c - FNV-1a against its published values. */
#include "../unit.h"

#include "explain/hash.h"

/* http://www.isthe.com/chongo/tech/comp/fnv/ gives these for FNV-1a, 64 bits. */
START_TEST(test_known_values)
{
	ck_assert(hash_fnv(HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
	ck_assert(hash_fnv(HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	ck_assert(hash_fnv(HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(test_in_pieces)
{
	uint64_t value = hash_fnv(HASH_START, "foo", 3);

	ck_assert(hash_fnv(value, "bar", 3) == hash_fnv(HASH_START, "foobar", 6));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hash");
	TCase *tcase = unit_case(suite, "hash");

	tcase_add_test(tcase, test_known_values);
	tcase_add_test(tcase, test_in_pieces);
	return unit_run(suite);
}
