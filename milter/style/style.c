/* style.c - the rules for texts that a program can check; the others are for a reader. */
#include "explain/style.h"

#include "explain/catalog.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/strbuf.h"
#include "explain/template.h"
#include "explain/utf8.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_WORDS 20
/* Where words are not divided by blanks: Chinese and Japanese sentences. */
#define MAX_CHARACTERS 80
#define MAX_GRADE 8.0

/* Terms of administrators, in every language. */
static const char *const terms[] = {"MTA", "MDA", "MUA", "DSN", "RBL", "DNSBL", "HELO", "EHLO",
    "IP", "SMTP", "DNS", "MX", "PTR", "TLS", "STARTTLS", "SPF", "DKIM", "DMARC", "ARC", "SASL",
    "DANE", "MIME"};
/* English words with a meaning of their own in mail, and such that excuse or fill. */
static const char *const jargon[] = {"envelope", "relay", "relaying", "relayed", "bounce",
    "bounces", "bounced", "milter", "smarthost"};
static const char *const fillers[] = {
    "sorry", "unfortunately", "please", "apologies", "apologise", "guaranteed"};

struct check {
	const struct catalog *catalog;
	struct problems *problems;
	const struct cause *cause;
	const struct cause_text *text;
	int language;
};

static void report(struct check *check, char *what)
{
	const struct place *place = &check->text->place;
	char *subject = mem_printf("cause %s", check->cause->id);

	problems_add(check->problems, place->file, place->line, place->column, subject, "%s", what);
	free(subject);
	free(what);
}

static bool is_word_part(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '{';
}

/* Does WORD stand in TEXT, by itself? `SPF` is a term, `spf` may be part of an address. */
static bool has_word(const char *text, const char *word, bool exact)
{
	size_t len = strlen(word);

	for (const char *at = text; *at; at++) {
		if (at > text && is_word_part(at[-1]))
			continue;
		int differs = exact ? strncmp(at, word, len) : strncasecmp(at, word, len);
		if (differs == 0 && !is_word_part(at[len]))
			return true;
	}
	return false;
}

static void check_words(struct check *check, const char *key, const char *text,
    const char *const *words, size_t count, bool exact, const char *why)
{
	for (size_t i = 0; i < count; i++)
		if (has_word(text, words[i], exact))
			report(check, mem_printf("%s: '%s' %s", key, words[i], why));
}

#define CHECK_WORDS(check, key, text, words, exact, why)                                           \
	check_words(check, key, text, words, sizeof(words) / sizeof((words)[0]), exact, why)

/* Chinese and Japanese have no blanks between words. */
static bool has_no_blanks(const char *text)
{
	for (size_t len = strlen(text); len > 0;) {
		uint32_t point = 0;
		size_t octets = utf8_decode(text, len, &point);
		if (octets && utf8_is_wide(point))
			return true;
		text += octets ? octets : 1;
		len -= octets ? octets : 1;
	}
	return false;
}

/* The most characters between two full stops of East Asian writing. */
static size_t longest_east_asian(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t octets = 0, count;
		while (text[octets] && strncmp(text + octets, "\xE3\x80\x82", 3) != 0 &&
		       text[octets] != '.')
			octets++;
		char *sentence = mem_strndup(text, octets);
		count = utf8_count(sentence);
		free(sentence);
		longest = count > longest ? count : longest;
		text += octets;
		text += strspn(text, "\xE3\x80\x82.");
	}
	return longest;
}

static void check_sentences(struct check *check, const char *key, const char *text)
{
	if (has_no_blanks(text)) {
		size_t characters = longest_east_asian(text);
		if (characters > MAX_CHARACTERS)
			report(
			    check, mem_printf("%s: a sentence has %zu characters, at most %d are "
			                      "read easily: %s",
			               key, characters, MAX_CHARACTERS, text));
		return;
	}
	size_t words = style_longest_sentence(text);
	if (words > MAX_WORDS)
		report(check,
		    mem_printf("%s: a sentence has %zu words, at most %d are read easily: %s", key,
		        words, MAX_WORDS, text));
}

