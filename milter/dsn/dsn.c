/* dsn.c - what a delivery report says, wherever in the message it stands. */
#include "explain/dsn.h"

#include "internal.h"
#include "report.h"

#include "explain/mem.h"
#include "explain/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_PARTS 64
#define MAX_STATUS_TEXT ((size_t)4 << 20)
#define MAX_NOTICED 200
#define MAX_NOTICE_TEXT ((size_t)64 << 10)

static const char *const action_names[] = {
    "", "failed", "delayed", "delivered", "relayed", "expanded"};

static const char *copy(struct dsn *dsn, const char *text)
{
	return text ? arena_strndup(dsn->arena, text, strlen(text)) : "";
}

struct dsn_recipient *report_add_recipient(struct dsn *dsn)
{
	if (dsn->count >= DSN_MAX_RECIPIENTS)
		return NULL;
	if ((dsn->count & (dsn->count - 1)) == 0)
		dsn->recipients = mem_realloc(
		    dsn->recipients, dsn->count ? 2 * dsn->count : 1, sizeof(*dsn->recipients));
	dsn->recipients[dsn->count] =
	    (struct dsn_recipient){"", "", DSN_UNKNOWN, "", "", "", "", ""};
	return &dsn->recipients[dsn->count++];
}

static enum dsn_action read_action(const char *value)
{
	size_t len = value ? strcspn(value, " ;(") : 0;

	for (size_t i = 1; i < sizeof(action_names) / sizeof(action_names[0]); i++)
		if (len > 0 && strlen(action_names[i]) == len &&
		    strncasecmp(action_names[i], value, len) == 0)
			return (enum dsn_action)i;
	return DSN_UNKNOWN;
}

static int hex_value(const char *text, size_t len)
{
	int value = 0;

	for (size_t i = 0; i < len; i++)
		value = value * 16 + (text[i] <= '9' ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
	return value;
}

/* utf-8-addr-xtext and -unitext (RFC 6533 section 3): \x{20AC}. */
static char *decode_utf8_address(char *text)
{
	char *out = text;

	for (const char *in = text; *in;) {
		size_t digits =
		    strncmp(in, "\\x{", 3) == 0 ? strspn(in + 3, "0123456789abcdefABCDEF") : 0;
		int point = digits >= 2 && digits <= 6 && in[3 + digits] == '}'
		                ? hex_value(in + 3, digits)
		                : -1;
		if (point < 0x20 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
			*out++ = *in++;
			continue;
		}
		in += 4 + digits;
		if (point < 0x80) {
			*out++ = (char)point;
		} else if (point < 0x800) {
			*out++ = (char)(0xc0 | point >> 6);
			*out++ = (char)(0x80 | (point & 0x3f));
		} else if (point < 0x10000) {
			*out++ = (char)(0xe0 | point >> 12);
			*out++ = (char)(0x80 | (point >> 6 & 0x3f));
			*out++ = (char)(0x80 | (point & 0x3f));
		} else {
			*out++ = (char)(0xf0 | point >> 18);
			*out++ = (char)(0x80 | (point >> 12 & 0x3f));
			*out++ = (char)(0x80 | (point >> 6 & 0x3f));
			*out++ = (char)(0x80 | (point & 0x3f));
		}
	}
	*out = '\0';
	return text;
}

/* The address of a recipient field; "" if it has none. */
static const char *read_address(struct dsn *dsn, const char *value)
{
	struct span type;

	if (!value)
		return "";
	const char *text = fields_typed(value, &type);
	size_t len = strlen(text);
	if (text[0] == '<' && memchr(text, '>', len)) {
		text++;
		len = strcspn(text, ">");
	}
	len = strcspn(text, " \t") < len ? strcspn(text, " \t") : len;
	char *address = arena_strndup(dsn->arena, text, len);
	if (type.len == 5 && strncasecmp(type.data, "utf-8", 5) == 0)
		decode_utf8_address(address);
	return address;
}

static const char *read_name(struct dsn *dsn, const char *value)
{
	struct span type;

	if (!value)
		return "";
	const char *text = fields_typed(value, &type);
	return arena_strndup(dsn->arena, text, strcspn(text, " ("));
}

/* "5.1.1 (bad destination mailbox)"; "" if it is none. */
static const char *read_code(struct dsn *dsn, const char *value)
{
	size_t len = value ? strspn(value, "0123456789.") : 0;

	return len >= 5 && len <= 9 && strchr("245", value[0]) && value[1] == '.'
	           ? arena_strndup(dsn->arena, value, len)
	           : "";
}

/* The words behind it: some say there what belongs into a Diagnostic-Code. */
static const char *read_comment(struct dsn *dsn, const char *value)
{
	const char *begin = value ? strchr(value, '(') : NULL;
	const char *end = begin ? strrchr(begin, ')') : NULL;

	return end ? arena_strndup(dsn->arena, begin + 1, (size_t)(end - begin - 1)) : "";
}

/* Names of delivery programs stand where a domain should: `bob@ims-ms-daemon`. */
static bool has_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at && strchr(at, '.');
}

