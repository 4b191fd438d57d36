#ifndef EXPLAIN_CATALOG_H
#define EXPLAIN_CATALOG_H

#include "explain/stage.h"
#include "explain/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct problems;
struct template;
struct varnames;

/* All rules and causes; immutable once loaded. Everything reached through it lives as long as it.
 */
struct catalog;

/* Where something stands in a file; lines and columns count from 1. */
struct place {
	const char *file;
	unsigned line, column;
};

/* Variants of one text: the first whose variables are all known is used. */
struct variants {
	const struct template *const *items;
	size_t count;
};

/* The texts of a cause that become part of a reply. */
enum text_key {
	TEXT_SUMMARY,
	TEXT_SUMMARY_TEMPORARY,
	TEXT_ACTION,
	TEXT_ACTION_TEMPORARY,
	TEXT_ACTION_INTERNAL,
	TEXT_COUNT
};

/* Eight hexadecimal digits that change when a text does (not with its line breaks), and a NUL. */
#define FINGERPRINT_SIZE 9

/* Where a translation stands to the English texts it was made from. Of several layers the last one
 * counts, which comes with the program: a site's own words make no translation stale. */
struct translation {
	struct place place;
	bool given;         /* the language has an entry of its own */
	unsigned layer;     /* the last one that has it */
	const char *source; /* the fingerprint of the English texts that it translates, as its file
	                       says; NULL: it does not say */
	char fingerprint[FINGERPRINT_SIZE]; /* of these texts themselves */
	uint64_t keys; /* bit N for key N that the entry gives: enum text_key and TEXT_COUNT for the
	                  help, enum page_text, or the order of struct phrases */
};

/* A cause's texts in one language. A text that has count 0 is not there. */
struct cause_text {
	struct variants texts[TEXT_COUNT];
	const char *help; /* Markdown, may be NULL */
	struct place place;
	struct translation translation;
};

struct cause {
	const char *id;
	const char *reason;
	const char *fixer;
	const struct cause_text *const *texts; /* by language number; NULL where there are none */
	bool words_above;                      /* the texts speak of the server's words as above */
	bool named;                            /* by a rule, even if that one is disabled */
	struct place place;
};

/* A regular expression over the reply's text. */
struct pattern {
	const char *text;
	struct place place;
	bool has_groups; /* named groups */
};

/* Conditions that must all hold. */
struct alternative {
	const short (*codes)[2]; /* ranges, both ends included; none: any code */
	size_t code_count;
	const struct status *statuses; /* patterns; none: any status or no status */
	size_t status_count;
	uint32_t stages;          /* bit N for stage N; 0: any */
	const char *const *hosts; /* domains of the quoted server; none: any */
	size_t host_count;
	const struct pattern *pattern; /* NULL: any text */
};

struct constant {
	int var;
	const char *value;
};

struct rule {
	const char *id;
	const struct cause *cause;
	const struct alternative *alternatives;
	size_t alternative_count;
	const struct constant *constants; /* `set` */
	size_t constant_count;
	const char *const *examples;
	const struct place *example_places;
	size_t example_count;
	const char *const *refs;
	size_t ref_count;
	unsigned layer; /* which directory it comes from, 0 the first */
	struct place place;
};

/* What a reply code or an enhanced status code means by itself. */
struct code_entry {
	int code;             /* 0 for a status */
	struct status status; /* class STATUS_ANY: the meaning is the same for all classes */
	const char *name, *meaning;
	const struct cause *cause; /* may be NULL */
	const short *codes;        /* reply codes that go with a status */
	size_t code_count;
	const char *const *refs;
	size_t ref_count;
};

/* Words of the help pages and of explained bounces, by language. */
enum page_text {
	PAGE_LANGUAGE, /* the language's own name */
	PAGE_TITLE,
	PAGE_HEADING,
	PAGE_INTRO,
	PAGE_PRIVACY,
	PAGE_LABEL,
	PAGE_BUTTON,
	PAGE_NO_SCRIPT,
	PAGE_FOUND,
	PAGE_GENERAL,
	PAGE_NONE,
	PAGE_EMPTY,
	PAGE_SITUATIONS,
	PAGE_S_ADDRESS,
	PAGE_S_FULL,
	PAGE_S_RESTRICTED,
	PAGE_S_BLOCKED,
	PAGE_S_SENDER,
	PAGE_S_LOGIN,
	PAGE_S_CONTENT,
	PAGE_S_FORM,
	PAGE_S_DELAY,
	PAGE_S_FAULT,
	PAGE_S_OTHER,
	PAGE_CODES,
	PAGE_CODES_INTRO,
	PAGE_CODE,
	PAGE_STANDARD_NAME,
	PAGE_PAGES,
	PAGE_BACK,
	PAGE_WHO,
	PAGE_SENDER,
	PAGE_SENDER_ADMIN,
	PAGE_RECIPIENT,
	PAGE_RECIPIENT_ADMIN,
	PAGE_WAIT,
	PAGE_IF_TEMPORARY,
	PAGE_EXAMPLES,
	PAGE_SEE_ALSO,
	PAGE_CONTACT,
	PAGE_LANGUAGES,
	PAGE_SKIP,
	PAGE_BOUNCE_FAILED,
	PAGE_BOUNCE_DELAYED,
	PAGE_BOUNCE_PARTLY,
	PAGE_BOUNCE_WAITING,
	PAGE_BOUNCE_UNTIL,
	PAGE_BOUNCE_WHAT_TO_DO,
	PAGE_BOUNCE_DETAILS,
	PAGE_BOUNCE_ORIGINAL,
	PAGE_BOUNCE_DELIVERED,
	PAGE_BOUNCE_RELAYED,
	PAGE_BOUNCE_EXPANDED,
	PAGE_BOUNCE_TYPO,
	PAGE_BOUNCE_MORE,
	PAGE_BOUNCE_HELP,
	PAGE_TEXT_COUNT
};

