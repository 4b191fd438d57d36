/* reject_log.c - the one form of log line for everything that was explained. */
#include "explain/reject_log.h"

#include "explain/catalog.h"
#include "explain/explain.h"
#include "explain/log.h"
#include "explain/profile.h"
#include "explain/strbuf.h"

#include <string.h>

static void add(struct strbuf *line, const char *key, const char *value)
{
	strbuf_addch(line, ' ');
	strbuf_addstr(line, key);
	strbuf_addch(line, '=');
	strbuf_addstr(line, value);
}

void reject_log_line(struct strbuf *line, enum front front, const struct profile *profile,
    const struct explanation *explanation)
{
	strbuf_addstr(line, "explained");
	add(line, "map", front_name(front));
	if (strcmp(profile->name, "default") != 0)
		log_add_value(line, "profile", profile->name, strlen(profile->name));
	if (explanation->code) {
		add(line, "code", "");
		strbuf_addu(line, (unsigned)explanation->code);
	}
	if (explanation->status.class) {
		add(line, "status", "");
		status_add(line, &explanation->status);
	}
	add(line, "rule", explanation->rule ? explanation->rule->id : "-");
	add(line, "reason", explanation->cause->reason);
	add(line, "ref", explanation->ref);
}
