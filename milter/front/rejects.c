/* rejects.c - which session does an explained rejection belong to?
 *
 * Postfix tells a milter of a rejected recipient, waits for its answer, and then asks for the
 * footer: so when a line is to be logged, its session was seen before. Only the reply's text
 * connects the two, and many sessions may be refused with the same words: a line gets a session
 * only when no other one could be meant. A service without the filter may send the same words in
 * between and take a session that is not its own; then the rightful line finds none, and both are
 * called ambiguous, which is why lines wait GRACE_MS before they are written. Both sides are
 * bounded.
 *
 * Postfix begins most texts with what they are about, `<bob@example.org>: `; the filter gets the
 * text without it. It is one of the session's own values, so a session is filed under each of them.
 */
#include "explain/rejects.h"

#include "explain/log.h"
#include "explain/mem.h"
#include "explain/reply.h"
#include "explain/strbuf.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#define BUCKETS 4096
#define MAX_ENTRIES 16384
#define GRACE_MS 100
/* The writer looks no more often than this, however fast lines come. */
#define PAUSE_MS 20
#define WINDOW_MS 1000
/* No search looks at more equal entries, nor at more entries of a bucket in all: a flood of
 * rejections, equal or chosen to fall into one bucket, must not cost more for each one. */
#define MAX_LOOK 64
#define MAX_STEPS 1024
/* Octets of a field that are logged; a longer one could make the line too long for the others. */
#define MAX_FIELD 256
/* Sessions forgotten in one go: who waits for the lock meanwhile is an SMTP session. */
#define MAX_EXPIRED 16

enum field { CLIENT, HELO, SENDER, RECIPIENT, FIELDS };

static const char *const field_names[FIELDS] = {"client", "helo", "sender", "recipient"};

struct seen;

/* A session under one of its names. */
struct link {
	TAILQ_ENTRY(link) in_bucket;
	struct seen *seen;
	uint64_t key;
};

/* A session that was refused. */
struct seen {
	TAILQ_ENTRY(seen) by_age;
	int64_t when;
	bool shared;        /* was among several that a line could mean */
	struct line *taker; /* the line that has it, until that is written */
	char *fields[FIELDS];
	struct link links[FIELDS + 1]; /* by each field as the subject, and without one */
	size_t link_count;
};

/* A log line that waits for objections. */
struct line {
	TAILQ_ENTRY(line) by_age;
	uint64_t key;
	int64_t when;
	unsigned ambiguous;   /* sessions that could be meant, if more than one */
	struct seen *session; /* kept as long as the line, for others to claim */
	struct strbuf text;
	size_t base_len; /* of the text without the session */
};

TAILQ_HEAD(seen_list, seen);
TAILQ_HEAD(link_list, link);
TAILQ_HEAD(line_list, line);

struct rejects {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_t writer;
	bool with_filter, stopping;
	struct seen_list seen;
	struct link_list links[BUCKETS]; /* of sessions that can be taken */
	struct link_list taken[BUCKETS]; /* of those that a waiting line has */
	struct line_list lines;
	size_t seen_count, line_count;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t hash(uint64_t key, char c)
{
	return (key ^ (unsigned char)c) * UINT64_C(1099511628211);
}

/* FNV-1a over status, text and subject; blanks and control characters count alike, as in
 * reply_text(). */
static uint64_t make_key(
    const char *status, const char *text, size_t len, const char *subject, size_t subject_len)
{
	uint64_t key = UINT64_C(14695981039346656037);
	bool blank = true;

	for (; *status; status++)
		key = hash(key, *status);
	for (size_t i = 0; i < len; i++) {
		bool is_blank = (unsigned char)text[i] <= ' ' || text[i] == 127;
		if (is_blank && (blank || i + 1 == len))
			continue;
		key = hash(key, is_blank ? ' ' : text[i]);
		blank = is_blank;
	}
	key = hash(key, '\0');
	for (size_t i = 0; i < subject_len; i++)
		key = hash(key, subject[i]);
	return key;
}

static struct link_list *bucket_of(struct rejects *rejects, const struct seen *seen, size_t link)
{
	struct link_list *table = seen->taker ? rejects->taken : rejects->links;

