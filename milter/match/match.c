/* match.c - which rule a reply selects: the first whose conditions hold.
 *
 * All patterns of a tier are one database that is scanned once; each pattern that is found, and
 * each alternative without a pattern that the code and status lead to, is a candidate, and the one
 * of the first rule wins. So the time hangs on the text, hardly on the number of rules.
 *
 * Tiers are consecutive stretches of the rules, the later ones longer. When a rule was found, tiers
 * behind it need no scan. That is worth a lot, since precise rules stand first, and a small
 * database is scanned from the processor's cache: 128 patterns take 0.2 us, 600 at once 2.2 us.
 *
 * Compiling takes libhs seconds. Who can't wait gets an interim matcher when the cache is empty: it
 * tries the patterns of a tier one by one with PCRE2, up to 1 ms a reply instead of 5 us. */
#include "explain/match.h"

#include "internal.h"

#include "explain/catalog.h"
#include "explain/mem.h"
#include "explain/problems.h"
#include "explain/vars.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MAX_SCRATCH 64
#define MIN_TIER ((size_t)128)
/* Threads that compile, beside the one that asks for it. */
#define MAX_THREADS 3

/* An alternative, and where its rule stands in the order of selection. */
struct candidate {
	const struct alternative *alternative;
	uint32_t rule;
	struct capture *capture; /* NULL: no named groups, and not interim */
};

/* An alternative without a text, found by a number that its conditions fix. */
struct keyed {
	int key;
	uint32_t rule;
	const struct alternative *alternative;
};

/* Keys: a reply code as it is, a status as status_key(), and this for those that fix neither. */
#define KEY_ANY 0

/* The patterns of consecutive candidates as one database. */
struct tier {
	size_t first, count;
	hs_database_t *database;
};

struct matcher {
	const struct catalog *catalog;
	const struct rule *rules;
	size_t rule_count;
	struct candidate *candidates; /* by pattern */
	size_t candidate_count;
	struct keyed *keyed; /* sorted by key, then rule */
	size_t keyed_count;
	struct tier *tiers;
	size_t tier_count;
	bool was_cached;      /* every tier */
	bool interim;         /* no tier has a database, every candidate has a capture */
	pthread_mutex_t lock; /* guards the free scratch spaces */
	hs_scratch_t *prototype;
	hs_scratch_t *scratch[MAX_SCRATCH];
	size_t scratch_count;
};

struct search {
	const struct matcher *matcher;
	const struct match_input *input;
	const struct candidate *candidates;    /* of the tier that is scanned */
	uint32_t best;                         /* rule, or UINT32_MAX */
	const struct alternative *alternative; /* of the best rule, the first that fits */
	const struct candidate *winner;        /* its candidate, if it has a text */
	uint8_t *all; /* a flag a rule, or NULL when only the first is wanted */
};

/* Is HOST the DOMAIN or a name in it? */
static bool host_is_in(const char *host, size_t len, const char *domain)
{
	size_t domain_len = strlen(domain);

	return host && len >= domain_len &&
	       strncasecmp(host + len - domain_len, domain, domain_len) == 0 &&
	       (len == domain_len || host[len - domain_len - 1] == '.');
}

static bool conditions_hold(const struct alternative *alternative, const struct match_input *input)
{
	bool in = alternative->host_count == 0;

	for (size_t i = 0; i < alternative->host_count && !in; i++)
		in = host_is_in(input->host, input->host_len, alternative->hosts[i]);
	if (!in)
		return false;
	if (alternative->stages && !(alternative->stages >> input->stage & 1))
		return false;
	bool ok = alternative->code_count == 0;
	for (size_t i = 0; i < alternative->code_count && !ok; i++)
		ok = input->code >= alternative->codes[i][0] &&
		     input->code <= alternative->codes[i][1];
	if (!ok)
		return false;
	ok = alternative->status_count == 0;
	for (size_t i = 0; i < alternative->status_count && !ok; i++)
		ok = status_matches(&alternative->statuses[i], &input->status);
	return ok;
}

