/* internal.h - what the files of dsn/ share. */
#ifndef DSN_INTERNAL_H
#define DSN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct dsn;
struct strbuf;

/* Octets of the message, which stay where they are. */
struct span {
	const char *data;
	size_t len;
};

enum encoding { ENCODING_IDENTITY, ENCODING_QUOTED_PRINTABLE, ENCODING_BASE64, ENCODING_UNKNOWN };

/* A MIME entity (RFC 2045): where it stands, and what its header says of it. */
struct entity {
	struct span whole, body;
	struct span header;   /* as much of it as is read */
	struct arena *arena;  /* for values */
	const char *type;     /* "multipart/report", lower case; "text/plain" if there is none */
	const char *boundary; /* NULL: none, or none that all readers agree on */
	const char *charset;  /* NULL: none */
	enum encoding encoding;
};

/* entity.c */

/* Reads the header fields of the entity in WHOLE. ARENA keeps its strings. */
void entity_open(struct entity *entity, struct span whole, struct arena *arena);
/* A header field's value on one line, as UTF-8, its beginning if it is long; NULL if there is none.
 */
const char *entity_header(const struct entity *entity, const char *name);
/* The parts of a multipart entity, at most MAX, without the delimiters. */
size_t entity_parts(const struct entity *entity, struct span *parts, size_t max);
/* Are its encoding and its character set known? */
bool entity_is_readable(const struct entity *entity);
/* Appends the body, decoded and in UTF-8, with LF as line end, at most MAX octets of it. */
void entity_text(const struct entity *entity, struct strbuf *out, size_t max);

/* fields.c: header-like fields of a message/delivery-status (RFC 3464 section 2.1). */

#define MAX_FIELDS 40

struct field {
	const char *name, *value; /* unfolded, trimmed */
};

/* Reads the next group of fields from *TEXT, which moves on. Returns how many, 0 at the end. */
size_t fields_next_group(const char **text, struct field fields[MAX_FIELDS], struct arena *arena);
/* NULL if there is none; the first one if there are several. */
const char *fields_get(const struct field *fields, size_t count, const char *name);
/* What stands behind `rfc822;` or another type (RFC 3464 section 2.1.2), and the type, or "" if
 * none. */
const char *fields_typed(const char *value, struct span *type);

/* choose.c: does RULE look at more than numbers? */
struct rule;
bool choose_has_words(const struct rule *rule);

/* notice.c: what the part for humans says, where the other part is missing or poor. */

/* Adds the recipients that FAILED (X-Failed-Recipients) lists or, if it is "", that TEXT names as
 * failed to DSN. OWN: texts with addresses that are not meant (the bounce's own From and To),
 * NULL-terminated. */
void notice_find_recipients(struct dsn *dsn, const char *text, const char *failed,
    const char *const *own, struct arena *arena);
/* The lines of TEXT about ADDRESS: a line of its own for each place; "" if there are none. */
const char *notice_about(const char *text, const char *address, struct arena *arena);
/* How much of TEXT stands before the copy of the returned message. */
size_t notice_end(const char *text);
/* The text of HTML. */
const char *notice_from_html(const char *html, struct arena *arena);

#endif
