/* check.c - what can only be seen of a whole catalogue: every rule's examples must select it, so a
 * rule that another one hides is found; every cause must be named by a rule. */
#include "explain/check.h"

#include "explain/catalog.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/reply.h"

#include <stdlib.h>
#include <string.h>

#define MIN_EXAMPLES 2

static void report(
    struct problems *problems, const struct rule *rule, const struct place *place, char *text)
{
	char *subject = mem_printf("rule %s", rule->id);

	problems_add(problems, place->file, place->line, place->column, subject, "%s", text);
	free(subject);
	free(text);
}

static void check_example(struct explainer *explainer, const struct engine *engine,
    struct reply *reply, const struct rule *rule, size_t number, struct problems *problems)
{
	const char *example = rule->examples[number];
	const struct place *place = &rule->example_places[number];
	struct explain_context context = {.profile = engine_profile(engine, "", 0)};

	/* A rule that wants a stage is tried at each: an example can't say where it was given. */
	for (enum stage stage = STAGE_NONE; stage <= STAGE_UNKNOWN; stage++) {
		context.stage = stage;
		if (reply_parse(reply, example, strlen(example)) < 0) {
			report(problems, rule, place,
			    mem_printf("the example is too long: %.60s...", example));
			return;
		}
		const struct explanation *explanation =
		    explain_reply(explainer, engine, reply, &context);
		if (!explanation) {
			report(problems, rule, place,
			    mem_printf("the example is none of a rejection: %s", example));
			return;
		}
		if (explanation->rule == rule ||
		    (explanation->rule && explanation->rule->layer < rule->layer))
			return;
		bool wants_stage = false;
		for (size_t i = 0; i < rule->alternative_count; i++)
			wants_stage = wants_stage || rule->alternatives[i].stages != 0;
		if (!wants_stage || stage == STAGE_UNKNOWN) {
			report(problems, rule, place,
			    explanation->rule
			        ? mem_printf("the example selects %s instead: %s",
			              explanation->rule->id, example)
			        : mem_printf("the example selects no rule: %s", example));
			return;
		}
	}
}

size_t check_examples(const struct engine *engine, struct problems *problems)
{
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();
	size_t count, tried = 0;
	unsigned last_layer = 0;
	const struct rule *rules = catalog_rules(engine_catalog(engine), &count);

	for (size_t i = 0; i < count; i++)
		if (rules[i].layer > last_layer)
			last_layer = rules[i].layer;
	for (size_t i = 0; i < count; i++) {
		char *subject = mem_printf("rule %s", rules[i].id);
		bool faulty = problems_has(problems, subject);
		free(subject);
		if (faulty)
			continue;
		if (rules[i].layer == last_layer && rules[i].example_count < MIN_EXAMPLES)
			report(problems, &rules[i], &rules[i].place,
			    mem_printf("needs at least %d examples", MIN_EXAMPLES));
		for (size_t j = 0; j < rules[i].example_count; j++, tried++)
			check_example(explainer, engine, reply, &rules[i], j, problems);
	}
	problems_sort(problems);
	reply_free(&reply);
	explainer_free(&explainer);
	return tried;
}

void check_causes(const struct engine *engine, struct problems *problems)
{
	size_t count;
	const struct cause *causes = catalog_causes(engine_catalog(engine), &count);

	for (size_t i = 0; i < count; i++) {
		const struct cause *cause = &causes[i];
		if (cause->named || strcmp(cause->id, CAUSE_UNCLASSIFIED) == 0 ||
		    strcmp(cause->id, CAUSE_UNCLEAR) == 0)
			continue;
		char *subject = mem_printf("cause %s", cause->id);
		problems_add(problems, cause->place.file, cause->place.line, cause->place.column,
		    subject, "no rule names it, so nobody will ever read it");
		free(subject);
	}
}
