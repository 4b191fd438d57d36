/* mem_test.c - allocation and arenas. */
#include "../unit.h"

#include "explain/mem.h"

#include <stdalign.h>
#include <stddef.h>

START_TEST(sizes_of_zero)
{
	void *pieces[] = {
	    mem_alloc(0), mem_calloc(0, 8), mem_calloc(8, 0), mem_realloc(NULL, 0, 8)};

	for (size_t i = 0; i < COUNT(pieces); i++) {
		ck_assert_ptr_nonnull(pieces[i]);
		free(pieces[i]);
	}
}
END_TEST

START_TEST(calloc_zeroes)
{
	char *p = mem_calloc(1000, 3);

	for (size_t i = 0; i < 3000; i++)
		require(p[i] == 0, "octet %zu is not zero", i);
	free(p);
}
END_TEST

START_TEST(realloc_keeps)
{
	unsigned *p = NULL;

	for (unsigned count = 1; count < 2000; count++) {
		p = mem_realloc(p, count, sizeof(*p));
		p[count - 1] = count;
	}
	for (unsigned i = 0; i < 1999; i++)
		require(p[i] == i + 1, "item %u changed", i);
	free(p);
}
END_TEST

START_TEST(strings)
{
	char *copies[] = {mem_strdup(""), mem_strdup("text"), mem_strndup("text", 2),
	    mem_strndup("", 0), mem_printf("%d-%s", 7, "x"), mem_printf("%s", "")};
	const char *const expected[] = {"", "text", "te", "", "7-x", ""};

	for (size_t i = 0; i < COUNT(copies); i++) {
		ck_assert_str_eq(copies[i], expected[i]);
		free(copies[i]);
	}
	char *binary = mem_strndup("a\0b", 3);
	ck_assert_mem_eq(binary, "a\0b", 4);
	free(binary);
}
END_TEST

/* Not a constant, so that the compiler doesn't refuse the size by itself. */
static volatile size_t huge = SIZE_MAX;

static void realloc_overflows(void)
{
	free(mem_realloc(NULL, huge / 2, 3));
}

static void calloc_overflows(void)
{
	free(mem_calloc(huge / 2, 3));
}

static void alloc_too_large(void)
{
	free(mem_alloc(huge / 2));
}

static void arena_too_large(void)
{
	struct arena *arena = arena_create();
	arena_alloc(arena, huge - 1);
	arena_free(&arena);
}

START_TEST(impossible_sizes_abort)
{
	void (*const functions[])(void) = {
	    realloc_overflows, calloc_overflows, alloc_too_large, arena_too_large};

	for (size_t i = 0; i < COUNT(functions); i++)
		ck_assert_msg(unit_dies(functions[i]), "size %zu was allocated", i);
}
END_TEST

START_TEST(arena_pieces)
{
	enum { PIECES = 3000 };
	static unsigned char *pieces[PIECES];
	struct arena *arena = arena_create();

	/* Sizes around the block size too: 65,535, 65,536, 65,537. */
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i % 100 == 99 ? 65534 + i / 100 % 5 : i % 97;
		pieces[i] = arena_alloc(arena, size);
		require((uintptr_t)pieces[i] % alignof(max_align_t) == 0, "piece %zu lies odd", i);
		for (size_t j = 0; j < size; j++) {
			require(pieces[i][j] == 0, "piece %zu is not zero", i);
			pieces[i][j] = (unsigned char)(i + j);
		}
	}
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i % 100 == 99 ? 65534 + i / 100 % 5 : i % 97;
		for (size_t j = 0; j < size; j++)
			require(
			    pieces[i][j] == (unsigned char)(i + j), "piece %zu was overwritten", i);
	}
	arena_free(&arena);
	ck_assert_ptr_null(arena);
	arena_free(&arena);
}
END_TEST

START_TEST(arena_strings)
{
	struct arena *arena = arena_create();
	char *text = arena_strndup(arena, "reply", 5);
	char *part = arena_strndup(arena, "reply", 2);
	char *none = arena_strndup(arena, "", 0);
	char *binary = arena_strndup(arena, "a\0b", 3);

	ck_assert_str_eq(text, "reply");
	ck_assert_str_eq(part, "re");
	ck_assert_str_eq(none, "");
	ck_assert_mem_eq(binary, "a\0b", 4);
	arena_free(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem");
	TCase *tcase = unit_case(suite, "mem");

	tcase_add_test(tcase, sizes_of_zero);
	tcase_add_test(tcase, calloc_zeroes);
	tcase_add_test(tcase, realloc_keeps);
	tcase_add_test(tcase, strings);
	tcase_add_test(tcase, impossible_sizes_abort);
	tcase_add_test(tcase, arena_pieces);
	tcase_add_test(tcase, arena_strings);
	return unit_run(suite);
}
