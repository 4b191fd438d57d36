/* filter.c - the milter front end; the one place that sees libmilter.
 *
 * Every packet that the MTA sends us costs an SMTP session time, so we ask for the few steps that
 * we need and for no replies to them. Recipients are the exception: Postfix keeps what needs no
 * reply in its buffer until something does, and the footer lookup that follows would come first.
 * What libmilter asks of callbacks: with SMFIP_NR_* negotiated for a step, its callback returns
 * SMFIS_NOREPLY, always; a private pointer per connection. */
#include "explain/filter.h"

#include "explain/bounce.h"
#include "explain/catalog.h"
#include "explain/config.h"
#include "explain/dsn.h"
#include "explain/endpoint.h"
#include "explain/engine.h"
#include "explain/explain.h"
#include "explain/log.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/ref.h"
#include "explain/reject_log.h"
#include "explain/rejects.h"
#include "explain/reply.h"
#include "explain/strbuf.h"
#include "explain/version.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum step { STEP_CONNECT, STEP_HELO, STEP_MAIL, STEP_HEADER, STEPS };

/* What one MTA connection has told us. */
struct session {
	bool silent[STEPS]; /* by step: no reply was negotiated */
	char *client_name, *client_address, *helo, *sender;
	struct bounce *bounce; /* the message, while it may be one */
	char *reader;          /* its recipient */
	bool explains_bounces; /* negotiated */
};

/* libmilter's callbacks have no context of the program's own: set before smfi_main(), cleared when
 * all that it names is about to go. libmilter does not wait for its threads at the end, so a
 * callback looks at it only between enter() and leave(). */
static const struct filter_settings *filter;
static pthread_rwlock_t filter_lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static bool answer_unknown, explain_bounces;

/* False when the filter is closed. */
static bool enter(void)
{
	pthread_rwlock_rdlock(&filter_lock);
	if (filter)
		return true;
	pthread_rwlock_unlock(&filter_lock);
	return false;
}

static void leave(void)
{
	pthread_rwlock_unlock(&filter_lock);
}

static void replace(char **field, const char *value)
{
	free(*field);
	*field = value ? mem_strdup(value) : NULL;
}

static sfsistat done(const struct session *session, enum step step)
{
	return session && session->silent[step] ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
    unsigned long f3, unsigned long *pf0, unsigned long *pf1, unsigned long *pf2,
    unsigned long *pf3)
{
	static const unsigned long no_reply[STEPS] = {[STEP_CONNECT] = SMFIP_NR_CONN,
	    [STEP_HELO] = SMFIP_NR_HELO,
	    [STEP_MAIL] = SMFIP_NR_MAIL,
	    [STEP_HEADER] = SMFIP_NR_HDR};
	unsigned long wanted =
	    SMFIP_RCPT_REJ | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_HDR;
	/* What bounces need, which an MTA may not let us change. */
	unsigned long changes = SMFIF_CHGBODY | SMFIF_ADDHDRS;
	bool bounces = explain_bounces && (f0 & changes) == changes;

	(void)f2;
	(void)f3;
	if (!answer_unknown)
		wanted |= SMFIP_NOUNKNOWN;
	if (!bounces)
		wanted |= SMFIP_NODATA | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY;
	/* Without rejected recipients there is nothing to watch. */
	if (!(f1 & SMFIP_RCPT_REJ))
		wanted |=
		    SMFIP_NOCONNECT | SMFIP_NOHELO | (bounces ? 0 : SMFIP_NOMAIL | SMFIP_NORCPT);
	*pf0 = f0 & (SMFIF_SETSYMLIST | (bounces ? changes : 0));
	*pf1 = f1 & wanted;
	*pf2 = *pf3 = 0;

	struct session *session = mem_calloc(1, sizeof(*session));
	session->explains_bounces = bounces;
	for (size_t i = 0; i < STEPS; i++)
		session->silent[i] = (*pf1 & no_reply[i]) != 0;
	if (smfi_setpriv(ctx, session) != MI_SUCCESS) {
		free(session);
		return SMFIS_ALL_OPTS;
	}
	if (*pf0 & SMFIF_SETSYMLIST)
		smfi_setsymlist(ctx, SMFIM_ENVRCPT, "{rcpt_mailer} {rcpt_host} {rcpt_addr}");
	return SMFIS_CONTINUE;
}