	return &table[seen->links[link].key % BUCKETS];
}

static void free_seen(struct rejects *rejects, struct seen *seen)
{
	TAILQ_REMOVE(&rejects->seen, seen, by_age);
	for (size_t i = 0; i < seen->link_count; i++)
		TAILQ_REMOVE(bucket_of(rejects, seen, i), &seen->links[i], in_bucket);
	rejects->seen_count--;
	if (seen->taker)
		seen->taker->session = NULL;
	for (size_t i = 0; i < FIELDS; i++)
		free(seen->fields[i]);
	free(seen);
}

static void free_line(struct rejects *rejects, struct line *line)
{
	TAILQ_REMOVE(&rejects->lines, line, by_age);
	rejects->line_count--;
	if (line->session)
		free_seen(rejects, line->session);
	strbuf_free(&line->text);
	free(line);
}

static bool same_session(const struct seen *a, const struct seen *b)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const char *left = a->fields[i] ? a->fields[i] : "";
		const char *right = b->fields[i] ? b->fields[i] : "";
		if (strcmp(left, right) != 0)
			return false;
	}
	return true;
}

struct candidates {
	struct seen *first; /* the oldest */
	unsigned count;     /* sessions seen */
	bool differ;        /* not all are the same */
	bool shared;
};

static struct candidates find_candidates(const struct rejects *rejects, const struct line *line)
{
	struct candidates found = {0};
	struct link *link;
	unsigned steps = 0;

	TAILQ_FOREACH(link, &rejects->links[line->key % BUCKETS], in_bucket)
	{
		/* What is not looked at may be another session. */
		if (found.count == MAX_LOOK || ++steps > MAX_STEPS) {
			found.differ = true;
			break;
		}
		if (link->key != line->key || line->when - link->seen->when > WINDOW_MS)
			continue;
		if (!found.first)
			found.first = link->seen;
		found.count++;
		found.differ = found.differ || !same_session(found.first, link->seen);
		found.shared = found.shared || link->seen->shared;
	}
	return found;
}

/* Did lines that still wait take sessions that may have been this one's? */
static bool dispute(struct rejects *rejects, const struct line *line)
{
	struct link *link;
	unsigned count = 0, steps = 0;

	TAILQ_FOREACH_REVERSE(link, &rejects->taken[line->key % BUCKETS], link_list, in_bucket)
	{
		if (++steps > MAX_STEPS)
			break;
		struct line *taker = link->seen->taker;
		if (link->key != line->key)
			continue;
		taker->ambiguous = taker->ambiguous > 2 ? taker->ambiguous : 2;
		if (++count == MAX_LOOK)
			break;
	}
	return count > 0;
}

/* The sessions that stay behind after an ambiguous line can't be told from its own either. */
static void mark_shared(struct rejects *rejects, uint64_t key)
{
	struct link *link;
	unsigned count = 0, steps = 0;

	TAILQ_FOREACH(link, &rejects->links[key % BUCKETS], in_bucket)
	{
		if (++steps > MAX_STEPS)
			return;
		if (link->key != key)
			continue;
		link->seen->shared = true;
		if (++count == MAX_LOOK)
			return;
	}
}

static void add_session(struct strbuf *out, const struct seen *seen)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (seen->fields[i])
			log_add_value(
			    out, field_names[i], seen->fields[i], strlen(seen->fields[i]));
}

static void take(struct rejects *rejects, struct seen *seen, struct line *line)
{
	for (size_t i = 0; i < seen->link_count; i++)
		TAILQ_REMOVE(bucket_of(rejects, seen, i), &seen->links[i], in_bucket);
	seen->taker = line;
	line->session = seen;
	for (size_t i = 0; i < seen->link_count; i++)
		TAILQ_INSERT_TAIL(bucket_of(rejects, seen, i), &seen->links[i], in_bucket);
}