static enum dsn_action action_of_status(const char *status)
{
	return status[0] == '5' ? DSN_FAILED : status[0] == '4' ? DSN_DELAYED : DSN_UNKNOWN;
}

static void read_recipient(struct dsn *dsn, const struct field *fields, size_t count)
{
	const char *final = read_address(dsn, fields_get(fields, count, "Final-Recipient"));
	const char *original = read_address(dsn, fields_get(fields, count, "Original-Recipient"));
	const char *actual = read_address(dsn, fields_get(fields, count, "X-Actual-Recipient"));
	const char *diagnostic = fields_get(fields, count, "Diagnostic-Code");
	struct dsn_recipient *recipient = report_add_recipient(dsn);

	if (!recipient)
		return;
	/* Some put a host or nothing where the address belongs. */
	const char *address = has_domain(final) ? final
	                      : original[0]     ? original
	                      : actual[0]       ? actual
	                                        : final;
	recipient->address = address;
	recipient->original = strcasecmp(original, address) == 0 ? "" : original;
	recipient->status = read_code(dsn, fields_get(fields, count, "Status"));
	recipient->action = read_action(fields_get(fields, count, "Action"));
	if (!recipient->action)
		recipient->action = action_of_status(recipient->status);
	recipient->diagnostic = copy(dsn, diagnostic);
	if (!recipient->diagnostic[0])
		recipient->notice = read_comment(dsn, fields_get(fields, count, "Status"));
	recipient->remote_mta = read_name(dsn, fields_get(fields, count, "Remote-MTA"));
	recipient->retry_until = copy(dsn, fields_get(fields, count, "Will-Retry-Until"));
}

static bool is_about_a_recipient(const struct field *fields, size_t count)
{
	return fields_get(fields, count, "Final-Recipient") ||
	       fields_get(fields, count, "Original-Recipient") ||
	       (fields_get(fields, count, "Action") && fields_get(fields, count, "Status"));
}

static void read_status(struct dsn *dsn, const char *text)
{
	struct field fields[MAX_FIELDS];
	size_t count;

	while ((count = fields_next_group(&text, fields, dsn->arena)) > 0) {
		if (!dsn->reporting_mta[0])
			dsn->reporting_mta =
			    read_name(dsn, fields_get(fields, count, "Reporting-MTA"));
		if (is_about_a_recipient(fields, count))
			read_recipient(dsn, fields, count);
	}
}

static void read_status_part(struct dsn *dsn, const struct entity *part)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	entity_text(part, &text, MAX_STATUS_TEXT);
	read_status(dsn, strbuf_str(&text));
	strbuf_free(&text);
}

static const char *read_text(struct dsn *dsn, const struct entity *entity)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	entity_text(entity, &text, MAX_NOTICE_TEXT);
	const char *result = copy(dsn, strbuf_str(&text));
	strbuf_free(&text);
	return result;
}

/* The first text/plain at or below ENTITY, else the first text of any kind. */
static void find_notice(struct dsn *dsn, const struct entity *entity, int depth)
{
	struct span parts[MAX_PARTS];
	struct entity part;

	if (strncmp(entity->type, "multipart/", 10) == 0 && depth < DSN_MAX_DEPTH) {
		size_t count = entity_parts(entity, parts, MAX_PARTS);
		for (size_t i = 0; i < count && !dsn->notice_is_plain; i++) {
			entity_open(&part, parts[i], dsn->arena);
			find_notice(dsn, &part, depth + 1);
		}
	} else if (strcmp(entity->type, "text/plain") == 0) {
		dsn->notice = read_text(dsn, entity);
		dsn->notice_is_plain = true;
	} else if (strcmp(entity->type, "text/html") == 0 && !dsn->notice[0]) {
		dsn->notice = notice_from_html(read_text(dsn, entity), dsn->arena);
	}
}