static char *show_address(const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (!address)
		return NULL;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		    text, sizeof(text));
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
		    sizeof(text));
	return text[0] ? mem_strdup(text) : NULL;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, struct sockaddr *address)
{
	struct session *session = smfi_getpriv(ctx);

	if (!session)
		return SMFIS_CONTINUE;
	/* libmilter's clients give the address in brackets where they know no name. */
	replace(&session->client_name, name && name[0] != '[' ? name : NULL);
	free(session->client_address);
	session->client_address = show_address(address);
	return done(session, STEP_CONNECT);
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
	struct session *session = smfi_getpriv(ctx);

	if (session)
		replace(&session->helo, helo);
	return done(session, STEP_HELO);
}

static void end_bounce(struct session *session)
{
	bounce_free(&session->bounce);
	replace(&session->reader, NULL);
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
	struct session *session = smfi_getpriv(ctx);

	if (!session)
		return SMFIS_CONTINUE;
	replace(&session->sender, arguments[0]);
	end_bounce(session);
	if (session->explains_bounces && enter()) {
		if (bounce_is_wanted(filter->config, arguments[0]))
			session->bounce = bounce_create(filter->config->bounces.max_size);
		leave();
	}
	return done(session, STEP_MAIL);
}

/* A recipient that the MTA refused comes with {rcpt_mailer} = error, and with the reply in the
 * other two macros. What we answer does not count then. */
static sfsistat on_rcpt(SMFICTX *ctx, char **arguments)
{
	static char mailer_name[] = "{rcpt_mailer}", status_name[] = "{rcpt_host}",
	            text_name[] = "{rcpt_addr}";
	struct session *session = smfi_getpriv(ctx);
	const char *mailer = smfi_getsymval(ctx, mailer_name);

	if (session && mailer && strcmp(mailer, "error") == 0) {
		const char *status = smfi_getsymval(ctx, status_name);
		const char *text = smfi_getsymval(ctx, text_name);
		struct session_view view = {.client_name = session->client_name,
		    .client_address = session->client_address,
		    .helo = session->helo,
		    .sender = session->sender,
		    .recipient = arguments[0]};
		if (enter()) {
			metrics_count_request(filter->metrics, FRONT_FILTER);
			if (status && text)
				rejects_seen(filter->rejects, status, text, &view);
			leave();
		}
	} else if (session && session->bounce && !session->reader) {
		replace(&session->reader, arguments[0]);
	}
	return SMFIS_CONTINUE;
}

/* A message that is no bounce: its header and body are not for us. */
static sfsistat on_data(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	return session && session->bounce ? SMFIS_CONTINUE : SMFIS_ACCEPT;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = smfi_getpriv(ctx);

	if (session && session->bounce)
		bounce_add_header(session->bounce, name, value);
	return done(session, STEP_HEADER);
}

static sfsistat on_end_of_header(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session && session->bounce && bounce_end_header(session->bounce))
		return SMFIS_CONTINUE;
	if (session)
		end_bounce(session);
	return SMFIS_ACCEPT;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	struct session *session = smfi_getpriv(ctx);

	if (session && session->bounce && bounce_add_body(session->bounce, data, len))
		return SMFIS_CONTINUE;
	if (session)
		end_bounce(session);
	return SMFIS_ACCEPT;
}

