/* words.c - sentences, words and syllables.
 *
 * Written by hand: what counts words for reading grades is a few rules about English spelling, and
 * libraries for it are in other languages. */
#include "explain/style.h"

#include "explain/ascii.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Longer capitals, such as PIPELINING, are a word. */
#define MAX_ABBREVIATION 6

/* Words that the rules get wrong and that stand in many texts. */
static const struct {
	const char *word;
	size_t syllables;
} exceptions[] = {{"people", 2}, {"DMARC", 2}, {"DKIM", 2}, {"recipient", 4}, {"recipients", 4},
    {"something", 2}, {"sometimes", 2}, {"somewhere", 2}, {"whoever", 3}, {"being", 2}, {"area", 3},
    {"idea", 3}, {"elsewhere", 2}, {"themselves", 2}, {"reference", 3}, {"mailboxes", 3},
    {"addresses", 3}, {"messages", 3}, {"creates", 2}, {"anyone", 3}, {"everyone", 3},
    {"someone", 2}};

static bool is_vowel(char c)
{
	return c != '\0' && strchr("aeiouy", tolower((unsigned char)c));
}

/* Is an e at the end not spoken: `message`, `address` keeps its own, `table` speaks it. */
static bool has_silent_ending(const char *word, size_t len)
{
	if (ascii_ends_with(word, len, "e"))
		return len > 2 && !is_vowel(word[len - 2]) &&
		       !(ascii_ends_with(word, len, "le") && len > 3 && !is_vowel(word[len - 3]));
	if (ascii_ends_with(word, len, "ed"))
		return len > 3 && !is_vowel(word[len - 3]) && !strchr("dt", word[len - 3]);
	if (ascii_ends_with(word, len, "es"))
		return len > 3 && !is_vowel(word[len - 3]) && !strchr("sxzcgh", word[len - 3]) &&
		       !(word[len - 3] == 'l' && !is_vowel(word[len - 4]));
	return false;
}

size_t style_syllables(const char *word, size_t len)
{
	size_t count = 0, upper = 0;

	if (ascii_ends_with(word, len, "'s"))
		len -= 2;
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		if (strlen(exceptions[i].word) == len &&
		    strncasecmp(exceptions[i].word, word, len) == 0)
			return exceptions[i].syllables;
	for (size_t i = 0; i < len; i++) {
		upper += isupper((unsigned char)word[i]) != 0;
		count += is_vowel(word[i]) && (i == 0 || !is_vowel(word[i - 1]));
	}
	/* An abbreviation is spoken letter by letter. */
	if (len > 1 && ((upper == len && len <= MAX_ABBREVIATION) || count == 0))
		return len;
	if (count > 1 && has_silent_ending(word, len))
		count--;
	return count > 0 ? count : 1;
}

static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '\'' || c == '-' || c >= 0x80;
}

/* A word of TEXT, and what ends it. */
struct token {
	const char *word;
	size_t len;
	bool name;   /* a variable, a host name, code: read as a name */
	bool clause; /* a colon or semicolon follows */
	bool stop;   /* the sentence ends */
};

static const char *after(const char *text, char end)
{
	const char *close = strchr(text + 1, end);

	return close ? close + 1 : text + strlen(text);
}

/* The next word from *AT on; false at the end. */
static bool next_token(const char **at, struct token *token)
{
	const char *text = *at;

	while (*text && *text != '{' && *text != '`' && !is_word((unsigned char)*text))
		text++;
	if (!*text)
		return false;
	*token = (struct token){.word = text};
	while (is_word((unsigned char)*text) || *text == '{' || *text == '`' ||
	       (strchr("./_@", *text) && *text && is_word((unsigned char)text[1]))) {
		token->name = token->name || strchr("{`./_@", *text);
		text = *text == '{' ? after(text, '}') : *text == '`' ? after(text, '`') : text + 1;
	}
	token->len = (size_t)(text - token->word);
	while (*text && !isspace((unsigned char)*text) && *text != '{' && *text != '`' &&
	       !is_word((unsigned char)*text)) {
		token->stop = token->stop || strchr(".!?", *text);
		token->clause = token->clause || strchr(":;", *text);
		text++;
	}
	*at = text;
	return true;
}

double style_grade(const char *text)
{
	size_t words = 0, sentences = 0, syllables = 0;
	struct token token = {0};

	while (next_token(&text, &token)) {
		words++;
		syllables += token.name ? 1 : style_syllables(token.word, token.len);
		sentences += token.stop || token.clause;
	}
	if (words == 0)
		return 0;
	if (!token.stop && !token.clause)
		sentences++;
	return 0.39 * (double)words / (double)sentences + 11.8 * (double)syllables / (double)words -
	       15.59;
}

size_t style_longest_sentence(const char *text)
{
	size_t words = 0, longest = 0;
	struct token token;

	while (next_token(&text, &token)) {
		words++;
		if (words > longest)
			longest = words;
		if (token.stop)
			words = 0;
	}
	return longest;
}
