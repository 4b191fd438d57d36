/*
 * milter_peer: a milter that refuses on command, as a peer for the tests.
 *
 *   milter_peer unix:PATH | inet:PORT@127.0.0.1
 *
 * What it does is chosen by the local part of the sender or recipient, so that one running peer
 * serves every test:
 *
 *   milter-single@    550 5.7.1, one line, with a per cent sign
 *   milter-multi@     550 5.7.1, three lines
 *   milter-tempfail@  451 4.7.1, one line
 *   milter-reject@    a bare reject, the MTA's own words
 *   milter-defer@     a bare tempfail, the MTA's own words
 *   milter-eom@       (sender) accepted until the end of the message, then 550 5.7.1 in two lines
 *
 * Everything else is accepted. It runs in the foreground until SIGTERM.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

struct session {
	int refuse_at_end;
};

static struct session *session_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static int local_part_is(const char *address, const char *name)
{
	size_t length = strlen(name);

	if (*address == '<')
		address++;
	return strncasecmp(address, name, length) == 0 && address[length] == '@';
}

/* The verdict for an address, SMFIS_CONTINUE for all that are not named above. */
static sfsistat verdict(SMFICTX *ctx, const char *address)
{
	if (local_part_is(address, "milter-single")) {
		smfi_setreply(ctx, "550", "5.7.1", "Refused by the content filter, 100%% sure");
		return SMFIS_REJECT;
	}
	if (local_part_is(address, "milter-multi")) {
		smfi_setmlreply(ctx, "550", "5.7.1", "Message rejected due to local policy",
		    "This is the second of three lines", "and this the third", NULL);
		return SMFIS_REJECT;
	}
	if (local_part_is(address, "milter-tempfail")) {
		smfi_setreply(ctx, "451", "4.7.1", "Greylisted, please try again in 300 seconds");
		return SMFIS_TEMPFAIL;
	}
	if (local_part_is(address, "milter-reject"))
		return SMFIS_REJECT;
	if (local_part_is(address, "milter-defer"))
		return SMFIS_TEMPFAIL;
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct session *session = calloc(1, sizeof *session);

	(void)name;
	(void)address;
	if (session == NULL)
		return SMFIS_TEMPFAIL;
	smfi_setpriv(ctx, session);
	return SMFIS_CONTINUE;
}

static sfsistat on_sender(SMFICTX *ctx, char **arguments)
{
	session_of(ctx)->refuse_at_end = local_part_is(arguments[0], "milter-eom");
	return verdict(ctx, arguments[0]);
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	return verdict(ctx, arguments[0]);
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	if (!session_of(ctx)->refuse_at_end)
		return SMFIS_ACCEPT;
	smfi_setmlreply(ctx, "550", "5.7.1", "Message contains spam",
	    "Contact us if you think that is wrong", NULL);
	return SMFIS_REJECT;
}

static sfsistat on_close(SMFICTX *ctx)
{
	free(session_of(ctx));
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc description = {
	    .xxfi_name = "milter_peer",
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_connect = on_connect,
	    .xxfi_envfrom = on_sender,
	    .xxfi_envrcpt = on_recipient,
	    .xxfi_eom = on_end_of_message,
	    .xxfi_close = on_close,
	};

	if (argc != 2) {
		fputs("usage: milter_peer unix:PATH | inet:PORT@HOST\n", stderr);
		return EX_USAGE;
	}
	if (smfi_setconn(argv[1]) == MI_FAILURE || smfi_register(description) == MI_FAILURE)
		return EX_UNAVAILABLE;
	return smfi_main() == MI_SUCCESS ? EX_OK : EX_UNAVAILABLE;
}
