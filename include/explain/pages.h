#ifndef EXPLAIN_PAGES_H
#define EXPLAIN_PAGES_H

#include <stddef.h>

struct engine;

struct pages_settings {
	const char *templates; /* directory with layout.html, style.css, site.js, search.js */
	const char *version;   /* what made the pages */
};

struct pages_result {
	size_t languages, pages; /* pages: HTML files */
	size_t largest;          /* octets of the largest of them */
};

/* Writes the help site for ENGINE's catalogue into the directory OUTDIR, which is made if it is not
 * there; files of the same names are replaced, each at once, so that a web server can read
 * meanwhile, and other files are left alone. Site and contact come from the engine's default
 * profile. The site needs no server: links are relative, and everything that it loads is in OUTDIR:
 *   index.html             leads to the reader's language
 *   CAUSE/index.html       the same for one cause: what help_url names
 *   LANG/index.html        search, and all causes by situation
 *   LANG/CAUSE.html        one cause
 *   LANG/codes.html        causes by code
 * Returns 0, or -1 with a sentence in *ERROR that the caller frees. */
int pages_write(const struct engine *engine, const struct pages_settings *settings,
    const char *outdir, struct pages_result *result, char **error);

#endif
