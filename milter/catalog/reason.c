/* reason.c - the closed sets of reasons and fixers. A new reason is a decision for statistics and
 * translations alike, not a line in a rule file. */
#include "explain/reason.h"

#include <string.h>

static const char *const reasons[] = {
    "recipient-unknown",
    "recipient-disabled",
    "recipient-moved",
    "recipient-restricted",
    "mailbox-full",
    "domain-unknown",
    "domain-no-mail",
    "sender-invalid",
    "sender-not-owned",
    "sender-auth",
    "login-required",
    "account-suspended",
    "relay-denied",
    "ip-blocklisted",
    "ip-reputation",
    "domain-listed",
    "reverse-dns",
    "helo-invalid",
    "tls-required",
    "greylisted",
    "rate-limited",
    "too-many-recipients",
    "spam-content",
    "malware",
    "attachment-type",
    "content-policy",
    "message-too-large",
    "message-malformed",
    "protocol-error",
    "mail-loop",
    "routing",
    "unreachable",
    "expired",
    "system-full",
    "system-fault",
    "policy-other",
    "unclassified",
    NULL,
};

static const char *const fixers[] = {
    "sender", "sender-admin", "recipient", "recipient-admin", "wait", NULL};

const char *const *reason_names(void)
{
	return reasons;
}

const char *const *fixer_names(void)
{
	return fixers;
}

static int number(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int reason_number(const char *name)
{
	return number(reasons, name);
}