struct page_texts {
	const char *items[PAGE_TEXT_COUNT]; /* NULL: not given */
	struct translation translation;
};

#define PHRASE_COUNT 6

/* Words that all explanations share. The internal ones are for audience: internal, whose mail
 * programs don't try again as a server does; NULL: the others are used. */
struct phrases {
	const char *permanent, *temporary, *help, *ref;
	const char *permanent_internal, *temporary_internal;
	const char *ref_ascii; /* `ref` as it stands in replies */
	struct translation translation;
};

/* Reads every *.yaml in each of DIRS (NULL-terminated; an earlier one wins over a later one) and in
 * its subdirectories rules/ and causes/, in the order of names. One of DIRS may also be a file. All
 * mistakes go to PROBLEMS. Never NULL: what could be read is returned in spite of mistakes, so that
 * a checker can go on and tell all mistakes at once. Its rules may then have no cause, and nothing
 * but a check may be done with it. */
struct catalog *catalog_read(const char *const *dirs, struct problems *problems);
void catalog_free(struct catalog **catalog);

/* In the order of selection. */
const struct rule *catalog_rules(const struct catalog *catalog, size_t *count);
const struct cause *catalog_causes(const struct catalog *catalog, size_t *count);
/* NULL if there is none. */
const struct cause *catalog_cause(const struct catalog *catalog, const char *id);
const struct code_entry *catalog_codes(const struct catalog *catalog, size_t *count);
const struct varnames *catalog_varnames(const struct catalog *catalog);
/* The number of a language ("en" is 0), -1 if the catalogue has no texts in it. */
int catalog_language(const struct catalog *catalog, const char *language);
int catalog_language_count(const struct catalog *catalog);
/* The number of layers, that is of directories given to catalog_read(). */
unsigned catalog_layer_count(const struct catalog *catalog);
/* The code of language number LANGUAGE: "en", "pt-BR". */
const char *catalog_language_code(const struct catalog *catalog, int language);
/* Can replies be written in it, which are ASCII (RFC 5321 section 2.4)? True if ascii_fold() has a
 * substitute for every letter of its texts. */
bool catalog_language_is_latin(const struct catalog *catalog, int language);
/* Is it German, whose umlauts get an e in ASCII? */
bool catalog_language_is_german(const struct catalog *catalog, int language);
/* The phrases of language number LANGUAGE. */
const struct phrases *catalog_phrases(const struct catalog *catalog, int language);
/* Whether the language has phrases of its own, complete or not, and from where. */
const struct translation *catalog_own_phrases(const struct catalog *catalog, int language);
/* The texts of CAUSE in language number LANGUAGE, else in English. Never NULL. */
const struct cause_text *cause_text(const struct cause *cause, int language);
/* The words of help pages in language number LANGUAGE as the files give them. */
const struct page_texts *catalog_page_texts(const struct catalog *catalog, int language);
/* One of them, in English if the language lacks it; "" if English does too. */
const char *catalog_page_text(const struct catalog *catalog, int language, enum page_text text);
/* The keys of the files: "summary_temporary", "privacy". */
const char *text_key_name(enum text_key key);
const char *page_text_name(enum page_text text);
/* The key of the phrase number PHRASE of PHRASE_COUNT, in the order of struct phrases. */
const char *phrase_name(size_t phrase);

/* Compiles TEXT with the catalogue's variables, as a configured help_url is; it lives in the
 * catalogue. NULL with a sentence in *ERROR, also for a variable that no text may use. */
const struct template *catalog_compile(struct catalog *catalog, const char *text, char **error);

/* The cause for replies that no rule recognises, which must be there, and the one for texts without
 * a code that don't even tell whether they are about a refusal, which is used if it is there. */
#define CAUSE_UNCLASSIFIED "unclassified"
#define CAUSE_UNCLEAR "unclear"

#endif
