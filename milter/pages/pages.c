/* pages.c - writes the help site: one file a cause and language, the indexes, and what they load.
 */
#include "explain/pages.h"

#include "pages.h"

#include "explain/engine.h"
#include "explain/mem.h"
#include "explain/profile.h"
#include "explain/strbuf.h"
#include "explain/vars.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_TEMPLATE ((size_t)1 << 20)

struct writer {
	const struct site *site;
	const char *templates, *outdir;
	struct pages_result *result;
	char **error;
	bool failed;
};

static void fail(struct writer *writer, const char *what, const char *path)
{
	if (!writer->failed)
		*writer->error = mem_printf("%s: %s: %s", path, what, strerror(errno));
	writer->failed = true;
}

static void make_directory(struct writer *writer, const char *name)
{
	char *path = mem_printf("%s%s%s", writer->outdir, name[0] ? "/" : "", name);

	if (!writer->failed && mkdir(path, 0755) < 0 && errno != EEXIST)
		fail(writer, "the directory can't be made", path);
	free(path);
}

/* Beside its place and then renamed, so that no reader sees half a file. */
static void write_file(struct writer *writer, const char *name, const char *data, size_t len)
{
	char *path = mem_printf("%s/%s", writer->outdir, name);
	char *temporary = mem_printf("%s.new", path);
	FILE *stream = writer->failed ? NULL : fopen(temporary, "w");

	if (stream) {
		bool written = fwrite(data, 1, len, stream) == len;
		if (fclose(stream) != 0 || !written || rename(temporary, path) < 0) {
			fail(writer, "can't be written", path);
			unlink(temporary);
		}
	} else {
		fail(writer, "can't be written", path);
	}
	free(temporary);
	free(path);
}

/* A whole file, with a NUL behind it. */
static char *read_template(struct writer *writer, const char *name, size_t *len)
{
	char *path = mem_printf("%s/%s", writer->templates, name);
	char *data = mem_calloc(MAX_TEMPLATE + 2, 1);
	FILE *stream = fopen(path, "r");

	*len = stream ? fread(data, 1, MAX_TEMPLATE + 1, stream) : 0;
	if (!stream || ferror(stream)) {
		fail(writer, "can't be read", path);
	} else if (*len > MAX_TEMPLATE) {
		errno = EFBIG;
		fail(writer, "can't be read", path);
	}
	if (stream)
		fclose(stream);
	free(path);
	return data;
}

static void copy_asset(struct writer *writer, const char *name)
{
	size_t len;
	char *data = read_template(writer, name, &len);

	write_file(writer, name, data, len);
	free(data);
}

static void write_page(struct writer *writer, const char *name, const struct page *page)
{
	struct strbuf html;

	strbuf_init(&html, 0);
	html_page(&html, writer->site, page);
	write_file(writer, name, html.data, html.len);
	writer->result->pages++;
	if (html.len > writer->result->largest)
		writer->result->largest = html.len;
	strbuf_free(&html);
}

/* LANG/NAME.html with BODY. */
static void write_in_language(
    struct writer *writer, int language, const char *name, char *title, struct strbuf *body)
{
	static const char search[] = "<script src=\"../rules.js\" defer></script>\n"
	                             "<script src=\"../search.js\" defer></script>\n";
	const char *code = catalog_language_code(writer->site->catalog, language);
	char *file = mem_printf("%s/%s.html", code, name);
	char *path = mem_printf("%s.html", name);
	struct page page = {.language = language,
	    .root = "../",
	    .title = title,
	    .path = path,
	    .head = strcmp(name, "index") == 0 ? search : NULL,
	    .body = body};

	write_page(writer, file, &page);
	strbuf_reset(body);
	free(path);
	free(file);
}

static void write_language(struct writer *writer, int language)
{
	const struct site *site = writer->site;
	struct strbuf body;
	char *heading = mem_strdup(catalog_page_text(site->catalog, language, PAGE_HEADING));
	char *codes = mem_strdup(catalog_page_text(site->catalog, language, PAGE_CODES));

	strbuf_init(&body, 0);
	make_directory(writer, catalog_language_code(site->catalog, language));
	body_index(&body, site, language);
	write_in_language(writer, language, "index", heading, &body);
	body_codes(&body, site, language);
	write_in_language(writer, language, "codes", codes, &body);
	for (size_t i = 0; i < site->cause_count && !writer->failed; i++) {
		const struct cause *cause = site->causes[i];
		char *title = page_title(site, cause, language);
		body_cause(&body, site, cause, language);
		write_in_language(writer, language, cause->id, title, &body);
		free(title);
	}
	writer->result->languages++;
	strbuf_free(&body);
	free(codes);
	free(heading);
}

/* The address that help_url names, in whatever language the reader's browser prefers. */
static void write_entry(struct writer *writer, const struct cause *cause)
{
	const struct site *site = writer->site;
	struct strbuf body;
	char *file = cause ? mem_printf("%s/index.html", cause->id) : mem_strdup("index.html");
	char *path = mem_printf("%s.html", cause ? cause->id : "index");
	char *title = cause ? page_title(site, cause, 0)
	                    : mem_strdup(catalog_page_text(site->catalog, 0, PAGE_TITLE));
	struct page page = {
	    .root = cause ? "../" : "", .title = title, .path = path, .body = &body};

	strbuf_init(&body, 0);
	if (cause)
		make_directory(writer, cause->id);
	body_entry(&body, site, cause);
	write_page(writer, file, &page);
	strbuf_free(&body);
	free(title);
	free(path);
	free(file);
}

static void write_site(struct writer *writer)
{
	static const char *const assets[] = {"style.css", "site.js", "search.js"};
	const struct site *site = writer->site;
	struct strbuf data;

	make_directory(writer, "");
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]) && !writer->failed; i++)
		copy_asset(writer, assets[i]);
	strbuf_init(&data, 0);
	search_data(&data, site->catalog);
	if (!writer->failed)
		write_file(writer, "rules.js", data.data, data.len);
	strbuf_free(&data);
	for (int i = 0; i < catalog_language_count(site->catalog) && !writer->failed; i++)
		write_language(writer, i);
	for (size_t i = 0; i < site->cause_count && !writer->failed; i++)
		write_entry(writer, site->causes[i]);
	if (!writer->failed)
		write_entry(writer, NULL);
}

int pages_write(const struct engine *engine, const struct pages_settings *settings,
    const char *outdir, struct pages_result *result, char **error)
{
	const struct catalog *catalog = engine_catalog(engine);
	const struct profile *profile = engine_profile(engine, "", 0);
	size_t count, len;
	const struct cause *causes = catalog_causes(catalog, &count);
	const struct cause **order = mem_calloc(count + 1, sizeof(*order));
	struct site site = {.catalog = catalog,
	    .profile = profile,
	    .version = settings->version,
	    .causes = order,
	    .cause_count = count,
	    .vars = vars_create()};
	struct writer writer = {.site = &site,
	    .templates = settings->templates,
	    .outdir = outdir,
	    .result = result,
	    .error = error};

	*result = (struct pages_result){0};
	for (size_t i = 0; i < count; i++)
		order[i] = &causes[i];
	vars_set(site.vars, VAR_SITE, profile->site, strlen(profile->site));
	vars_set(site.vars, VAR_CONTACT, profile->contact, strlen(profile->contact));
	site.layout = read_template(&writer, "layout.html", &len);
	if (!writer.failed)
		write_site(&writer);
	free(site.layout);
	vars_free(&site.vars);
	free(order);
	return writer.failed ? -1 : 0;
}
