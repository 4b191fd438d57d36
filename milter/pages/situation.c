/* situation.c - what the notice says, in a reader's words: reasons are for statistics. */
#include "pages.h"

#include <string.h>

static const struct {
	const char *reason;
	enum page_text situation;
} situations[] = {
    {"recipient-unknown", PAGE_S_ADDRESS},
    {"recipient-disabled", PAGE_S_ADDRESS},
    {"recipient-moved", PAGE_S_ADDRESS},
    {"domain-unknown", PAGE_S_ADDRESS},
    {"domain-no-mail", PAGE_S_ADDRESS},
    {"mailbox-full", PAGE_S_FULL},
    {"recipient-restricted", PAGE_S_RESTRICTED},
    {"ip-blocklisted", PAGE_S_BLOCKED},
    {"ip-reputation", PAGE_S_BLOCKED},
    {"domain-listed", PAGE_S_BLOCKED},
    {"reverse-dns", PAGE_S_BLOCKED},
    {"helo-invalid", PAGE_S_BLOCKED},
    {"sender-invalid", PAGE_S_SENDER},
    {"sender-not-owned", PAGE_S_SENDER},
    {"sender-auth", PAGE_S_SENDER},
    {"login-required", PAGE_S_LOGIN},
    {"account-suspended", PAGE_S_LOGIN},
    {"relay-denied", PAGE_S_LOGIN},
    {"tls-required", PAGE_S_LOGIN},
    {"spam-content", PAGE_S_CONTENT},
    {"malware", PAGE_S_CONTENT},
    {"attachment-type", PAGE_S_CONTENT},
    {"content-policy", PAGE_S_CONTENT},
    {"message-too-large", PAGE_S_FORM},
    {"message-malformed", PAGE_S_FORM},
    {"too-many-recipients", PAGE_S_FORM},
    {"greylisted", PAGE_S_DELAY},
    {"rate-limited", PAGE_S_DELAY},
    {"expired", PAGE_S_DELAY},
    {"unreachable", PAGE_S_DELAY},
    {"routing", PAGE_S_FAULT},
    {"mail-loop", PAGE_S_FAULT},
    {"system-full", PAGE_S_FAULT},
    {"system-fault", PAGE_S_FAULT},
    {"protocol-error", PAGE_S_FAULT},
};

enum page_text situation_of(const char *reason)
{
	for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++)
		if (strcmp(situations[i].reason, reason) == 0)
			return situations[i].situation;
	return PAGE_S_OTHER;
}
