/* yaml_test.c - reading YAML: values, places, and mistakes that don't hide each other. */
#include "../unit.h"

#include "explain/problems.h"
#include "explain/yaml.h"

static struct yaml_doc *parse(const char *text, struct problems *problems)
{
	return yaml_parse("t.yaml", text, strlen(text), problems);
}

static void scalar_is(struct fy_node *node, const char *expected)
{
	size_t len = 0;
	const char *text = yaml_scalar(node, &len);

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(len == strlen(expected) && memcmp(text, expected, len) == 0,
	    "'%.*s' is not '%s'", (int)len, text, expected);
}

START_TEST(walking)
{
	static const char text[] = "list: [a, 'b c', \"d\\r\\ne\"]\n"
	                           "map: {x: 1, y: two}\n"
	                           "block: |\n  one\n  two\n"
	                           "empty:\n"
	                           "utf8: Gr\xc3\xbc\xc3\x9f"
	                           "e\n";
	static const char *const items[] = {"a", "b c", "d\r\ne"};
	struct problems *problems = problems_create();
	struct yaml_doc *doc = parse(text, problems);
	size_t len, count = 0;

	ck_assert_ptr_nonnull(doc);
	ck_assert_str_eq(yaml_file(doc), "t.yaml");
	ck_assert_uint_eq(yaml_roots(doc), 1);
	struct fy_node *root = yaml_root(doc, 0), *list = yaml_get(root, "list");
	ck_assert(yaml_is_map(root) && !yaml_is_list(root) && !yaml_is_scalar(root));
	ck_assert(yaml_is_list(list) && !yaml_is_map(list) && !yaml_is_scalar(list));
	ck_assert_ptr_null(yaml_scalar(list, &len));
	void *state = NULL;
	for (struct fy_node *item; (item = yaml_next(list, &state));)
		scalar_is(item, items[count++]);
	ck_assert_uint_eq(count, COUNT(items));

	struct fy_node *map = yaml_get(root, "map"), *key, *value;
	state = NULL;
	for (count = 0; yaml_next_pair(map, &state, &key, &value); count++) {
		scalar_is(key, count ? "y" : "x");
		scalar_is(value, count ? "two" : "1");
	}
	ck_assert_uint_eq(count, 2);
	scalar_is(yaml_get(root, "block"), "one\ntwo\n");
	scalar_is(yaml_get(root, "utf8"), "Gr\xc3\xbc\xc3\x9f"
	                                  "e");
	ck_assert_ptr_null(yaml_get(root, "none"));
	ck_assert(!yaml_is_map(NULL) && !yaml_is_list(NULL) && !yaml_is_scalar(NULL));
	ck_assert_ptr_null(yaml_scalar(NULL, &len));
	ck_assert_uint_eq(problems_count(problems), 0);
	yaml_free(&doc);
	ck_assert_ptr_null(doc);
	yaml_free(&doc);
	problems_free(&problems);
}
END_TEST

START_TEST(empty_documents)
{
	static const char *const texts[] = {
	    "", "---\n...\n", "%YAML 1.2\n---\n", "\n", "# nothing\n", "---\n", " \r\n  # nothing"};
	struct problems *problems = problems_create();

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct yaml_doc *doc = parse(texts[i], problems);
		ck_assert_msg(doc != NULL, "'%s' is no document", texts[i]);
		ck_assert_uint_eq(yaml_roots(doc), 1);
		ck_assert_ptr_null(yaml_root(doc, 0));
		yaml_free(&doc);
	}
	ck_assert_uint_eq(problems_count(problems), 0);
	problems_free(&problems);
}
END_TEST

START_TEST(places)
{
	static const char text[] = "# comment\n"
	                           "- rule: one\n"
	                           "  match:\n"
	                           "    - code: 550\n"
	                           "- rule: two\n"
	                           "  refs: [a,   b]\n";
	struct problems *problems = problems_create();
	struct yaml_doc *doc = parse(text, problems);
	void *state = NULL;

	ck_assert_ptr_nonnull(doc);
	struct fy_node *one = yaml_next(yaml_root(doc, 0), &state);
	struct fy_node *two = yaml_next(yaml_root(doc, 0), &state);
	void *refs = NULL;
	yaml_next(yaml_get(two, "refs"), &refs);
	struct fy_node *b = yaml_next(yaml_get(two, "refs"), &refs);
	const struct {
		struct fy_node *node;
		unsigned line, column;
	} cases[] = {{yaml_root(doc, 0), 2, 3}, {one, 2, 3}, {yaml_get(one, "rule"), 2, 9},
	    {yaml_get(one, "match"), 4, 7}, {two, 5, 3}, {b, 6, 15}, {NULL, 0, 0}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned line, column;
		yaml_place(cases[i].node, &line, &column);
		ck_assert_msg(line == cases[i].line && column == cases[i].column,
		    "node %zu is at %u:%u", i, line, column);
	}
	yaml_problem(doc, b, problems, "rule two", "'%c' is odd", 'b');
	ck_assert_str_eq(problems_get(problems, 0), "t.yaml:6:15: rule two: 'b' is odd");
	yaml_free(&doc);
	problems_free(&problems);
}
END_TEST

