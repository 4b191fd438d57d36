/*
 * noop_milter.c - a filter on libmilter that asks for what explain-milter's filter asks for, and
 * does nothing with it.
 *
 * What any libmilter filter in this place costs is measured with it; keep negotiate() in step with
 * milter/front/filter.c. Usage: noop_milter SOCKET, as libmilter writes it: unix:/path
 */
#include <libmilter/mfapi.h>
#include <stdio.h>

static sfsistat negotiate(SMFICTX *ctx, unsigned long actions, unsigned long offered,
    unsigned long reserved2, unsigned long reserved3, unsigned long *wanted_actions,
    unsigned long *wanted, unsigned long *wanted2, unsigned long *wanted3)
{
	static char macros[] = "{rcpt_mailer} {rcpt_host} {rcpt_addr}";
	unsigned long flags = SMFIP_RCPT_REJ | SMFIP_NODATA | SMFIP_NOHDRS | SMFIP_NOEOH |
	                      SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_HELO |
	                      SMFIP_NR_MAIL;

	(void)reserved2;
	(void)reserved3;
	if ((offered & flags) != flags)
		return SMFIS_REJECT;
	*wanted_actions = actions & SMFIF_SETSYMLIST;
	*wanted = flags;
	*wanted2 = 0;
	*wanted3 = 0;
	if (*wanted_actions)
		smfi_setsymlist(ctx, SMFIM_ENVRCPT, macros);
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return SMFIS_NOREPLY;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
	(void)ctx;
	(void)arguments;
	return SMFIS_NOREPLY;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **arguments)
{
	(void)ctx;
	(void)arguments;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc filter = {
	    .xxfi_name = "noop",
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_SETSYMLIST,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_rcpt,
	    .xxfi_negotiate = negotiate,
	};

	if (argc != 2 || smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS) {
		fputs("usage: noop_milter SOCKET\n", stderr);
		return 2;
	}
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