static void found(struct search *search, uint32_t rule, const struct alternative *alternative,
    const struct candidate *candidate)
{
	bool better =
	    rule < search->best || (rule == search->best && alternative < search->alternative);

	if ((!better && !search->all) || !conditions_hold(alternative, search->input))
		return;
	if (search->all)
		search->all[rule] = 1;
	if (better) {
		search->best = rule;
		search->alternative = alternative;
		search->winner = candidate;
	}
}

static int on_match(
    unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct search *search = context;
	const struct candidate *candidate = &search->candidates[id];

	(void)from;
	(void)to;
	(void)flags;
	found(search, candidate->rule, candidate->alternative, candidate);
	return 0;
}

static hs_scratch_t *take_scratch(struct matcher *matcher)
{
	hs_scratch_t *scratch = NULL;

	pthread_mutex_lock(&matcher->lock);
	if (matcher->scratch_count > 0)
		scratch = matcher->scratch[--matcher->scratch_count];
	else if (hs_clone_scratch(matcher->prototype, &scratch) != HS_SUCCESS)
		scratch = NULL;
	pthread_mutex_unlock(&matcher->lock);
	return scratch;
}

static void give_scratch(struct matcher *matcher, hs_scratch_t *scratch)
{
	pthread_mutex_lock(&matcher->lock);
	if (matcher->scratch_count < MAX_SCRATCH) {
		matcher->scratch[matcher->scratch_count++] = scratch;
		scratch = NULL;
	}
	pthread_mutex_unlock(&matcher->lock);
	hs_free_scratch(scratch);
}

static void try_patterns(struct search *search)
{
	const struct matcher *matcher = search->matcher;
	const struct match_input *input = search->input;

	for (size_t i = 0; i < matcher->candidate_count; i++) {
		const struct candidate *candidate = &matcher->candidates[i];
		if (candidate->rule > search->best && !search->all)
			return;
		if (candidate->capture && conditions_hold(candidate->alternative, input) &&
		    capture_fits(candidate->capture, input->text, input->text_len))
			found(search, candidate->rule, candidate->alternative, candidate);
	}
}

static void scan_patterns(struct search *search)
{
	/* The pool of scratch spaces is the one part of a matcher that changes, under its lock. */
	struct matcher *matcher = (struct matcher *)search->matcher;
	hs_scratch_t *scratch = matcher->tier_count ? take_scratch(matcher) : NULL;

	if (!scratch)
		return;
	for (size_t i = 0; i < matcher->tier_count; i++) {
		const struct tier *tier = &matcher->tiers[i];
		search->candidates = matcher->candidates + tier->first;
		if (search->candidates[0].rule > search->best && !search->all)
			break;
		if (!tier->database)
			continue;
		hs_scan(tier->database, search->input->text, (unsigned)search->input->text_len, 0,
		    scratch, on_match, search);
	}
	give_scratch(matcher, scratch);
}

