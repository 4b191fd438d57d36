/* search_data.c - the rules as a script, for the search in the browser.
 *
 * A pattern looks at octets, a browser at characters: here each octet becomes the character of that
 * number, and search.js does the same with the text. */
#include "pages.h"

#include "explain/stage.h"
#include "explain/status.h"
#include "explain/strbuf.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void add_octet(struct strbuf *out, unsigned char c)
{
	if (c < 0x80) {
		strbuf_addch(out, (char)c);
	} else {
		strbuf_addch(out, (char)(0xC0 | c >> 6));
		strbuf_addch(out, (char)(0x80 | (c & 0x3F)));
	}
}

/* Named groups are plain ones there: a browser wants each name once. */
static json_t *pattern_json(const char *text)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	for (const char *at = text; *at; at++) {
		const char *name = strncmp(at, "(?P<", 4) == 0  ? at + 3
		                   : strncmp(at, "(?<", 3) == 0 ? at + 2
		                                                : NULL;
		const char *end = name ? strchr(name, '>') : NULL;
		if (at[0] == '\\' && at[1])
			strbuf_addch(&out, *at++);
		else if (end && name[1] != '=' && name[1] != '!') {
			strbuf_addstr(&out, "(?:");
			at = end;
			continue;
		}
		add_octet(&out, (unsigned char)*at);
	}
	json_t *value = json_stringn(strbuf_str(&out), out.len);
	strbuf_free(&out);
	return value;
}

/* [pattern or 0, codes as [first, last]..., statuses as "x.1.1"..., domains of the quoted
 * server..., stages...] */
static json_t *alternative_json(const struct alternative *alternative)
{
	json_t *item = json_array(), *codes = json_array(), *statuses = json_array(),
	       *hosts = json_array(), *stages = json_array();
	struct strbuf text;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < alternative->code_count; i++)
		json_array_append_new(codes, json_pack("[ii]", (int)alternative->codes[i][0],
		                                 (int)alternative->codes[i][1]));
	for (size_t i = 0; i < alternative->status_count; i++) {
		strbuf_reset(&text);
		status_add(&text, &alternative->statuses[i]);
		json_array_append_new(statuses, json_string(strbuf_str(&text)));
	}
	strbuf_free(&text);
	json_array_append_new(item,
	    alternative->pattern ? pattern_json(alternative->pattern->text) : json_integer(0));
	json_array_append_new(item, codes);
	json_array_append_new(item, statuses);
	for (size_t i = 0; i < alternative->host_count; i++)
		json_array_append_new(hosts, json_string(alternative->hosts[i]));
	json_array_append_new(item, hosts);
	for (enum stage stage = STAGE_CONNECT; stage <= STAGE_UNKNOWN; stage++)
		if (alternative->stages >> stage & 1)
			json_array_append_new(stages, json_string(stage_name(stage)));
	json_array_append_new(item, stages);
	return item;
}

void search_data(struct strbuf *out, const struct catalog *catalog)
{
	size_t count;
	const struct rule *rules = catalog_rules(catalog, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *alternatives = json_array();
		for (size_t j = 0; j < rules[i].alternative_count; j++)
			json_array_append_new(
			    alternatives, alternative_json(&rules[i].alternatives[j]));
		json_array_append_new(
		    list, json_pack("[sso]", rules[i].id, rules[i].cause->id, alternatives));
	}
	char *text = json_dumps(list, JSON_COMPACT);
	strbuf_addstr(out, "var explainRules = ");
	strbuf_addstr(out, text ? text : "[]");
	strbuf_addstr(out, ";\n");
	free(text);
	json_decref(list);
}
