/* postfix_list.c - lists as main.cf writes them, changed without disturbing what others put there.
 */
#include "explain/postfix_list.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <stddef.h>
#include <string.h>

static const char separators[] = ", \t\r\n";

/* The word at or after AT: its begin, and its end in *END. NULL when there is none. */
static const char *next_word(const char *at, const char **end)
{
	int depth = 0;

	at += strspn(at, separators);
	if (!*at)
		return NULL;
	for (*end = at; **end; (*end)++) {
		if (depth == 0 && strchr(separators, **end))
			break;
		depth += (**end == '{') - (**end == '}');
		if (depth < 0)
			depth = 0;
	}
	return at;
}

static bool contains(const char *word, const char *end, const char *mark)
{
	return memmem(word, (size_t)(end - word), mark, strlen(mark)) != NULL;
}

bool postfix_list_has(const char *list, const char *mark)
{
	const char *end = list;

	for (const char *word; (word = next_word(end, &end));)
		if (contains(word, end, mark))
			return true;
	return false;
}

char *postfix_list_add(const char *list, const char *word)
{
	const char *end = list;

	return next_word(list, &end) ? mem_printf("%s, %s", list, word) : mem_strdup(word);
}

char *postfix_list_add_first(const char *list, const char *word)
{
	const char *end = list;
	const char *begin = next_word(list, &end);

	return begin ? mem_printf("%s, %s", word, begin) : mem_strdup(word);
}

char *postfix_list_remove(const char *list, const char *mark)
{
	const char *end = list;
	struct strbuf out;

	strbuf_init(&out, 0);
	strbuf_addstr(&out, "");
	for (const char *word; (word = next_word(end, &end));) {
		if (contains(word, end, mark))
			continue;
		if (out.len)
			strbuf_addstr(&out, ", ");
		strbuf_add(&out, word, (size_t)(end - word));
	}
	return out.data;
}