/* The mark goes in only with the body: the other way round a bounce would never be explained. */
static void replace_body(SMFICTX *ctx, const struct strbuf *body)
{
	static char mark[] = DSN_MARK, version[] = EXPLAIN_VERSION;

	if (body->len > INT_MAX ||
	    smfi_replacebody(ctx, (unsigned char *)body->data, (int)body->len) != MI_SUCCESS)
		return;
	if (smfi_addheader(ctx, mark, version) != MI_SUCCESS)
		log_warning("an explained bounce could not be marked");
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);
	struct strbuf body;

	if (!session || !session->bounce)
		return SMFIS_CONTINUE;
	strbuf_init(&body, 0);
	if (enter()) {
		if (bounce_explain(session->bounce, filter->config, filter->holder, filter->metrics,
		        session->reader, &body) == 0)
			replace_body(ctx, &body);
		leave();
	}
	strbuf_free(&body);
	end_bounce(session);
	return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session)
		end_bounce(session);
	return SMFIS_CONTINUE;
}

enum { MAX_REPLY_LINES = 32 };

/* smfi_setmlreply() takes its lines as arguments: all 32, the unused ones NULL. */
static int set_reply(SMFICTX *ctx, const char *code, const char *status, char **lines)
{
	char code_copy[4], status_copy[16];

	snprintf(code_copy, sizeof(code_copy), "%s", code);
	snprintf(status_copy, sizeof(status_copy), "%s", status);
	return smfi_setmlreply(ctx, code_copy, status_copy, lines[0], lines[1], lines[2], lines[3],
	    lines[4], lines[5], lines[6], lines[7], lines[8], lines[9], lines[10], lines[11],
	    lines[12], lines[13], lines[14], lines[15], lines[16], lines[17], lines[18], lines[19],
	    lines[20], lines[21], lines[22], lines[23], lines[24], lines[25], lines[26], lines[27],
	    lines[28], lines[29], lines[30], lines[31], NULL);
}

/* libmilter and the MTA read `%` as the start of an escape. */
static char *double_percent(const char *text, size_t len)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	strbuf_addstr(&out, "");
	for (size_t i = 0; i < len; i++) {
		strbuf_addch(&out, text[i]);
		if (text[i] == '%')
			strbuf_addch(&out, '%');
	}
	return out.data;
}

static int send_explained(SMFICTX *ctx, struct reply *reply, const struct strbuf *text)
{
	char *lines[MAX_REPLY_LINES] = {NULL};
	size_t len;

	reply_parse(reply, text->data, text->len);
	size_t count = reply_line_count(reply);
	for (size_t i = 0; i < count && i < MAX_REPLY_LINES; i++) {
		const char *line = reply_line(reply, i, &len);
		lines[i] = double_percent(line, len);
	}
	int result = set_reply(ctx, "500", "5.5.1", lines);
	for (size_t i = 0; i < MAX_REPLY_LINES; i++)
		free(lines[i]);
	return result;
}

/* `%s` is Sendmail's own text for an unknown command. */
static sfsistat explain_unknown(SMFICTX *ctx, const char *command)
{
	struct session *session = smfi_getpriv(ctx);
	struct engine *engine = engine_current(filter->holder);
	struct explainer *explainer = explainer_create();
	struct reply *reply = reply_create();
	struct ref_source refs = {.left = 0};
	struct strbuf text, line;
	char ref[REF_LENGTH + 1];
	sfsistat result = SMFIS_CONTINUE;

	metrics_count_request(filter->metrics, FRONT_FILTER);
	ref_create(&refs, ref);
	strbuf_init(&text, 0);
	strbuf_init(&line, 0);
	/* NULL: an MTA that sent an empty packet. */
	strbuf_addf(&text, "500 5.5.1 Command unrecognized: \"%.100s\"", command ? command : "");
	reply_parse(reply, text.data, text.len);
	struct explain_context context = {.profile = engine_profile(engine, "", 0),
	    .ref = ref,
	    .stage = STAGE_UNKNOWN,
	    .client_address = session ? session->client_address : NULL,
	    .client_name = session ? session->client_name : NULL,
	    .helo = session ? session->helo : NULL};
	const struct explanation *explanation = explain_reply(explainer, engine, reply, &context);
	strbuf_reset(&text);
	if (explanation &&
	    render_reply(&text, &explanation->message, reply, context.profile) == 0) {
		metrics_count_explained(filter->metrics, FRONT_FILTER, explanation->cause->reason,
		    explanation->rule != NULL);
		reject_log_line(&line, FRONT_FILTER, context.profile, explanation);
		if (send_explained(ctx, reply, &text) == MI_SUCCESS) {
			log_line(LOG_LEVEL_INFO, line.data, line.len);
			result = SMFIS_REJECT;
		}
	}
	strbuf_free(&text);
	strbuf_free(&line);
	explainer_free(&explainer);
	reply_free(&reply);
	engine_put(&engine);
	return result;
}