START_TEST(keys)
{
	static const char *const known[] = {"rule", "cause", "match", NULL};
	struct problems *problems = problems_create();
	struct yaml_doc *doc = parse("rule: 1\ncuase: 2\nzzzzzz: 3\nmatch: 4\n[a]: 5\n", problems);

	ck_assert_ptr_nonnull(doc);
	yaml_check_keys(doc, yaml_root(doc, 0), known, problems, "rule x");
	ck_assert_uint_eq(problems_count(problems), 3);
	ck_assert_str_eq(problems_get(problems, 0),
	    "t.yaml:2:1: rule x: unknown key 'cuase', did you mean 'cause'?");
	ck_assert_str_eq(problems_get(problems, 1), "t.yaml:3:1: rule x: unknown key 'zzzzzz'");
	yaml_free(&doc);
	problems_free(&problems);
}
END_TEST

START_TEST(syntax_errors)
{
	/* ROOTS of the text can be used; mistakes are reported for LINES. */
	static const struct {
		const char *text;
		size_t roots;
		unsigned lines[4];
	} cases[] = {
	    {"a: [1, 2\n", 0, {2}},
	    {"a: 'x\n", 0, {1}},
	    {"- a: 1\n- b: [1\n- c: 3\n", 2, {2}},
	    {"- a: 'x\n- b: 2\n- c: }\n- d: 4\n", 2, {1, 3}},
	    {"- a: 1\n  b: {\n\n- c: 2\n", 1, {4}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems *problems = problems_create();
		struct yaml_doc *doc = parse(cases[i].text, problems);
		ck_assert_uint_eq(doc ? yaml_roots(doc) : 0, cases[i].roots);
		size_t count = 0;
		while (count < 4 && cases[i].lines[count])
			count++;
		ck_assert_msg(problems_count(problems) == count, "text %zu has %zu mistakes", i,
		    problems_count(problems));
		for (size_t j = 0; j < count; j++) {
			unsigned line = 0;
			ck_assert_int_eq(sscanf(problems_get(problems, j), "t.yaml:%u:", &line), 1);
			/* libfyaml names the line where it noticed: the next one at most. */
			ck_assert_msg(line == cases[i].lines[j] || line == cases[i].lines[j] + 1,
			    "%s", problems_get(problems, j));
		}
		yaml_free(&doc);
		problems_free(&problems);
	}
}
END_TEST

/* The items that are right keep their place when another one is broken. */
START_TEST(places_after_errors)
{
	struct problems *problems = problems_create();
	struct yaml_doc *doc = parse("# x\n- a: }\n- b: 2\n\n-\n  c: 3\n", problems);
	static const unsigned expected[][2] = {{3, 3}, {6, 3}};

	size_t count = 0;

	ck_assert_ptr_nonnull(doc);
	for (size_t i = 0; i < yaml_roots(doc); i++) {
		void *state = NULL;
		for (struct fy_node *item; (item = yaml_next(yaml_root(doc, i), &state)); count++) {
			unsigned line, column;
			ck_assert_uint_lt(count, COUNT(expected));
			yaml_place(item, &line, &column);
			ck_assert_uint_eq(line, expected[count][0]);
			ck_assert_uint_eq(column, expected[count][1]);
		}
	}
	ck_assert_uint_eq(count, COUNT(expected));
	yaml_free(&doc);
	problems_free(&problems);
}
END_TEST

/* 20,000 items with a faulty one among them are read in about the time and memory of the others. */
START_TEST(many_items)
{
	enum { ITEMS = 20000, FAULTY = 12345 };
	struct problems *problems = problems_create();
	char *text = malloc(ITEMS * 8 + 1);
	size_t len = 0, count = 0;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < ITEMS; i++) {
		memcpy(text + len, i == FAULTY ? "- a: }\n\n" : "- a: 1\n\n", 8);
		len += 8;
	}
	struct yaml_doc *doc = yaml_parse("t.yaml", text, len, problems);
	ck_assert_ptr_nonnull(doc);
	ck_assert_uint_lt(yaml_roots(doc), 20);
	for (size_t i = 0; i < yaml_roots(doc); i++) {
		void *state = NULL;
		for (struct fy_node *item; (item = yaml_next(yaml_root(doc, i), &state)); count++) {
			unsigned line, column;
			yaml_place(item, &line, &column);
			size_t number = count < FAULTY ? count : count + 1;
			ck_assert_uint_eq(line, 2 * number + 1);
		}
	}
	ck_assert_uint_eq(count, ITEMS - 1);
	ck_assert_uint_eq(problems_count(problems), 1);
	yaml_free(&doc);
	problems_free(&problems);
	free(text);
}
END_TEST