/* Gives a line its session, or says why not. */
static void find_session(struct rejects *rejects, struct line *line)
{
	struct candidates found = find_candidates(rejects, line);

	if (found.count == 0) {
		line->ambiguous = dispute(rejects, line) ? 2 : 0;
		return;
	}
	if (found.differ || found.shared) {
		line->ambiguous = found.count > 1 ? found.count : 2;
		mark_shared(rejects, line->key);
		free_seen(rejects, found.first);
		return;
	}
	add_session(&line->text, found.first);
	take(rejects, found.first, line);
}

static void write_line(struct rejects *rejects, struct line *line)
{
	if (line->ambiguous) {
		strbuf_truncate(&line->text, line->base_len);
		strbuf_addf(&line->text, " ambiguous=%u", line->ambiguous);
	}
	log_line(LOG_LEVEL_INFO, line->text.data, line->text.len);
	free_line(rejects, line);
}

static void expire_seen(struct rejects *rejects, int64_t now)
{
	struct seen *oldest;

	for (int i = 0; i < MAX_EXPIRED && (oldest = TAILQ_FIRST(&rejects->seen)) &&
	                now - oldest->when > WINDOW_MS;
	     i++)
		free_seen(rejects, oldest);
}

static void wait_until(struct rejects *rejects, int64_t when, int64_t now)
{
	if (when < now + PAUSE_MS)
		when = now + PAUSE_MS;
	struct timespec until = {.tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000};
	pthread_cond_timedwait(&rejects->filled, &rejects->lock, &until);
}

static void *write_loop(void *context)
{
	struct rejects *rejects = context;

	pthread_mutex_lock(&rejects->lock);
	for (;;) {
		struct line *line = TAILQ_FIRST(&rejects->lines);
		int64_t now = now_ms();
		expire_seen(rejects, now);
		if (!line && rejects->stopping)
			break;
		if (!line)
			pthread_cond_wait(&rejects->filled, &rejects->lock);
		/* The analyser does not see that write_line() takes the line out of the list. */
		else if (rejects->stopping || /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		         now >= line->when + GRACE_MS)
			write_line(rejects, line); /* NOLINT(clang-analyzer-unix.Malloc) */
		else
			wait_until(rejects, line->when + GRACE_MS, now);
	}
	pthread_mutex_unlock(&rejects->lock);
	return NULL;
}

struct rejects *rejects_create(int with_filter)
{
	struct rejects *rejects = mem_calloc(1, sizeof(*rejects));
	pthread_condattr_t attributes;

	pthread_mutex_init(&rejects->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&rejects->filled, &attributes);
	pthread_condattr_destroy(&attributes);
	TAILQ_INIT(&rejects->seen);
	TAILQ_INIT(&rejects->lines);
	for (size_t i = 0; i < BUCKETS; i++) {
		TAILQ_INIT(&rejects->links[i]);
		TAILQ_INIT(&rejects->taken[i]);
	}
	rejects->with_filter =
	    with_filter && pthread_create(&rejects->writer, NULL, write_loop, rejects) == 0;
	return rejects;
}