static bool is_for_laymen(const struct cause *cause)
{
	return strcmp(cause->fixer, "sender") == 0 || strcmp(cause->fixer, "recipient") == 0 ||
	       strcmp(cause->fixer, "wait") == 0;
}

static void check_text(struct check *check, const char *key, const char *text)
{
	check_sentences(check, key, text);
	if (is_for_laymen(check->cause))
		CHECK_WORDS(check, key, text, terms, true, "says nothing to the one who must act");
	if (check->language != 0)
		return;
	if (is_for_laymen(check->cause))
		CHECK_WORDS(check, key, text, jargon, false, "means something else to most people");
	CHECK_WORDS(check, key, text, fillers, false, "says nothing");
}

/* Summary and action are read together; each alone is too short for a grade. */
static void check_grade(struct check *check, const char *summary, const char *action)
{
	char *both = mem_printf("%s %s", summary, action);
	double grade = style_grade(both);

	if (grade > MAX_GRADE)
		report(check,
		    mem_printf("reading grade %.1f, at most %.0f: %s", grade, MAX_GRADE, both));
	free(both);
}

static char *written(const struct template *template)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	template_show(&out, template);
	char *text = mem_strdup(strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static void check_replies(struct check *check)
{
	for (enum text_key key = 0; key < TEXT_COUNT; key++)
		for (size_t i = 0; i < check->text->texts[key].count; i++) {
			char *text = written(check->text->texts[key].items[i]);
			check_text(check, text_key_name(key), text);
			free(text);
		}
	const struct variants *summary = &check->text->texts[TEXT_SUMMARY];
	for (enum text_key key = TEXT_ACTION; key < TEXT_COUNT && check->language == 0; key++) {
		const struct variants *action = &check->text->texts[key];
		if (!summary->count || !action->count)
			continue;
		char *first = written(summary->items[0]), *then = written(action->items[0]);
		check_grade(check, first, then);
		free(first);
		free(then);
	}
}

static size_t count_headings(const char *help)
{
	size_t count = strncmp(help, "## ", 3) == 0;

	for (const char *at = help; (at = strstr(at, "\n## ")); at++)
		count++;
	return count;
}

/* Three parts: for the sender in steps, for administrators, what the codes mean. */
static void check_help(struct check *check)
{
	const char *help = check->text->help;

	if (!help) {
		if (check->text->translation.layer + 1 == catalog_layer_count(check->catalog))
			report(check, mem_strdup("has no help page"));
		return;
	}
	if (count_headings(help) != 3)
		report(check, mem_strdup("help: needs three parts, each under a heading '## ...'"));
	const char *end = strstr(help, "\n## ");
	if (!strstr(help, "\n1. ") || (end && strstr(help, "\n1. ") > end))
		report(check, mem_strdup("help: the first part needs numbered steps"));
	for (const char *step = strstr(help, "\n1. "); step && (!end || step < end);) {
		const char *next = step + 1;
		while (
		    (next = strchr(next, '\n')) && !isdigit((unsigned char)next[1]) && next != end)
			next++;
		size_t len = next ? (size_t)(next - step) : strlen(step);
		char *text = mem_strndup(step + 1, len - 1);
		for (char *at = text; (at = strstr(at, "\n")); at++)
			*at = ' ';
		check_sentences(check, "help", text);
		free(text);
		step = next;
	}
}

void style_check(const struct catalog *catalog, struct problems *problems)
{
	size_t count;
	const struct cause *causes = catalog_causes(catalog, &count);

	for (size_t i = 0; i < count; i++)
		for (int language = 0; language < catalog_language_count(catalog); language++) {
			struct check check = {.catalog = catalog,
			    .problems = problems,
			    .cause = &causes[i],
			    .text = causes[i].texts[language],
			    .language = language};
			if (!check.text || !check.cause->fixer)
				continue;
			check_replies(&check);
			check_help(&check);
		}
}