/* Where all are faulty, the first hundred are reported. */
START_TEST(many_faulty)
{
	struct problems *problems = problems_create();
	char text[3000];

	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "- }", 3);
	for (size_t i = 0; i + 4 < sizeof(text); i += 4)
		memcpy(text + i, "- }\n", 4);
	struct yaml_doc *doc = yaml_parse("t.yaml", text, sizeof(text), problems);
	ck_assert_ptr_null(doc);
	ck_assert_uint_eq(problems_count(problems), 100);
	problems_free(&problems);
}
END_TEST

/* Latin-1, also where libfyaml alone would not notice, or never come back. */
START_TEST(encoding)
{
	static const char *const texts[] = {"# Gr\xfc\xdf"
	                                    "e\n- a\n",
	    "% \xff\n---\n- a\n", "- a: '\xfc'\n", "- a # \xfc\n", "\xef\xbb\xbf- a: \xe4\n"};
	static const char *const expected[] = {"t.yaml:1:5: not UTF-8", "t.yaml:1:3: not UTF-8",
	    "t.yaml:1:7: not UTF-8", "t.yaml:1:7: not UTF-8", "t.yaml:1:7: not UTF-8"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct problems *problems = problems_create();
		ck_assert_ptr_null(parse(texts[i], problems));
		ck_assert_uint_eq(problems_count(problems), 1);
		ck_assert_str_eq(problems_get(problems, 0), expected[i]);
		problems_free(&problems);
	}
}
END_TEST

/* Aliases are taken, but not so many that they fill the memory, nor without end. */
START_TEST(aliases)
{
	static const char *const bad[] = {"a: &a {b: *a}\n", "- &a [*a]\n", "a: &a [[[*a]]]\n",
	    "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	    "a1: &a1 [*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0]\n"
	    "a2: &a2 [*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1]\n"
	    "a3: &a3 [*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2]\n"
	    "a4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]\n"
	    "a5: &a5 [*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4]\n"};
	struct problems *problems = problems_create();
	struct yaml_doc *doc = parse("a: &a {x: one}\nb: *a\nc: {<<: *a, y: two}\n", problems);

	ck_assert_ptr_nonnull(doc);
	scalar_is(yaml_get(yaml_get(yaml_root(doc, 0), "b"), "x"), "one");
	scalar_is(yaml_get(yaml_get(yaml_root(doc, 0), "c"), "x"), "one");
	ck_assert_uint_eq(problems_count(problems), 0);
	yaml_free(&doc);
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_ptr_null(parse(bad[i], problems));
		ck_assert_uint_eq(problems_count(problems), i + 1);
	}
	problems_free(&problems);
}
END_TEST

/* What can't be read as a whole is a mistake, though each item alone can be. */
START_TEST(nothing_is_left_out_silently)
{
	static const char *const texts[] = {
	    "key: value\n- a: 1\n- b: 2\n",
	    "- a: 1\nkey: value\n- b: 2\n",
	    "]\n- a: 1\n",
	    "- a: 1\n  b: 2\n c: 3\n- d: 4\n",
	    "- a: &x 1\n- b: *y\n",
	    "- a: 1\n\t- b: 2\n",
	    "'\n- a: 1\n",
	    "- a: 1\n  a: 2\n",
	    "- a: 1\n...\ngarbage\n- b: 1\n",
	    "- a: 1\n---\n- b: 1\n",
	    "a: 1\n--- # more\n---\nb: 1\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct problems *problems = problems_create();
		struct yaml_doc *doc = parse(texts[i], problems);
		ck_assert_msg(problems_count(problems) > 0, "no mistake in:\n%s", texts[i]);
		ck_assert_ptr_null(strchr(problems_get(problems, 0), '\n'));
		yaml_free(&doc);
		problems_free(&problems);
	}
}
END_TEST

