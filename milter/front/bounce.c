/* bounce.c - bounces that pass through the filter.
 *
 * A message is kept only while it may be one: null sender, a multipart or plain text, not marked,
 * not too large. Everything else, and everything that can't be read, passes as it came. */
#include "explain/bounce.h"

#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/dsn.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/profile.h"
#include "explain/ref.h"
#include "explain/reject_log.h"
#include "explain/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct bounce {
	struct strbuf message;
	bool is_other; /* neither a multipart nor plain text */
	bool is_marked;
};

bool bounce_is_wanted(const struct config *config, const char *sender)
{
	return sender && ((config->bounces.inbound && strcmp(sender, "<>") == 0) ||
	                     (config->bounces.internal && !sender[0]));
}

struct bounce *bounce_create(size_t max_size)
{
	struct bounce *bounce = mem_calloc(1, sizeof(*bounce));

	strbuf_init(&bounce->message, max_size);
	return bounce;
}

void bounce_free(struct bounce **bounce)
{
	if (!*bounce)
		return;
	strbuf_free(&(*bounce)->message);
	free(*bounce);
	*bounce = NULL;
}

void bounce_add_header(struct bounce *bounce, const char *name, const char *value)
{
	if (strcasecmp(name, "Content-Type") == 0)
		bounce->is_other =
		    !strcasestr(value, "multipart/") && !strcasestr(value, "text/plain");
	if (strcasecmp(name, DSN_MARK) == 0)
		bounce->is_marked = true;
	strbuf_addf(&bounce->message, "%s:%s", name, value[0] == ' ' ? "" : " ");
	for (const char *c = value; *c; c++)
		if (*c == '\n')
			strbuf_addstr(&bounce->message, "\r\n");
		else if (*c != '\r')
			strbuf_addch(&bounce->message, *c);
	strbuf_addstr(&bounce->message, "\r\n");
}

bool bounce_end_header(struct bounce *bounce)
{
	strbuf_addstr(&bounce->message, "\r\n");
	return !bounce->is_other && !bounce->is_marked && !bounce->message.overflow;
}

bool bounce_add_body(struct bounce *bounce, const void *data, size_t len)
{
	strbuf_add(&bounce->message, data, len);
	return !bounce->message.overflow;
}

struct told {
	const struct profile *profile;
	struct metrics *metrics;
};

static void log_recipient(
    void *context, const struct dsn_recipient *recipient, const struct explanation *explanation)
{
	const struct told *told = context;
	struct strbuf line;

	metrics_count_explained(
	    told->metrics, FRONT_DSN, explanation->cause->reason, explanation->rule != NULL);
	strbuf_init(&line, 0);
	reject_log_line(&line, FRONT_DSN, told->profile, explanation);
	log_add_value(&line, "action", dsn_action_name(recipient->action),
	    strlen(dsn_action_name(recipient->action)));
	log_add_value(&line, "recipient", recipient->address, strlen(recipient->address));
	log_line(LOG_LEVEL_INFO, line.data, line.len);
	strbuf_free(&line);
}

int bounce_explain(struct bounce *bounce, const struct config *config, struct engine_holder *holder,
    struct metrics *metrics, const char *reader, struct strbuf *body)
{
	const char *languages[CONFIG_MAX_LANGUAGES + 1];
	struct ref_source refs = {.left = 0};
	char ref[REF_LENGTH + 1];

	if (bounce->message.overflow || !bounce->message.data)
		return -1;
	metrics_count_request(metrics, FRONT_DSN);
	struct engine *engine = engine_current(holder);
	struct dsn *dsn = dsn_read(bounce->message.data, bounce->message.len);
	config_bounce_languages(config, dsn_language(dsn, engine), reader, languages);
	ref_create(&refs, ref);
	const char *profile = config->bounces.profile;
	struct dsn_options options = {.engine = engine,
	    .profile = engine_profile(engine, profile, strlen(profile)),
	    .languages = languages,
	    .known_domains = (const char *const *)config->bounces.known_domains,
	    .ref = ref};
	/* A reload may have taken the profile away. */
	if (!options.profile)
		options.profile = engine_profile(engine, "", 0);
	struct told told = {options.profile, metrics};
	options.told = log_recipient;
	options.context = &told;
	int result = dsn_annotate(dsn, &options, body);
	dsn_free(&dsn);
	engine_put(&engine);
	return result;
}
