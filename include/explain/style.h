#ifndef EXPLAIN_STYLE_H
#define EXPLAIN_STYLE_H

#include <stddef.h>

struct catalog;
struct problems;

/* Checks the texts of all languages as a strict reader would, and reports to PROBLEMS: sentences
 * that are too long, words of mail administrators where somebody else must act, excuses and
 * fillers, English that is too hard to read, help pages that lack a part. Lengths are checked when
 * a catalogue is loaded. */
void style_check(const struct catalog *catalog, struct problems *problems);

/* The reading grade of English TEXT: years of school that it takes (Flesch and Kincaid 1975).
 * Clauses that end with a colon or semicolon count as sentences. Variables in braces, host names
 * and what stands in `backquotes` count as names of one syllable. 0 for a text without words. */
double style_grade(const char *text);
/* The number of syllables of an English word of LEN letters, at least 1. */
size_t style_syllables(const char *word, size_t len);
/* The number of words of the longest sentence of TEXT, in any language that puts blanks between
 * words. */
size_t style_longest_sentence(const char *text);

#endif
