#ifndef EXPLAIN_MAPS_H
#define EXPLAIN_MAPS_H

#include <stddef.h>

struct engine_holder;
struct metrics;
struct rejects;
struct strbuf;

/* The socketmap names and what they answer: footer, rewrite, delivery-status, explain, stats; each
 * but the last with `.PROFILE` behind it. Working space included, so one a thread. */
struct maps;

/* All three must outlive the result. */
struct maps *maps_create(
    struct engine_holder *holder, struct metrics *metrics, struct rejects *rejects);
void maps_free(struct maps **maps);

/* Answers one request `NAME KEY` of LEN octets (socketmap_table(5)): appends `OK text`, `NOTFOUND `
 * when the reply is to stay as it is, or `PERM why` for a name that does not exist. */
void maps_answer(struct maps *maps, const char *request, size_t len, struct strbuf *answer);

#endif
