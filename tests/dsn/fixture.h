/* fixture.h - reports, and what the tests of bounces do with them. */
#ifndef TESTS_DSN_FIXTURE_H
#define TESTS_DSN_FIXTURE_H

#include "../unit.h"

#include "explain/dsn.h"
#include "explain/engine.h"
#include "explain/problems.h"
#include "explain/strbuf.h"

static const struct profile_settings profile = {.name = (char *)"default",
    .contact = (char *)"postmaster@example.org",
    .help_url = (char *)"https://example.org/why/{cause}",
    .language = (char *)"en",
    .width = 78,
    .max_lines = 4,
    .max_octets = 480};

/* With the real catalogue, since bounces are for its rules. */
static inline struct engine *load(void)
{
	static const char *const dirs[] = {"conf/catalog", NULL};
	struct problems *problems = problems_create();
	struct engine_settings settings = {.catalog_dirs = dirs,
	    .cache_dir = "build/cache",
	    .site = "example.org",
	    .profiles = &profile,
	    .profile_count = 1,
	    .at_once = true};
	struct engine *engine = engine_create(&settings, problems);

	ck_assert_ptr_nonnull(engine);
	problems_free(&problems);
	return engine;
}

static inline struct dsn *read_text(const char *text)
{
	return dsn_read(text, strlen(text));
}

#define HEAD                                                                                       \
	"From: MAILER-DAEMON@mx.example.net\nTo: alice@example.org\nSubject: Undelivered\n"        \
	"MIME-Version: 1.0\n"
#define REPORT(notice, status, rest)                                                               \
	HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"     \
	     "preamble\n--b\n" notice "\n--b\nContent-Type: message/delivery-status\n\n" status    \
	     "\n--b\n" rest "\n--b--\nepilogue\n"
#define NOTICE "Content-Type: text/plain\n\nIt failed.\n"
#define RETURNED "Content-Type: message/rfc822\n\nSubject: hi\n\ntext\n"
#define MTA "Reporting-MTA: dns; mx.example.net\n\n"

static const char *const english[] = {"en", NULL};

static inline int annotate(const struct engine *engine, const char *text, size_t len,
    const char *const *languages, struct strbuf *out)
{
	static const char *const domains[] = {"gmail.com", "gmx.de", NULL};
	struct dsn *dsn = dsn_read(text, len);
	struct dsn_options options = {.engine = engine,
	    .profile = engine_profile(engine, "", 0),
	    .languages = languages,
	    .known_domains = domains,
	    .ref = "7Q2K-M4RX"};
	int result = dsn_annotate(dsn, &options, out);

	dsn_free(&dsn);
	return result;
}

static inline bool has(const struct strbuf *out, const char *words)
{
	return strstr(strbuf_str(out), words) != NULL;
}

#define FAILED                                                                                     \
	MTA "Final-Recipient: rfc822;bob@example.net\nAction: failed\nStatus: 5.2.2\n"             \
	    "Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\n"

#endif
