/* capture.c - named groups become variables, by PCRE2.
 *
 * It runs only on the rule that has won (and on all while there is no libhs database, see match.c),
 * and under a limit: an attacker chooses the text. Whatever PCRE2 says of the winner, the rule
 * stands; its variables just stay unknown. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "internal.h"

#include "explain/mem.h"
#include "explain/vars.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_LIMIT 200000

struct group {
	uint32_t number;
	int var;
};

struct capture {
	pcre2_code *code;
	pcre2_match_context *context;
	size_t group_count;
	struct group *groups;
};

/* The name table: per entry two octets of group number, then the name (pcre2api). */
static void read_groups(struct capture *capture, const struct varnames *names)
{
	uint32_t count = 0, entry_size = 0;
	PCRE2_SPTR table;

	pcre2_pattern_info(capture->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(capture->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
	pcre2_pattern_info(capture->code, PCRE2_INFO_NAMETABLE, &table);
	capture->groups = mem_calloc(count, sizeof(*capture->groups));
	for (uint32_t i = 0; i < count; i++, table += entry_size) {
		const char *name = (const char *)table + 2;
		int var = varnames_find(names, name, strlen(name));
		if (var < 0)
			continue;
		capture->groups[capture->group_count++] =
		    (struct group){(uint32_t)(table[0] << 8 | table[1]), var};
	}
}

struct capture *capture_create(
    const char *pattern, const struct varnames *names, bool fast, char **error)
{
	struct capture *capture = mem_calloc(1, sizeof(*capture));
	int why;
	PCRE2_SIZE where;

	capture->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DUPNAMES, &why, &where, NULL);
	if (!capture->code) {
		unsigned char message[256];
		pcre2_get_error_message(why, message, sizeof(message));
		*error = mem_printf("%s (at character %zu of the pattern)", message, where + 1);
		free(capture);
		return NULL;
	}
	if (fast)
		pcre2_jit_compile(capture->code, PCRE2_JIT_COMPLETE);
	capture->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(capture->context, MATCH_LIMIT);
	read_groups(capture, names);
	return capture;
}

void capture_free(struct capture **capture)
{
	if (!*capture)
		return;
	pcre2_match_context_free((*capture)->context);
	pcre2_code_free((*capture)->code);
	free((*capture)->groups);
	free(*capture);
	*capture = NULL;
}

bool capture_fits(const struct capture *capture, const char *text, size_t len)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);

	if (!data)
		return false;
	int found = pcre2_match(capture->code, (PCRE2_SPTR)text, len, 0, 0, data, capture->context);
	pcre2_match_data_free(data);
	return found >= 0;
}

void capture_run(const struct capture *capture, const char *text, size_t len, struct vars *vars)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(capture->code, NULL);

	if (!data)
		return;
	int found = pcre2_match(capture->code, (PCRE2_SPTR)text, len, 0, 0, data, capture->context);
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
	for (size_t i = 0; found > 0 && i < capture->group_count; i++) {
		uint32_t group = capture->groups[i].number;
		if (group >= (uint32_t)found || ends[2 * group] == PCRE2_UNSET)
			continue;
		vars_set(vars, capture->groups[i].var, text + ends[2 * group],
		    ends[2 * group + 1] - ends[2 * group]);
	}
	pcre2_match_data_free(data);
}