static bool is_status_type(const char *type)
{
	return strcmp(type, "message/delivery-status") == 0 ||
	       strcmp(type, "message/global-delivery-status") == 0;
}

static bool is_returned_type(const char *type)
{
	static const char *const types[] = {"message/rfc822", "message/global",
	    "text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header",
	    "message/global-headers"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* What the returned message in PART tells of its writer's languages. */
static void read_returned(struct dsn *dsn, const struct entity *part)
{
	struct entity returned;

	entity_open(&returned, part->body, dsn->arena);
	dsn->languages = copy(dsn, entity_header(&returned, "Accept-Language"));
	if (!dsn->languages[0])
		dsn->languages = copy(dsn, entity_header(&returned, "Content-Language"));
}

/* The multipart at DEPTH has the delivery-status part STATUS; FIRST is its first part. */
static void read_report(
    struct dsn *dsn, int depth, const struct entity *first, const struct entity *status)
{
	dsn->is_report = true;
	dsn->depth = (size_t)depth + 1;
	dsn->boundary = dsn->boundaries[depth];
	dsn->first_part = first->whole;
	dsn->first_is_status = first == status;
	if (!dsn->first_is_status) {
		dsn->first_is_plain = strcmp(first->type, "text/plain") == 0 &&
		                      entity_is_readable(first) &&
		                      first->body.len <= MAX_NOTICE_TEXT;
		find_notice(dsn, first, 0);
	}
	read_status_part(dsn, status);
}

/* Finds the multipart that has a delivery-status part; true if ENTITY or one below is it. */
static bool find_report(struct dsn *dsn, const struct entity *entity, int depth)
{
	struct span spans[MAX_PARTS];
	struct entity parts[MAX_PARTS];
	const struct entity *status = NULL, *returned = NULL;
	size_t opened = 0;
	bool found = false;

	if (strncmp(entity->type, "multipart/", 10) != 0)
		return false;
	size_t count = entity_parts(entity, spans, MAX_PARTS);
	if (count > 0)
		dsn->boundaries[depth] = copy(dsn, entity->boundary);
	while (opened < count && !found) {
		struct entity *part = &parts[opened];
		entity_open(part, spans[opened++], dsn->arena);
		if (!status && is_status_type(part->type))
			status = part;
		else if (!returned && is_returned_type(part->type))
			returned = part;
		else if (depth < DSN_MAX_DEPTH && !status)
			found = find_report(dsn, part, depth + 1);
	}
	if ((found || status) && strcmp(entity->type, "multipart/signed") == 0)
		dsn->is_signed = true;
	if (!found && status) {
		read_report(dsn, depth, &parts[0], status);
		if (returned)
			read_returned(dsn, returned);
		found = true;
	}
	return found;
}

/* Recipients that only the notice tells. */
static void read_notice(struct dsn *dsn, const struct entity *message)
{
	/* The bounce's own addresses, which its text may name as well. */
	const char *own[] = {copy(dsn, entity_header(message, "To")),
	    copy(dsn, entity_header(message, "From")), NULL};
	const char *failed = copy(dsn, entity_header(message, "X-Failed-Recipients"));

	notice_find_recipients(dsn, dsn->notice, failed, own, dsn->arena);
}

/* A message without a delivery-status part: all in one text, or with parts that can't be told apart
 * since its boundary is not the one that its header names. */
static void read_plain(struct dsn *dsn, const struct entity *message)
{
	find_notice(dsn, message, 0);
	if (!dsn->notice[0])
		dsn->notice = read_text(dsn, message);
	const char *status = strcasestr(dsn->notice, "\nReporting-MTA:");
	if (status)
		read_status(dsn, status);
	dsn->notice = arena_strndup(dsn->arena, dsn->notice, notice_end(dsn->notice));
}

/* List software refuses in its own name, with an envelope sender of its own. */
static bool is_from_a_list(const struct entity *message)
{
	static const struct {
		const char *header, *subject;
	} lists[] = {{"X-List-Administrivia", " rejected"}, {"X-MLServer", " are not member"}};
	const char *subject = entity_header(message, "Subject");

	for (size_t i = 0; subject && i < sizeof(lists) / sizeof(lists[0]); i++)
		if (entity_header(message, lists[i].header) &&
		    strcasestr(subject, lists[i].subject))
			return true;
	return false;
}

/* Does the From name say so? A null sender alone is also that of an automatic answer. */
static bool is_signed_by_a_mail_system(const struct entity *message)
{
	static const char *const words[] = {"mailer-daemon", "mail delivery", "postmaster",
	    "maildaemon", "mail administrator", "mail-daemon", "delivery subsystem",
	    "mailerdaemon"};
	const char *from = entity_header(message, "From");

	for (size_t i = 0; from && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(from, words[i]))
			return true;
	return entity_header(message, "X-Failed-Recipients") != NULL;
}

static bool is_from_a_mail_system(const struct entity *message)
{
	const char *path = entity_header(message, "Return-Path");

	return (path && strcmp(path, "<>") == 0) || is_signed_by_a_mail_system(message) ||
	       is_from_a_list(message);
}

/* Text that is not encoded, in letters that are known. */
static enum extendable how_extendable(const struct entity *message)
{
	if (strcmp(message->type, "text/plain") != 0 || message->encoding != ENCODING_IDENTITY ||
	    !is_signed_by_a_mail_system(message))
		return EXTENDABLE_NOT;
	if (!message->charset || strcasecmp(message->charset, "us-ascii") == 0)
		return EXTENDABLE_ASCII;
	if (strcasecmp(message->charset, "utf-8") != 0)
		return EXTENDABLE_NOT;
	/* 7bit is what no such field means. */
	const char *encoding = entity_header(message, "Content-Transfer-Encoding");
	return encoding && strcasecmp(encoding, "8bit") == 0 ? EXTENDABLE_UTF8 : EXTENDABLE_ASCII;
}

/* What the notice says of RECIPIENT, in front of what is there. */
static void add_notice(struct dsn *dsn, struct dsn_recipient *recipient)
{
	struct strbuf text;

	strbuf_init(&text, 0);
	strbuf_addstr(&text, notice_about(dsn->notice, recipient->address, dsn->arena));
	strbuf_addstr(&text, recipient->notice);
	recipient->notice = copy(dsn, strbuf_str(&text));
	strbuf_free(&text);
}

struct dsn *dsn_read(const char *message, size_t len)
{
	struct dsn *dsn = mem_calloc(1, sizeof(*dsn));
	struct entity entity;

	dsn->arena = arena_create();
	dsn->message = (struct span){message, len};
	dsn->notice = dsn->languages = dsn->reporting_mta = dsn->boundary = "";
	entity_open(&entity, dsn->message, dsn->arena);
	dsn->body = entity.body;
	dsn->is_annotated = entity_header(&entity, DSN_MARK) != NULL;
	bool is_bounce = find_report(dsn, &entity, 0);
	if (!is_bounce && (is_bounce = is_from_a_mail_system(&entity))) {
		dsn->extendable = how_extendable(&entity);
		read_plain(dsn, &entity);
	}
	dsn->is_guessed = dsn->count == 0;
	if (is_bounce && dsn->is_guessed)
		read_notice(dsn, &entity);
	/* A text of so many recipients is no longer one that somebody reads. */
	for (size_t i = 0; i < dsn->count && dsn->count <= MAX_NOTICED && !dsn->is_guessed; i++)
		add_notice(dsn, &dsn->recipients[i]);
	return dsn;
}

void dsn_free(struct dsn **dsn)
{
	if (!*dsn)
		return;
	free((*dsn)->recipients);
	arena_free(&(*dsn)->arena);
	free(*dsn);
	*dsn = NULL;
}

bool dsn_is_report(const struct dsn *dsn)
{
	return dsn->is_report;
}

size_t dsn_recipient_count(const struct dsn *dsn)
{
	return dsn->count;
}

const struct dsn_recipient *dsn_recipient(const struct dsn *dsn, size_t i)
{
	return &dsn->recipients[i];
}

const char *dsn_reporting_mta(const struct dsn *dsn)
{
	return dsn->reporting_mta;
}

const char *dsn_action_name(enum dsn_action action)
{
	return action_names[action];
}
