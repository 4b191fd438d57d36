#ifndef EXPLAIN_POSTFIX_LIST_H
#define EXPLAIN_POSTFIX_LIST_H

#include <stdbool.h>

/* A main.cf value that is a list: words separated by blanks or commas, where `{ ... }` is one word
 * (postconf(5), smtpd_milters). */

/* Is there a word that contains the text MARK? */
bool postfix_list_has(const char *list, const char *mark);
/* LIST with WORD at its end. The caller frees it. */
char *postfix_list_add(const char *list, const char *word);
/* The same with WORD at its beginning. */
char *postfix_list_add_first(const char *list, const char *word);
/* LIST without the words that contain MARK; the others stand as they were. The caller frees it. */
char *postfix_list_remove(const char *list, const char *mark);

#endif