/* Only Sendmail lets a milter answer an unknown command. */
static sfsistat on_unknown(SMFICTX *ctx, const char *command)
{
	if (!enter())
		return SMFIS_CONTINUE;
	sfsistat result = explain_unknown(ctx, command);
	leave();
	return result;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session) {
		free(session->client_name);
		free(session->client_address);
		free(session->helo);
		free(session->sender);
		end_bounce(session);
		free(session);
		smfi_setpriv(ctx, NULL);
	}
	return SMFIS_CONTINUE;
}

int filter_open(const struct filter_settings *settings, char **error)
{
	static char name[] = "explain-milter";
	struct smfiDesc description = {.xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_SETSYMLIST | SMFIF_CHGBODY | SMFIF_ADDHDRS,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_rcpt,
	    .xxfi_data = on_data,
	    .xxfi_header = on_header,
	    .xxfi_eoh = on_end_of_header,
	    .xxfi_body = on_body,
	    .xxfi_eom = on_end_of_message,
	    .xxfi_abort = on_abort,
	    .xxfi_unknown = on_unknown,
	    .xxfi_close = on_close,
	    .xxfi_negotiate = on_negotiate};
	char address[32];

	/* Our own socket: libmilter can't set a group or mode before it listens. */
	int fd = endpoint_listen(settings->endpoint, settings->mode, settings->group, error);
	if (fd < 0)
		return -1;
	/* Only now is the socket's file ours to remove: see filter_close(). */
	filter = settings;
	answer_unknown = settings->answer_unknown;
	explain_bounces = settings->config->bounces.inbound || settings->config->bounces.internal;
	snprintf(address, sizeof(address), "fd:%d", fd);
	if (smfi_register(description) != MI_SUCCESS || smfi_setconn(address) != MI_SUCCESS ||
	    smfi_opensocket(false) != MI_SUCCESS) {
		*error =
		    mem_printf("%s: libmilter does not take the socket", settings->endpoint->text);
		close(fd);
		filter_close();
		return -1;
	}
	return 0;
}

int filter_run(void)
{
	return smfi_main() == MI_SUCCESS ? 0 : -1;
}

/* While libmilter waits for a connection it holds the lock that smfi_stop() wants, up to five
 * seconds. So connections are made until it was done. */
static void *wake_listener(void *context)
{
	static const struct timespec pause = {.tv_nsec = 10000000};
	const atomic_bool *stopped = context;

	for (int i = 0; i < 500 && !atomic_load(stopped); i++) {
		int fd = socket(filter->endpoint->address.ss_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			break;
		int connected = connect(fd, (const struct sockaddr *)&filter->endpoint->address,
		    filter->endpoint->address_len);
		int why = errno;
		nanosleep(&pause, NULL);
		close(fd);
		if (connected < 0 && why != EINPROGRESS)
			break;
	}
	return NULL;
}

void filter_stop(void)
{
	atomic_bool stopped;
	pthread_t waker;

	atomic_init(&stopped, false);
	bool waking = pthread_create(&waker, NULL, wake_listener, &stopped) == 0;
	smfi_stop();
	atomic_store(&stopped, true);
	if (waking)
		pthread_join(waker, NULL);
}

void filter_close(void)
{
	pthread_rwlock_wrlock(&filter_lock);
	if (filter)
		endpoint_unlink(filter->endpoint);
	filter = NULL;
	pthread_rwlock_unlock(&filter_lock);
}