START_TEST(files)
{
	struct problems *problems = problems_create();
	char *path = unit_path("good.yaml"), *none = unit_path("none.yaml");

	unit_write(path, "a: 1\n", 5);
	struct yaml_doc *doc = yaml_read(path, problems);
	ck_assert_ptr_nonnull(doc);
	scalar_is(yaml_get(yaml_root(doc, 0), "a"), "1");
	yaml_free(&doc);
	unit_write(path, "", 0);
	doc = yaml_read(path, problems);
	ck_assert_ptr_nonnull(doc);
	ck_assert_ptr_null(yaml_root(doc, 0));
	yaml_free(&doc);
	ck_assert_uint_eq(problems_count(problems), 0);

	ck_assert_ptr_null(yaml_read(none, problems));
	ck_assert_ptr_null(yaml_read(unit_dir, problems));
	ck_assert_ptr_null(yaml_read("", problems));
	unit_write(path, "a: \0 1\n", 7);
	ck_assert_ptr_null(yaml_read(path, problems));
	ck_assert_uint_eq(problems_count(problems), 4);
	ck_assert_ptr_nonnull(
	    strstr(problems_get(problems, 0), "none.yaml: cannot be read: No such"));
	ck_assert_ptr_nonnull(strstr(problems_get(problems, 3), "NUL"));
	problems_free(&problems);
	free(path);
	free(none);
}
END_TEST

START_TEST(file_size)
{
	enum { LIMIT = 16 << 20 };
	struct problems *problems = problems_create();
	char *path = unit_path("large.yaml"), *text = malloc(LIMIT + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '#', LIMIT + 1);
	unit_write(path, text, LIMIT);
	struct yaml_doc *doc = yaml_read(path, problems);
	ck_assert_ptr_nonnull(doc);
	yaml_free(&doc);
	ck_assert_uint_eq(problems_count(problems), 0);
	unit_write(path, text, LIMIT + 1);
	ck_assert_ptr_null(yaml_read(path, problems));
	ck_assert_ptr_nonnull(strstr(problems_get(problems, 0), "16 MiB"));
	problems_free(&problems);
	free(text);
	free(path);
}
END_TEST

static const char sample[] = "# rules\n"
                             "- rule: postfix-quota\n"
                             "  match: {status: [4.2.2, \"5.2.2\"], text: '(mail|in)box'}\n"
                             "  set: {list: &l 'a ''b'''}\n"
                             "  help: |\n"
                             "    ## Caf\xc3\xa9\n"
                             "- rule: other # comment\n"
                             "  summary: >-\n"
                             "    folded\n"
                             "    text\n";

/* Cut at every octet, and every octet replaced: a document, or at least one mistake. */
START_TEST(damaged)
{
	static const char damage[] = "\0\n\t\"'[]{}:-&*#%@`|!,\x80\xff";
	char text[sizeof(sample)];
	size_t len = sizeof(sample) - 1;

	for (size_t at = 0; at <= len; at++) {
		for (size_t i = 0; i < sizeof(damage); i++) {
			/* The last round cuts. */
			bool cut = i + 1 == sizeof(damage);
			memcpy(text, sample, sizeof(sample));
			text[at] = damage[i];
			struct problems *problems = problems_create();
			struct yaml_doc *doc = yaml_parse("t", text, cut ? at : len, problems);
			require(doc || problems_count(problems) > 0, "%zu, %zu", at, i);
			for (size_t j = 0; doc && j < yaml_roots(doc); j++) {
				unsigned line, column;
				yaml_place(yaml_root(doc, j), &line, &column);
			}
			yaml_free(&doc);
			problems_free(&problems);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("yaml");
	TCase *texts = unit_case(suite, "texts");
	TCase *on_disk = unit_case(suite, "files");

	tcase_add_test(texts, walking);
	tcase_add_test(texts, empty_documents);
	tcase_add_test(texts, places);
	tcase_add_test(texts, keys);
	tcase_add_test(texts, syntax_errors);
	tcase_add_test(texts, places_after_errors);
	tcase_add_test(texts, many_items);
	tcase_add_test(texts, many_faulty);
	tcase_add_test(texts, encoding);
	tcase_add_test(texts, aliases);
	tcase_add_test(texts, nothing_is_left_out_silently);
	tcase_add_test(texts, damaged);
	tcase_add_unchecked_fixture(on_disk, unit_dir_make, unit_dir_remove);
	tcase_add_test(on_disk, files);
	tcase_add_test(on_disk, file_size);
	return unit_run(suite);
}