static void look_up(struct search *search, int key)
{
	const struct matcher *matcher = search->matcher;
	size_t low = 0, high = matcher->keyed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (matcher->keyed[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < matcher->keyed_count && matcher->keyed[low].key == key; low++) {
		const struct keyed *keyed = &matcher->keyed[low];
		if (keyed->rule > search->best && !search->all)
			return;
		found(search, keyed->rule, keyed->alternative, NULL);
	}
}

static void run_search(struct search *search)
{
	const struct match_input *input = search->input;

	if (input->status.class)
		look_up(search, status_key(&input->status));
	if (input->code)
		look_up(search, input->code);
	look_up(search, KEY_ANY);
	if (search->matcher->interim)
		try_patterns(search);
	else
		scan_patterns(search);
}

const struct rule *matcher_select(
    const struct matcher *matcher, const struct match_input *input, struct vars *vars)
{
	struct search search = {.matcher = matcher, .input = input, .best = UINT32_MAX};

	run_search(&search);
	if (search.best == UINT32_MAX)
		return NULL;
	const struct rule *rule = &matcher->rules[search.best];
	for (size_t i = 0; vars && i < rule->constant_count; i++)
		vars_set(vars, rule->constants[i].var, rule->constants[i].value,
		    strlen(rule->constants[i].value));
	if (vars && search.winner && search.winner->capture)
		capture_run(search.winner->capture, input->text, input->text_len, vars);
	return rule;
}

size_t matcher_select_all(const struct matcher *matcher, const struct match_input *input,
    const struct rule **rules, size_t max)
{
	struct search search = {.matcher = matcher,
	    .input = input,
	    .best = UINT32_MAX,
	    .all = mem_calloc(matcher->rule_count, 1)};
	size_t count = 0;

	run_search(&search);
	for (size_t i = 0; i < matcher->rule_count; i++) {
		if (!search.all[i])
			continue;
		if (count < max)
			rules[count] = &matcher->rules[i];
		count++;
	}
	free(search.all);
	return count;
}

bool matcher_is_interim(const struct matcher *matcher)
{
	return matcher->interim;
}

bool matcher_was_cached(const struct matcher *matcher)
{
	return matcher->was_cached;
}

static int by_key(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static void add_key(
    struct matcher *matcher, int key, uint32_t rule, const struct alternative *alternative)
{
	matcher->keyed =
	    mem_realloc(matcher->keyed, matcher->keyed_count + 1, sizeof(*matcher->keyed));
	matcher->keyed[matcher->keyed_count++] = (struct keyed){key, rule, alternative};
}

/* x.2.2 is 2.2.2, 4.2.2 and 5.2.2. */
static void add_status_keys(struct matcher *matcher, const struct status *status, uint32_t rule,
    const struct alternative *alternative)
{
	static const short classes[] = {2, 4, 5};
	struct status exact = *status;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		exact.class = classes[i];
		if (status->class == STATUS_ANY || status->class == exact.class)
			add_key(matcher, status_key(&exact), rule, alternative);
	}
}

/* Files an alternative without a text under each number that can lead to it. */
static void index_alternative(
    struct matcher *matcher, uint32_t rule, const struct alternative *alternative)
{
	bool exact_statuses = alternative->status_count > 0,
	     exact_codes = alternative->code_count > 0;

	for (size_t i = 0; i < alternative->status_count; i++)
		exact_statuses = exact_statuses && alternative->statuses[i].subject != STATUS_ANY &&
		                 alternative->statuses[i].detail != STATUS_ANY;
	for (size_t i = 0; i < alternative->code_count; i++)
		exact_codes = exact_codes && alternative->codes[i][0] == alternative->codes[i][1];
	if (exact_statuses)
		for (size_t i = 0; i < alternative->status_count; i++)
			add_status_keys(matcher, &alternative->statuses[i], rule, alternative);
	else if (exact_codes)
		for (size_t i = 0; i < alternative->code_count; i++)
			add_key(matcher, alternative->codes[i][0], rule, alternative);
	else
		add_key(matcher, KEY_ANY, rule, alternative);
}

static void pattern_problem(struct problems *problems, const struct rule *rule,
    const struct pattern *pattern, const char *what)
{
	char *subject = mem_printf("rule %s", rule->id);

	problems_add(problems, pattern->place.file, pattern->place.line, pattern->place.column,
	    subject, "text: %s", what);
	free(subject);
}

static void collect(struct matcher *matcher, struct problems *problems)
{
	for (uint32_t i = 0; i < matcher->rule_count; i++) {
		const struct rule *rule = &matcher->rules[i];
		/* A faulty catalogue is compiled too, to check the rest of it. */
		for (size_t j = 0; rule->cause && j < rule->alternative_count; j++) {
			const struct alternative *alternative = &rule->alternatives[j];
			const struct pattern *pattern = alternative->pattern;
			if (!pattern) {
				index_alternative(matcher, i, alternative);
				continue;
			}
			struct candidate candidate = {.alternative = alternative, .rule = i};
			char *error = NULL;
			if (pattern->has_groups)
				candidate.capture = capture_create(pattern->text,
				    catalog_varnames(matcher->catalog), true, &error);
			if (error) {
				pattern_problem(problems, rule, pattern, error);
				free(error);
				continue;
			}
			matcher->candidates = mem_realloc(matcher->candidates,
			    matcher->candidate_count + 1, sizeof(*matcher->candidates));
			matcher->candidates[matcher->candidate_count++] = candidate;
		}
	}
	if (matcher->keyed_count)
		qsort(matcher->keyed, matcher->keyed_count, sizeof(*matcher->keyed), by_key);
}

/* libhs stops at the first faulty pattern; an administrator wants to hear of all. A faulty one is
 * replaced by one that no text fits, since a text has no NUL. */
static void report_patterns(struct matcher *matcher, const struct tier *tier, const char **patterns,
    struct problems *problems)
{
	for (size_t i = 0; i < tier->count; i++) {
		const struct candidate *candidate = &matcher->candidates[tier->first + i];
		char *error = database_check_pattern(candidate->alternative->pattern->text);
		if (!error)
			continue;
		pattern_problem(problems, &matcher->rules[candidate->rule],
		    candidate->alternative->pattern, error);
		patterns[i] = "\\x00";
		free(error);
	}
}

/* The patterns of a tier while they are being compiled. */
struct job {
	struct tier *tier;
	const char **patterns;
	char *error;
	int bad; /* the pattern that libhs stopped at, or -1 */
};

/* Compiling takes libhs seconds, and it can do so on several processors at once. */
struct jobs {
	pthread_mutex_t lock; /* guards `next` */
	struct job *items;    /* the largest first */
	size_t count, next;
	const char *cache_dir;
	bool compile; /* or only look into the cache */
};

static void *run_jobs(void *context)
{
	struct jobs *jobs = context;

	for (;;) {
		pthread_mutex_lock(&jobs->lock);
		struct job *job = jobs->next < jobs->count ? &jobs->items[jobs->next++] : NULL;
		pthread_mutex_unlock(&jobs->lock);
		if (!job)
			return NULL;
		struct tier *tier = job->tier;
		if (tier->database)
			continue;
		tier->database =
		    jobs->compile
		        ? database_compile(job->patterns, (unsigned)tier->count, jobs->cache_dir,
		              &job->error, &job->bad)
		        : database_cached(job->patterns, (unsigned)tier->count, jobs->cache_dir);
	}
}

static void run_all_jobs(struct jobs *jobs, bool compile)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MAX_THREADS];
	size_t started = 0;

	jobs->next = 0;
	jobs->compile = compile;
	while (started < MAX_THREADS && (long)started + 1 < processors &&
	       started + 1 < jobs->count &&
	       pthread_create(&threads[started], NULL, run_jobs, jobs) == 0)
		started++;
	run_jobs(jobs);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static int by_size(const void *left, const void *right)
{
	const struct job *a = left, *b = right;

	return a->tier->count > b->tier->count ? -1 : a->tier->count < b->tier->count;
}

