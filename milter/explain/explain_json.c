/* explain_json.c - an explanation as JSON. */
#include "explain/explain_json.h"

#include "explain/catalog.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <jansson.h>
#include <string.h>

/* JSON strings are UTF-8, replies any octets: what is not UTF-8 is shown as U+FFFD. */
static json_t *text_value(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);

	if (value)
		return value;
	struct strbuf safe;
	strbuf_init(&safe, 0);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x80)
			strbuf_addch(&safe, text[i]);
		else
			strbuf_addstr(&safe, "\xEF\xBF\xBD");
	}
	value = json_stringn(strbuf_str(&safe), safe.len);
	strbuf_free(&safe);
	return value;
}

static json_t *reply_lines(
    const struct explanation *explanation, const struct reply *reply, const struct profile *profile)
{
	json_t *lines = json_array();
	struct strbuf text;

	strbuf_init(&text, 0);
	if (!explanation || render_reply(&text, &explanation->message, reply, profile) < 0)
		reply_add_lines(&text, reply, false);
	for (const char *line = strbuf_str(&text);;) {
		const char *end = strstr(line, "\r\n");
		size_t len = end ? (size_t)(end - line) : strlen(line);
		json_array_append_new(lines, text_value(line, len));
		if (!end)
			break;
		line = end + 2;
	}
	strbuf_free(&text);
	return lines;
}

static json_t *string_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *explain_json_object(struct explainer *explainer, const struct engine *engine,
    const struct reply *reply, const struct explain_context *context)
{
	struct explain_context shown = *context, sent = *context;
	json_t *object = json_object();
	shown.utf8 = true;
	sent.utf8 = false;
	const struct explanation *explanation = explain_reply(explainer, engine, reply, &shown);
	int code = reply_code(reply), class = reply_class(reply);
	struct status status = reply_status(reply);
	const struct cause *cause = explanation ? explanation->cause : NULL;
	struct strbuf number;

	strbuf_init(&number, 0);
	if (status.class)
		status_add(&number, &status);
	json_object_set_new(object, "code", code ? json_integer(code) : json_null());
	json_object_set_new(object, "status", string_or_null(number.data));
	json_object_set_new(object, "rule",
	    string_or_null(explanation && explanation->rule ? explanation->rule->id : NULL));
	json_object_set_new(object, "cause", string_or_null(cause ? cause->id : NULL));
	json_object_set_new(object, "reason", string_or_null(cause ? cause->reason : NULL));
	json_object_set_new(object, "fixer", string_or_null(cause ? cause->fixer : NULL));
	json_object_set_new(object, "temporary", class ? json_boolean(class == 4) : json_null());
	json_object_set_new(
	    object, "summary", string_or_null(explanation ? explanation->message.summary : NULL));
	json_object_set_new(
	    object, "action", string_or_null(explanation ? explanation->message.action : NULL));
	json_object_set_new(
	    object, "help_url", string_or_null(explanation ? explanation->help_url : NULL));
	if (explanation)
		explanation = explain_reply(explainer, engine, reply, &sent);
	json_object_set_new(object, "reply", reply_lines(explanation, reply, context->profile));
	strbuf_free(&number);
	return object;
}

char *explain_json(struct explainer *explainer, const struct engine *engine,
    const struct reply *reply, const struct explain_context *context)
{
	json_t *object = explain_json_object(explainer, engine, reply, context);

	/* ASCII: some programs take U+0085 or U+2028 inside a string for the end of the line. */
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	return text ? text : mem_strdup("{}");
}