void rejects_free(struct rejects **rejects)
{
	struct rejects *old = *rejects;

	*rejects = NULL;
	if (!old)
		return;
	if (old->with_filter) {
		pthread_mutex_lock(&old->lock);
		old->stopping = true;
		pthread_cond_signal(&old->filled);
		pthread_mutex_unlock(&old->lock);
		pthread_join(old->writer, NULL);
	}
	while (TAILQ_FIRST(&old->seen))
		free_seen(old, TAILQ_FIRST(&old->seen));
	pthread_cond_destroy(&old->filled);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

static char *copy(const char *text)
{
	return text && text[0] ? mem_strdup(text) : NULL;
}

/* An address as Postfix shows it in a reply and in its log: without the angle brackets. */
static char *copy_address(const char *address)
{
	size_t len = address ? strlen(address) : 0;

	if (len >= 2 && address[0] == '<' && address[len - 1] == '>')
		return mem_strndup(address + 1, len - 2);
	return address ? mem_strdup(address) : NULL;
}

static void shorten(char **field)
{
	if (!*field || strlen(*field) <= MAX_FIELD)
		return;
	*field = mem_realloc(*field, MAX_FIELD + 1, 1);
	(*field)[MAX_FIELD] = '\0';
}

/* Makes room. Those that could be taken for the one that goes are no longer sure. */
static void forget_oldest(struct rejects *rejects)
{
	struct seen *oldest = TAILQ_FIRST(&rejects->seen);

	for (size_t i = 0; i < oldest->link_count; i++)
		mark_shared(rejects, oldest->links[i].key);
	free_seen(rejects, oldest);
}

static void file_under(struct seen *seen, const char *status, const char *text, const char *subject)
{
	struct link *link = &seen->links[seen->link_count];
	uint64_t key = make_key(status, text, strlen(text), subject, strlen(subject));

	/* Two fields with the same value are one name. */
	for (size_t i = 0; i < seen->link_count; i++)
		if (seen->links[i].key == key)
			return;
	*link = (struct link){.seen = seen, .key = key};
	seen->link_count++;
}

void rejects_seen(struct rejects *rejects, const char *status, const char *text,
    const struct session_view *session)
{
	struct seen *seen = mem_calloc(1, sizeof(*seen));

	seen->fields[CLIENT] =
	    mem_printf("%s[%s]", session->client_name ? session->client_name : "unknown",
	        session->client_address ? session->client_address : "unknown");
	seen->fields[HELO] = copy(session->helo);
	seen->fields[SENDER] = copy_address(session->sender);
	seen->fields[RECIPIENT] = copy_address(session->recipient);
	file_under(seen, status, text, "");
	for (size_t i = 0; i < FIELDS; i++)
		if (seen->fields[i])
			file_under(seen, status, text, seen->fields[i]);
	for (size_t i = 0; i < FIELDS; i++)
		shorten(&seen->fields[i]);
	pthread_mutex_lock(&rejects->lock);
	seen->when = now_ms();
	/* The writer sleeps while there are no lines. */
	expire_seen(rejects, seen->when);
	if (rejects->seen_count == MAX_ENTRIES)
		forget_oldest(rejects);
	TAILQ_INSERT_TAIL(&rejects->seen, seen, by_age);
	for (size_t i = 0; i < seen->link_count; i++)
		TAILQ_INSERT_TAIL(
		    &rejects->links[seen->links[i].key % BUCKETS], &seen->links[i], in_bucket);
	rejects->seen_count++;
	pthread_mutex_unlock(&rejects->lock);
}

/* Splits `<bob@example.org>: text` as Postfix writes it. */
static size_t subject_length(const char *text, size_t len)
{
	if (len == 0 || text[0] != '<')
		return 0;
	const char *end = memmem(text, len, ">: ", 3);
	return end ? (size_t)(end - text) + 3 : 0;
}

void rejects_log(
    struct rejects *rejects, const struct reply *reply, const char *text, size_t text_len)
{
	if (!rejects->with_filter) {
		log_line(LOG_LEVEL_INFO, text, text_len);
		return;
	}
	size_t len;
	const char *words = reply_text(reply, &len);
	size_t subject = subject_length(words, len);
	struct status status = reply_status(reply);
	char number[16];
	struct strbuf code = {.data = number, .size = sizeof(number), .limit = sizeof(number) - 1};

	number[0] = '\0';
	if (status.class)
		status_add(&code, &status);
	struct line *line = mem_calloc(1, sizeof(*line));
	line->key =
	    make_key(number, words + subject, len - subject, words + 1, subject ? subject - 4 : 0);
	strbuf_add(&line->text, text, text_len);
	line->base_len = text_len;
	pthread_mutex_lock(&rejects->lock);
	line->when = now_ms();
	find_session(rejects, line);
	TAILQ_INSERT_TAIL(&rejects->lines, line, by_age);
	if (++rejects->line_count > MAX_ENTRIES)
		write_line(rejects, TAILQ_FIRST(&rejects->lines));
	else if (rejects->line_count == 1)
		pthread_cond_signal(&rejects->filled);
	pthread_mutex_unlock(&rejects->lock);
}
