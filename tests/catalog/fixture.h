/* fixture.h - a small complete catalogue for tests, and layers over it. Include unit.h before. */
#ifndef TESTS_CATALOG_FIXTURE_H
#define TESTS_CATALOG_FIXTURE_H

#include "tree.h"

#include "explain/catalog.h"
#include "explain/mem.h"
#include "explain/problems.h"

static const char fixture_texts[] =
    "- phrases:\n"
    "    permanent: \"Permanent.\"\n"
    "    temporary: \"Temporary.\"\n"
    "    help: \"Help:\"\n"
    "    ref: \"Ref:\"\n"
    "- cause: unclassified\n"
    "  reason: unclassified\n"
    "  fixer: recipient-admin\n"
    "  summary: \"The server refused the message.\"\n"
    "  summary_temporary: \"The server refused the message for now.\"\n"
    "  action: \"Ask {contact}.\"\n"
    "  action_temporary: \"Wait.\"\n"
    "- cause: mailbox-full\n"
    "  reason: mailbox-full\n"
    "  fixer: recipient\n"
    "  summary: [\"The mailbox of {recipient} is full.\", \"The mailbox is full.\"]\n"
    "  action: \"Wait, then send again.\"\n"
    "  action_temporary: \"Nothing to do.\"\n"
    "  action_internal: \"Call {contact}.\"\n"
    "  help: |\n"
    "    ## If you sent the message\n"
    "    1. Wait.\n"
    "- cause: recipient-unknown\n"
    "  reason: recipient-unknown\n"
    "  fixer: sender\n"
    "  summary: [\"The address {recipient} does not exist.\", \"The address does not exist.\"]\n"
    "  action: \"Check the spelling.\"\n"
    "- cause: ip-blocklisted\n"
    "  reason: ip-blocklisted\n"
    "  fixer: sender-admin\n"
    "  summary: [\"Your server is on {list}, see {url}.\", \"Your server is on {list}.\",\n"
    "    \"Your server is on a list.\"]\n"
    "  action: \"Forward this notice.\"\n";

static const char fixture_rules[] =
    "- rule: full\n"
    "  cause: mailbox-full\n"
    "  match:\n"
    "    - status: [4.2.2, 5.2.2]\n"
    "    - code: [452, 552]\n"
    "      text: 'mailbox.{0,20}full'\n"
    "  examples: [\"552 5.2.2 x\", \"452 mailbox is full\"]\n"
    "- rule: unknown\n"
    "  cause: recipient-unknown\n"
    "  match: {text: '(?:<(?<recipient>[^>]+)>: )?.*user unknown'}\n"
    "  examples: [\"550 5.1.1 <a@example.org>: User unknown\", \"550 user unknown\"]\n"
    "- rule: blocked\n"
    "  cause: ip-blocklisted\n"
    "  match: {code: 554, text: 'blocked using (?<domain>[a-z.]+)(?:; (?<url>https?://[^ ]+))?'}\n"
    "  set: {list: Example List}\n"
    "  examples: [\"554 5.7.1 blocked using bl.example.net\", \"554 blocked using b.example\"]\n"
    "- rule: any-5xx\n"
    "  cause: unclassified\n"
    "  match: {code: 5xx}\n"
    "  examples: [\"550 no\", \"599 no\"]\n";

/* Writes FILE ("rules/10-a.yaml") of the layer NAME. */
static inline void fixture_write(const char *name, const char *file, const char *text)
{
	char path[256];

	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", name, file), (int)sizeof(path));
	tree_write(tree_path(path), text);
}

/* Writes the base catalogue as layer NAME and returns its path. */
static inline const char *fixture_base(const char *name)
{
	fixture_write(name, "causes/en.yaml", fixture_texts);
	fixture_write(name, "rules/50-base.yaml", fixture_rules);
	return tree_path(name);
}

/* Prints what was found before a test fails over it. */
static inline void fixture_show(const struct problems *problems)
{
	for (size_t i = 0; i < problems_count(problems); i++)
		fprintf(stderr, "  %s\n", problems_get(problems, i));
}

static inline void fixture_expect_none(const struct problems *problems)
{
	if (problems_count(problems))
		fixture_show(problems);
	ck_assert_uint_eq(problems_count(problems), 0);
}

/* The rule ID of CATALOG, or NULL. */
static inline const struct rule *fixture_rule(const struct catalog *catalog, const char *id)
{
	size_t count;
	const struct rule *rules = catalog_rules(catalog, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}

/* Does PROBLEMS have one at FILE:LINE:COLUMN with WORDS in it? */
static inline bool fixture_has(const struct problems *problems, const char *file, unsigned line,
    unsigned column, const char *words)
{
	char *place = mem_printf("%s:%u:%u: ", file, line, column);
	bool found = false;

	for (size_t i = 0; i < problems_count(problems); i++) {
		const char *text = problems_get(problems, i);
		found = found ||
		        (strncmp(text, place, strlen(place)) == 0 && strstr(text, words) != NULL);
	}
	free(place);
	return found;
}

/* A catalogue without mistakes, or NULL. */
static inline struct catalog *catalog_load(const char *const *dirs, struct problems *problems)
{
	size_t before = problems_count(problems);
	struct catalog *catalog = catalog_read(dirs, problems);

	if (problems_count(problems) > before) {
		problems_sort(problems);
		catalog_free(&catalog);
	}
	return catalog;
}

#endif
