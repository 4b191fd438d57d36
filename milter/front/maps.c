/* maps.c - what each socketmap name answers. A table of names; the engine does the work. */
#include "explain/maps.h"

#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/explain_json.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/profile.h"
#include "explain/ref.h"
#include "explain/reject_log.h"
#include "explain/rejects.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct maps {
	struct engine_holder *holder;
	struct metrics *metrics;
	struct rejects *rejects;
	struct explainer *explainer;
	struct reply *reply;
	struct ref_source refs;
	struct strbuf line;
};

/* One request, taken apart. */
struct request {
	const struct map *map;
	const struct engine *engine;
	const struct profile *profile;
	const char *key;
	size_t key_len;
};

struct map {
	const char *name;
	enum front front;
	/* Appends to ANSWER what follows "OK "; false for NOTFOUND. */
	bool (*answer)(struct maps *maps, const struct request *request, struct strbuf *answer);
};

static const char not_found[] = "NOTFOUND ";

/* Explains the request's reply as an event, with a reference. CLASS as in explain_context. */
static const struct explanation *explain_event(
    struct maps *maps, const struct request *request, int class, char ref[REF_LENGTH + 1])
{
	struct explain_context context = {.profile = request->profile, .ref = ref, .class = class};

	if (reply_parse(maps->reply, request->key, request->key_len) < 0)
		return NULL;
	ref_create(&maps->refs, ref);
	return explain_reply(maps->explainer, request->engine, maps->reply, &context);
}

static void record_event(
    struct maps *maps, const struct request *request, const struct explanation *explanation)
{
	metrics_count_explained(maps->metrics, request->map->front, explanation->cause->reason,
	    explanation->rule != NULL);
	strbuf_reset(&maps->line);
	reject_log_line(&maps->line, request->map->front, request->profile, explanation);
	rejects_log(maps->rejects, maps->reply, maps->line.data, maps->line.len);
}

static bool answer_footer(struct maps *maps, const struct request *request, struct strbuf *answer)
{
	char ref[REF_LENGTH + 1];
	const struct explanation *explanation = explain_event(maps, request, 0, ref);

	if (!explanation ||
	    render_footer(answer, &explanation->message, maps->reply, request->profile) < 0)
		return false;
	record_event(maps, request, explanation);
	return true;
}

static bool answer_rewrite(struct maps *maps, const struct request *request, struct strbuf *answer)
{
	char ref[REF_LENGTH + 1];
	const struct explanation *explanation = explain_event(maps, request, 0, ref);

	if (!explanation || explanation->code == 0 ||
	    render_reply(answer, &explanation->message, maps->reply, request->profile) < 0)
		return false;
	record_event(maps, request, explanation);
	return true;
}

/* The key is `X.Y.Z text`; Postfix takes status and text back in the same form. */
static bool answer_delivery_status(
    struct maps *maps, const struct request *request, struct strbuf *answer)
{
	char ref[REF_LENGTH + 1];
	struct status own = {0};

	/* Whether it was delivered, is retried or given up is Postfix's decision, whatever class
	 * the other server's words have. */
	status_parse(&own, request->key, request->key_len);
	const struct explanation *explanation = explain_event(maps, request, own.class, ref);
	if (!explanation || explanation->status.class == 0 ||
	    render_delivery_status(answer, request->key, request->key_len, &explanation->message,
	        request->profile->max_octets) < 0)
		return false;
	record_event(maps, request, explanation);
	return true;
}

/* The key is a reply, or a JSON object with `reply` and `stage`. */
static bool answer_explain(struct maps *maps, const struct request *request, struct strbuf *answer)
{
	struct explain_context context = {.profile = request->profile};
	const char *text = request->key;
	size_t len = request->key_len;
	json_t *object =
	    len > 0 && text[0] == '{' ? json_loadb(text, len, JSON_ALLOW_NUL, NULL) : NULL;
	json_t *reply = json_object_get(object, "reply"), *stage = json_object_get(object, "stage");

	if (json_is_string(reply)) {
		text = json_string_value(reply);
		len = json_string_length(reply);
	}
	if (json_is_string(stage))
		context.stage = stage_by_name(json_string_value(stage), json_string_length(stage));
	if (reply_parse(maps->reply, text, len) == 0) {
		char *json = explain_json(maps->explainer, request->engine, maps->reply, &context);
		strbuf_addstr(answer, json);
		free(json);
	}
	json_decref(object);
	return true;
}

static bool answer_stats(struct maps *maps, const struct request *request, struct strbuf *answer)
{
	metrics_write(maps->metrics, request->engine, answer);
	return true;
}

static const struct map maps_table[] = {
    {"footer", FRONT_FOOTER, answer_footer},
    {"rewrite", FRONT_REWRITE, answer_rewrite},
    {"delivery-status", FRONT_DELIVERY_STATUS, answer_delivery_status},
    {"explain", FRONT_EXPLAIN, answer_explain},
    {"stats", FRONT_STATS, answer_stats},
};

struct maps *maps_create(
    struct engine_holder *holder, struct metrics *metrics, struct rejects *rejects)
{
	struct maps *maps = mem_calloc(1, sizeof(*maps));

	maps->holder = holder;
	maps->metrics = metrics;
	maps->rejects = rejects;
	maps->explainer = explainer_create();
	maps->reply = reply_create();
	return maps;
}

void maps_free(struct maps **maps)
{
	if (!*maps)
		return;
	explainer_free(&(*maps)->explainer);
	reply_free(&(*maps)->reply);
	strbuf_free(&(*maps)->line);
	free(*maps);
	*maps = NULL;
}

static const struct map *find_map(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(maps_table) / sizeof(maps_table[0]); i++)
		if (strlen(maps_table[i].name) == len && memcmp(maps_table[i].name, name, len) == 0)
			return &maps_table[i];
	return NULL;
}

/* A name that is not there is a mistake in the MTA's configuration: say so where its owner looks.
 */
static void refuse(struct strbuf *answer, const char *what, const char *name, size_t len)
{
	int shown = len < 40 ? (int)len : 40;

	log_warning("a client asked for the %s '%.*s', which does not exist", what, shown, name);
	strbuf_addf(answer, "PERM there is no %s of that name", what);
}

void maps_answer(struct maps *maps, const char *text, size_t len, struct strbuf *answer)
{
	const char *blank = memchr(text, ' ', len);
	size_t name_len = blank ? (size_t)(blank - text) : len;
	const char *dot = memchr(text, '.', name_len);
	size_t base_len = dot ? (size_t)(dot - text) : name_len;
	const char *suffix = dot ? dot + 1 : text + name_len;
	size_t suffix_len = name_len - (size_t)(suffix - text);
	struct request request = {.map = find_map(text, base_len),
	    .key = blank ? blank + 1 : text + len,
	    .key_len = blank ? len - name_len - 1 : 0};

	if (!request.map) {
		refuse(answer, "map", text, base_len);
		return;
	}
	metrics_count_request(maps->metrics, request.map->front);
	struct engine *engine = engine_current(maps->holder);
	request.engine = engine;
	request.profile = engine_profile(engine, suffix, suffix_len);
	if (!request.profile) {
		refuse(answer, "profile", suffix, suffix_len);
	} else {
		size_t start = answer->len;
		strbuf_addstr(answer, "OK ");
		if (!request.map->answer(maps, &request, answer)) {
			strbuf_truncate(answer, start);
			strbuf_addstr(answer, not_found);
		}
	}
	engine_put(&engine);
}
