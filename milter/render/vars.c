/* vars.c - names and values of variables. A value may come from an attacker (a recipient, a HELO
 * name), so it is made harmless here, once, for every place it can go to. */
#include "explain/vars.h"

#include "explain/mem.h"
#include "explain/strbuf.h"
#include "explain/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 32

struct varnames {
	char names[VARS_MAX][MAX_NAME + 1];
	int count;
};

struct vars {
	uint64_t known;
	struct strbuf values;
	size_t at[VARS_MAX];
};

static const char *const standard[VAR_STANDARD_COUNT] = {
    [VAR_RECIPIENT] = "recipient",
    [VAR_SENDER] = "sender",
    [VAR_CLIENT_ADDRESS] = "client_address",
    [VAR_CLIENT_NAME] = "client_name",
    [VAR_HELO] = "helo",
    [VAR_CODE] = "code",
    [VAR_STATUS] = "status",
    [VAR_STAGE] = "stage",
    [VAR_HOST] = "host",
    [VAR_LIST] = "list",
    [VAR_URL] = "url",
    [VAR_LIMIT] = "limit",
    [VAR_DOMAIN] = "domain",
    [VAR_SITE] = "site",
    [VAR_CONTACT] = "contact",
    [VAR_HELP_URL] = "help_url",
    [VAR_REF] = "ref",
    [VAR_CAUSE] = "cause",
};

struct varnames *varnames_create(void)
{
	struct varnames *names = mem_calloc(1, sizeof(*names));

	for (size_t i = 0; i < VAR_STANDARD_COUNT; i++)
		varnames_add(names, standard[i], strlen(standard[i]));
	return names;
}

void varnames_free(struct varnames **names)
{
	free(*names);
	*names = NULL;
}

int varnames_find(const struct varnames *names, const char *name, size_t len)
{
	for (int i = 0; i < names->count; i++)
		if (strlen(names->names[i]) == len && memcmp(names->names[i], name, len) == 0)
			return i;
	return -1;
}

static bool is_name(const char *name, size_t len)
{
	if (len == 0 || len > MAX_NAME || !islower((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '_')
			return false;
	return true;
}

int varnames_add(struct varnames *names, const char *name, size_t len)
{
	int known = varnames_find(names, name, len);

	if (known >= 0)
		return known;
	if (names->count == VARS_MAX || !is_name(name, len))
		return -1;
	memcpy(names->names[names->count], name, len);
	return names->count++;
}

const char *varnames_get(const struct varnames *names, int var)
{
	return names->names[var];
}

struct vars *vars_create(void)
{
	return mem_calloc(1, sizeof(struct vars));
}

void vars_free(struct vars **vars)
{
	if (!*vars)
		return;
	strbuf_free(&(*vars)->values);
	free(*vars);
	*vars = NULL;
}

void vars_reset(struct vars *vars)
{
	vars->known = 0;
	strbuf_reset(&vars->values);
}

/* Controls, and what makes text show in another order than it is in. */
static bool is_harmful(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C ||
	       point == 0x200E || point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
	       (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
}

void vars_set(struct vars *vars, int var, const char *value, size_t len)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t characters = 0;

	if (len == 0)
		return;
	vars->at[var] = vars->values.len;
	while (len > 0 && characters < VAR_MAX_CHARACTERS) {
		/* Printable ASCII is nearly everything: take it in one piece. */
		size_t run = 0;
		while (run < len && characters + run < VAR_MAX_CHARACTERS && s[run] >= ' ' &&
		       s[run] < 127)
			run++;
		strbuf_add(&vars->values, (const char *)s, run);
		s += run;
		len -= run;
		characters += run;
		if (len == 0 || characters == VAR_MAX_CHARACTERS)
			break;
		uint32_t point;
		size_t octets = utf8_decode((const char *)s, len, &point);
		if (octets == 0 || is_harmful(point))
			strbuf_addch(&vars->values, '?');
		else
			strbuf_add(&vars->values, (const char *)s, octets);
		s += octets ? octets : 1;
		len -= octets ? octets : 1;
		characters++;
	}
	strbuf_addch(&vars->values, '\0');
	vars->known |= UINT64_C(1) << var;
}

const char *vars_get(const struct vars *vars, int var)
{
	return vars->known >> var & 1 ? vars->values.data + vars->at[var] : NULL;
}

uint64_t vars_known(const struct vars *vars)
{
	return vars->known;
}