/* Reports what a job could not compile, compiles the rest of it, and makes room for its scans. */
static void finish_job(struct matcher *matcher, struct job *job, struct problems *problems)
{
	struct tier *tier = job->tier;

	if (!tier->database && job->bad >= 0) {
		free(job->error);
		job->error = NULL;
		report_patterns(matcher, tier, job->patterns, problems);
		tier->database = database_compile(
		    job->patterns, (unsigned)tier->count, NULL, &job->error, &job->bad);
	}
	if (tier->database && hs_alloc_scratch(tier->database, &matcher->prototype) != HS_SUCCESS)
		job->error = mem_strdup("no memory for pattern matching");
	if (job->error)
		problems_add(
		    problems, NULL, 0, 0, NULL, "the patterns can't be compiled: %s", job->error);
	free(job->error);
}

static void divide(struct matcher *matcher)
{
	for (size_t first = 0, size; first < matcher->candidate_count; first += size) {
		size_t left = matcher->candidate_count - first;
		size = first / 2 > MIN_TIER ? first / 2 : MIN_TIER;
		matcher->tiers =
		    mem_realloc(matcher->tiers, matcher->tier_count + 1, sizeof(*matcher->tiers));
		matcher->tiers[matcher->tier_count++] =
		    (struct tier){.first = first, .count = left < size ? left : size};
	}
}

static void collect_jobs(struct matcher *matcher, struct jobs *jobs)
{
	jobs->count = matcher->tier_count;
	jobs->items = mem_calloc(jobs->count, sizeof(*jobs->items));
	for (size_t i = 0; i < jobs->count; i++) {
		struct tier *tier = &matcher->tiers[i];
		struct job *job = &jobs->items[i];
		*job = (struct job){.tier = tier, .bad = -1};
		job->patterns = mem_calloc(tier->count, sizeof(*job->patterns));
		for (size_t j = 0; j < tier->count; j++)
			job->patterns[j] =
			    matcher->candidates[tier->first + j].alternative->pattern->text;
	}
	if (jobs->count)
		qsort(jobs->items, jobs->count, sizeof(*jobs->items), by_size);
}

static void prepare_interim(struct matcher *matcher, struct problems *problems)
{
	for (size_t i = 0; i < matcher->candidate_count; i++) {
		struct candidate *candidate = &matcher->candidates[i];
		const struct pattern *pattern = candidate->alternative->pattern;
		char *error = database_check_syntax(pattern->text);
		if (!error && !candidate->capture)
			candidate->capture = capture_create(
			    pattern->text, catalog_varnames(matcher->catalog), false, &error);
		if (error) {
			pattern_problem(problems, &matcher->rules[candidate->rule], pattern, error);
			capture_free(&candidate->capture); /* left out, as by libhs */
		}
		free(error);
	}
	for (size_t i = 0; i < matcher->tier_count; i++) {
		hs_free_database(matcher->tiers[i].database);
		matcher->tiers[i].database = NULL;
	}
	matcher->interim = true;
}

static void compile(struct matcher *matcher, enum matcher_start start, const char *cache_dir,
    struct problems *problems)
{
	struct jobs jobs = {.lock = PTHREAD_MUTEX_INITIALIZER, .cache_dir = cache_dir};

	divide(matcher);
	collect_jobs(matcher, &jobs);
	run_all_jobs(&jobs, false);
	matcher->was_cached = true;
	for (size_t i = 0; i < matcher->tier_count; i++)
		matcher->was_cached = matcher->was_cached && matcher->tiers[i].database;
	if (!matcher->was_cached && start == MATCHER_AT_ONCE) {
		prepare_interim(matcher, problems);
	} else {
		if (!matcher->was_cached)
			run_all_jobs(&jobs, true);
		for (size_t i = 0; i < jobs.count; i++)
			finish_job(matcher, &jobs.items[i], problems);
	}
	for (size_t i = 0; i < jobs.count; i++)
		free(jobs.items[i].patterns);
	free(jobs.items);
	pthread_mutex_destroy(&jobs.lock);
#ifdef __GLIBC__
	/* Compiling needs three times the memory that the result does, and malloc would keep it. */
	if (!matcher->was_cached)
		malloc_trim(0);
#endif
}

struct matcher *matcher_create(const struct catalog *catalog, enum matcher_start start,
    const char *cache_dir, struct problems *problems)
{
	struct matcher *matcher = mem_calloc(1, sizeof(*matcher));

	matcher->catalog = catalog;
	matcher->rules = catalog_rules(catalog, &matcher->rule_count);
	pthread_mutex_init(&matcher->lock, NULL);
	collect(matcher, problems);
	compile(matcher, start, cache_dir, problems);
	return matcher;
}

void matcher_free(struct matcher **matcher)
{
	if (!*matcher)
		return;
	for (size_t i = 0; i < (*matcher)->candidate_count; i++)
		capture_free(&(*matcher)->candidates[i].capture);
	for (size_t i = 0; i < (*matcher)->scratch_count; i++)
		hs_free_scratch((*matcher)->scratch[i]);
	hs_free_scratch((*matcher)->prototype);
	for (size_t i = 0; i < (*matcher)->tier_count; i++)
		hs_free_database((*matcher)->tiers[i].database);
	pthread_mutex_destroy(&(*matcher)->lock);
	free((*matcher)->candidates);
	free((*matcher)->keyed);
	free((*matcher)->tiers);
	free(*matcher);
	*matcher = NULL;
}
