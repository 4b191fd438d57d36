/* config_test.c - explain-milter.yaml: every key, right and wrong, and all mistakes at once. */
#include "../catalog/tree.h"
#include "../unit.h"

#include "explain/config.h"
#include "explain/mem.h"
#include "explain/problems.h"

static struct config *load(const char *text, struct problems *problems)
{
	const char *file = tree_path("etc/explain-milter.yaml");

	tree_write(file, text);
	return config_load(file, problems);
}

static void show(const struct problems *problems)
{
	for (size_t i = 0; i < problems_count(problems); i++)
		fprintf(stderr, "  %s\n", problems_get(problems, i));
}

static struct config *load_good(const char *text)
{
	struct problems *problems = problems_create();
	struct config *config = load(text, problems);

	show(problems);
	ck_assert_msg(config != NULL, "%s", text);
	problems_free(&problems);
	return config;
}

static void check_defaults(const struct config *config)
{
	ck_assert(!config->has_milter);
	ck_assert_uint_eq(config->socket_count, 0);
	ck_assert_uint_eq(config->socket_mode, 0660);
	ck_assert_ptr_null(config->socket_group);
	ck_assert_uint_eq(config->max_clients, 2000);
	ck_assert_int_eq(config->mta, MTA_POSTFIX);
	ck_assert_ptr_null(config->user);
	ck_assert_ptr_nonnull(config->catalog[0]);
	ck_assert_ptr_nonnull(config->cache);
	ck_assert_str_ne(config->site, "");
	ck_assert_uint_eq(config->profile_count, 1);
	ck_assert_str_eq(config->profiles[0].name, "default");
	ck_assert_str_eq(config->profiles[0].language, "en");
	ck_assert_uint_eq(config->profiles[0].width, 78);
	ck_assert_uint_eq(config->profiles[0].max_lines, 4);
	ck_assert_uint_eq(config->profiles[0].max_octets, 480);
	ck_assert(!config->profiles[0].internal);
	ck_assert(!config->profiles[0].single);
	ck_assert_ptr_null(config->profiles[0].help_url);
	char *contact = mem_printf("postmaster@%s", config->site);
	ck_assert_str_eq(config->profiles[0].contact, contact);
	free(contact);
	const struct bounce_settings *bounces = &config->bounces;
	ck_assert(bounces->inbound && bounces->internal && bounces->follow_message);
	ck_assert_str_eq(bounces->languages.items[0], "en");
	ck_assert_ptr_null(bounces->languages.items[1]);
	ck_assert_uint_eq(bounces->domain_count, 0);
	ck_assert_uint_eq(bounces->max_size, (size_t)10 << 20);
	ck_assert_str_eq(bounces->profile, "default");
	ck_assert_ptr_nonnull(bounces->known_domains);
	ck_assert_str_eq(bounces->known_domains[0], "gmail.com");
}

START_TEST(test_defaults)
{
	struct problems *problems = problems_create();
	struct config *config = config_load(NULL, problems);

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(problems_count(problems), 0);
	ck_assert_ptr_null(config->file);
	check_defaults(config);
	config_free(&config);
	ck_assert_ptr_null(config);
	config_free(&config);
	problems_free(&problems);
	static const char *const empty[] = {"", "\n", "# nothing\n", "---\n", "# a\n\n  # b"};
	for (size_t i = 0; i < COUNT(empty); i++) {
		config = load_good(empty[i]);
		check_defaults(config);
		config_free(&config);
	}
}
END_TEST

START_TEST(test_everything)
{
	struct config *config = load_good(
	    "milter: inet:8891@127.0.0.1\n"
	    "socketmap: [unix:/run/map.sock, \"inet:11444@127.0.0.1\", \"inet6:11444@::1\"]\n"
	    "socket_mode: \"0600\"\n"
	    "socket_group: postfix\n"
	    "max_clients: 50\n"
	    "workers: 3\n"
	    "mta: sendmail\n"
	    "user: explain\n"
	    "log: stderr\n"
	    "catalog: [/etc/catalog.d, sub/catalog, ../other]\n"
	    "cache: cache\n"
	    "site: mx.example.org\n"
	    "profiles:\n"
	    "  internal: {audience: internal, contact: \"Helpdesk, ext. 4357\", max_lines: 6}\n"
	    "  default: {help_url: \"https://example.org/{cause}\", width: 70, language: de, "
	    "max_octets: 300}\n"
	    "  narrow: {layout: single, audience: external, width: 40}\n");
	char *dir = mem_strdup(tree_path("etc"));
	char *path = mem_printf("%s/sub/catalog", dir), *cache = mem_printf("%s/cache", dir);

	ck_assert(config->has_milter);
	ck_assert_str_eq(config->milter.text, "inet:8891@127.0.0.1");
	ck_assert_uint_eq(config->socket_count, 3);
	ck_assert_str_eq(config->sockets[0].path, "/run/map.sock");
	ck_assert_ptr_null(config->sockets[1].path);
	ck_assert_uint_eq(config->socket_mode, 0600);
	ck_assert_str_eq(config->socket_group, "postfix");
	ck_assert_uint_eq(config->max_clients, 50);
	ck_assert_uint_eq(config->workers, 3);
	ck_assert_int_eq(config->mta, MTA_SENDMAIL);
	ck_assert_str_eq(config->user, "explain");
	ck_assert_int_eq(config->log, LOG_TO_STDERR);
	ck_assert_str_eq(config->catalog[0], "/etc/catalog.d");
	ck_assert_str_eq(config->catalog[1], path);
	ck_assert_ptr_nonnull(strstr(config->catalog[2], "/../other"));
	ck_assert_ptr_null(config->catalog[3]);
	ck_assert_str_eq(config->cache, cache);
	ck_assert_str_eq(config->site, "mx.example.org");
	ck_assert_uint_eq(config->profile_count, 3);

	/* `default` is first and the others inherit from it, wherever it stands. */
	const struct profile_settings *profile = &config->profiles[0];
	ck_assert_str_eq(profile->name, "default");
	ck_assert_str_eq(profile->contact, "postmaster@mx.example.org");
	ck_assert(!profile->internal);
	profile = &config->profiles[1];
	ck_assert_str_eq(profile->name, "internal");
	ck_assert(profile->internal);
	ck_assert_str_eq(profile->contact, "Helpdesk, ext. 4357");
	ck_assert_str_eq(profile->help_url, "https://example.org/{cause}");
	ck_assert_str_eq(profile->language, "de");
	ck_assert_uint_eq(profile->width, 70);
	ck_assert_uint_eq(profile->max_lines, 6);
	ck_assert_uint_eq(profile->max_octets, 300);
	profile = &config->profiles[2];
	ck_assert(profile->single);
	ck_assert(!profile->internal);
	ck_assert_uint_eq(profile->width, 40);
	ck_assert_uint_eq(profile->max_lines, 4);
	ck_assert_str_eq(profile->contact, "postmaster@mx.example.org");

	struct engine_settings settings = config_engine_settings(config);
	ck_assert_str_eq(settings.catalog_dirs[1], path);
	ck_assert_str_eq(settings.cache_dir, cache);
	ck_assert_str_eq(settings.site, "mx.example.org");
	ck_assert_uint_eq(settings.profile_count, 3);
	config_free(&config);
	free(dir);
	free(path);
	free(cache);
}
END_TEST

/* Boundaries and other ways to write a value. */
static const char *const good[] = {
    "milter: none\n",
    "milter: unix:/run/x.sock\n",
    "milter: local:/run/x.sock\n",
    "milter: /run/x.sock\n",
    "milter: \"inet:1@127.0.0.1\"\n",
    "milter: \"inet:65535@localhost\"\n",
    "milter: \"inet6:25@[::1]\"\n",
    "socketmap: unix:/run/x.sock\n",
    "socketmap: []\n",
    "socketmap:\n  - unix:/run/x.sock\n",
    "socket_mode: \"0\"\n",
    "socket_mode: \"0777\"\n",
    "socket_mode: 660\n",
    "max_clients: 1\n",
    "max_clients: 100000\n",
    "mta: postfix\n",
    "log: syslog\n",
    "cache: none\n",
    "cache: /var/cache/x\n",
    "catalog: /one\n",
    "profiles: {}\n",
    "profiles: {default: {}}\n",
    "profiles: {x: {}}\n",
    "profiles: {x: {width: 40, max_lines: 2, max_octets: 100}}\n",
    "profiles: {x: {width: 500, max_lines: 20, max_octets: 2000}}\n",
    "profiles: {x: {layout: multi, help_url: \"\"}}\n",
};

START_TEST(test_good)
{
	struct config *config = load_good(good[_i]);

	config_free(&config);
}
END_TEST

/* The key `bounces`, and which languages it makes for whom. */
START_TEST(test_bounces)
{
	static const struct {
		const char *asked, *reader, *first, *second;
	} cases[] = {{NULL, NULL, "en", "de"}, {NULL, "<a@example.org>", "en", "de"},
	    {NULL, "<a@example.pl>", "pl", NULL}, {NULL, "a@mail.EXAMPLE.pl", "pl", NULL},
	    {NULL, "a@deep.mail.example.pl", "pl", NULL}, {NULL, "a@fr.example.pl", "fr", "en"},
	    {NULL, "a@notexample.pl", "en", "de"}, {"ja", "a@example.pl", "ja", NULL},
	    {NULL, "nonsense", "en", "de"}, {NULL, "a@", "en", "de"}, {NULL, "", "en", "de"}};
	static const char text[] =
	    "bounces:\n  inbound: no\n  languages: [en, de]\n  max_size: 512KiB\n"
	    "  domains: {example.pl: pl, fr.example.pl: [fr, en]}\n  known_domains: own.txt\n";

	tree_write(tree_path("etc/own.txt"), "# own\n\n  example.org # ours\nexample.net\n");
	struct config *config = load_good(text);
	const struct bounce_settings *bounces = &config->bounces;
	ck_assert(!bounces->inbound && bounces->internal);
	ck_assert_uint_eq(bounces->max_size, 512 << 10);
	ck_assert_str_eq(bounces->known_domains[0], "example.org");
	ck_assert_str_eq(bounces->known_domains[1], "example.net");
	ck_assert_ptr_null(bounces->known_domains[2]);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *languages[CONFIG_MAX_LANGUAGES + 1];
		config_bounce_languages(config, cases[i].asked, cases[i].reader, languages);
		ck_assert_str_eq(languages[0], cases[i].first);
		ck_assert_pstr_eq(languages[1], cases[i].second);
		ck_assert_ptr_null(languages[2]);
	}
	config_free(&config);
	config =
	    load_good("bounces: {follow_message: off, known_domains: none, profile: default}\n");
	const char *languages[CONFIG_MAX_LANGUAGES + 1];
	config_bounce_languages(config, "ja", NULL, languages);
	ck_assert_str_eq(languages[0], "en");
	ck_assert_ptr_null(config->bounces.known_domains[0]);
	config_free(&config);
}
END_TEST

START_TEST(test_none)
{
	struct config *config = load_good("milter: none\ncache: none\n");

	ck_assert(!config->has_milter);
	ck_assert_ptr_null(config->cache);
	config_free(&config);
}
END_TEST

static const struct {
	const char *text;
	unsigned line, column;
	const char *words;
} bad[] = {
    {"siet: x\n", 1, 1, "unknown key 'siet', did you mean 'site'?"},
    {"site: x\nsocket_map: unix:/x\n", 2, 1, "unknown key 'socket_map', did you mean 'socketmap'?"},
    {"zzzzzz: 1\n", 1, 1, "unknown key 'zzzzzz'"},
    {"milter: tcp:25\n", 1, 9, "milter: "},
    {"milter: \"inet:0@127.0.0.1\"\n", 1, 10, "port must be a number from 1 to 65535"},
    {"milter: \"inet:65536@127.0.0.1\"\n", 1, 10, "port must be a number"},
    {"milter: \"inet:25@mail.example.org\"\n", 1, 10, "host must be an IPv4 address"},
    {"milter: [unix:/x]\n", 1, 10, "milter: must be a text"},
    {"milter: \"unix:\"\n", 1, 10, "milter: "},
    {"bounces: yes\n", 1, 10, "bounces: must be keys with values"},
    {"bounces: {inbound: maybe}\n", 1, 20, "inbound: must be yes or no"},
    {"bounces: {inbund: yes}\n", 1, 11, "inbound"},
    {"bounces: {languages: []}\n", 1, 11, "languages: needs at least one language"},
    {"bounces: {languages: [a, b, c, d, e]}\n", 1, 35, "languages: at most four"},
    {"bounces: {max_size: 10MB}\n", 1, 21, "max_size: must be a size"},
    {"bounces: {max_size: 1000000MiB}\n", 1, 21, "max_size: must be a size"},
    {"bounces: {max_size: -1}\n", 1, 21, "max_size: must be a size"},
    {"bounces: {domains: de}\n", 1, 20, "domains: must be domains with their languages"},
    {"bounces: {known_domains: /nowhere}\n", 1, 26, "known_domains: /nowhere: No such file"},
    {"bounces: {profile: \"\"}\n", 1, 21, "profile: must be a text"},
    {"socketmap: nonsense\n", 1, 12, "socketmap: nonsense: expected unix:/path"},
    {"socketmap:\n  - unix:/x\n  - foo\n", 3, 5, "socketmap: foo: expected"},
    {"socketmap: {a: b}\n", 1, 13, "socketmap: must be a text"},
    {"socket_mode: \"0888\"\n", 1, 15, "must be an octal number from 0 to 777"},
    {"socket_mode: \"01000\"\n", 1, 15, "must be an octal number"},
    {"socket_mode: rw\n", 1, 14, "must be an octal number"},
    {"socket_mode: -1\n", 1, 14, "must be an octal number"},
    {"socket_group: [x]\n", 1, 16, "socket_group: must be a text"},
    {"max_clients: 0\n", 1, 14, "must be a number from 1 to 100000"},
    {"workers: 0\n", 1, 10, "must be a number from 1 to 64"},
    {"workers: 65\n", 1, 10, "must be a number"},
    {"max_clients: 100001\n", 1, 14, "must be a number"},
    {"max_clients: 99999999999999999999999\n", 1, 14, "must be a number"},
    {"max_clients: 10k\n", 1, 14, "must be a number"},
    {"max_clients: +5\n", 1, 14, "must be a number"},
    {"mta: exim\n", 1, 6, "mta: must be postfix or sendmail"},
    {"mta: Postfix\n", 1, 6, "mta: must be postfix or sendmail"},
    {"user: {a: b}\n", 1, 8, "user: must be a text"},
    {"log: file\n", 1, 6, "log: must be syslog or stderr"},
    {"catalog: []\n", 1, 1, "catalog: needs at least one directory"},
    {"cache: [x]\n", 1, 9, "cache: must be a text"},
    {"site: [x]\n", 1, 8, "site: must be a text"},
    {"site:\n", 1, 1, "site: must not be empty"},
    {"site: \"\"\n", 1, 8, "site: must not be empty"},
    {"profiles: x\n", 1, 11, "profiles: must be names with their settings"},
    {"profiles: {default: x}\n", 1, 12, "a profile needs a name and settings"},
    {"profiles: {a: [b]}\n", 1, 12, "a profile needs a name and settings"},
    {"profiles: {a: {audiens: internal}}\n", 1, 16,
        "unknown key 'audiens', did you mean 'audience'?"},
    {"profiles: {a: {audience: users}}\n", 1, 26, "audience: must be external or internal"},
    {"profiles: {a: {layout: wide}}\n", 1, 24, "layout: must be multi or single"},
    {"profiles: {a: {width: 39}}\n", 1, 23, "width: must be a number from 40 to 500"},
    {"profiles: {a: {width: 501}}\n", 1, 23, "width: must be a number"},
    {"profiles: {a: {max_lines: 1}}\n", 1, 27, "max_lines: must be a number from 2 to 20"},
    {"profiles: {a: {max_lines: 21}}\n", 1, 27, "max_lines: must be a number"},
    {"profiles: {a: {max_octets: 99}}\n", 1, 28, "max_octets: must be a number from 100 to 2000"},
    {"profiles: {a: {max_octets: 2001}}\n", 1, 28, "max_octets: must be a number"},
    {"profiles: {default: {width: x}}\n", 1, 29, "width: must be a number"},
    {"profiles: {a: {contact: [x]}}\n", 1, 26, "contact: must be a text"},
    {"- site: x\n", 1, 3, "configuration: must be keys with values"},
    {"hello\n", 1, 1, "configuration: must be keys with values"},
};

START_TEST(test_bad)
{
	struct problems *problems = problems_create();
	struct config *config = load(bad[_i].text, problems);
	char *place = mem_printf("/etc/explain-milter.yaml:%u:%u: ", bad[_i].line, bad[_i].column);

	if (config || problems_count(problems) != 1 || !strstr(problems_get(problems, 0), place) ||
	    !strstr(problems_get(problems, 0), bad[_i].words)) {
		fprintf(stderr, "%swant %s %s\n", bad[_i].text, place, bad[_i].words);
		show(problems);
	}
	ck_assert_ptr_null(config);
	ck_assert_uint_eq(problems_count(problems), 1);
	ck_assert_ptr_nonnull(strstr(problems_get(problems, 0), place));
	ck_assert_ptr_nonnull(strstr(problems_get(problems, 0), bad[_i].words));
	free(place);
	problems_free(&problems);
}
END_TEST

START_TEST(test_all_mistakes)
{
	static const char text[] = "milter: foo\n"
	                           "socketmap: [bar, unix:/x, baz]\n"
	                           "max_clients: 0\n"
	                           "nonsense: 1\n"
	                           "catalog: [{a: b}, /x, [c]]\n"
	                           "profiles:\n"
	                           "  a: {width: 1, max_lines: 1, layout: x}\n"
	                           "  b: {contakt: 1}\n"
	                           "mta: exim\n";
	static const unsigned lines[] = {1, 2, 2, 3, 4, 5, 5, 7, 7, 7, 8, 9};
	struct problems *problems = problems_create();

	ck_assert_ptr_null(load(text, problems));
	if (problems_count(problems) != COUNT(lines))
		show(problems);
	ck_assert_uint_eq(problems_count(problems), COUNT(lines));
	for (size_t i = 0; i < COUNT(lines); i++) {
		char *place = mem_printf("/etc/explain-milter.yaml:%u:", lines[i]);
		ck_assert_msg(
		    strstr(problems_get(problems, i), place), "%s", problems_get(problems, i));
		free(place);
	}
	problems_free(&problems);
}
END_TEST

/* A mistake in YAML itself is told as one, even where a list stands elsewhere in the file. */
START_TEST(test_yaml)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"site: [x\n", "YAML: "},
	    {"site: x\n\tmta: postfix\n", "YAML: "},
	    {"site: x\nsite: y\n", "YAML: "},
	    {"site: [x\nsocketmap:\n- unix:/x\n", "YAML: "},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems *problems = problems_create();
		ck_assert_ptr_null(load(cases[i].text, problems));
		bool found = false;
		for (size_t j = 0; j < problems_count(problems); j++)
			found = found || strstr(problems_get(problems, j), cases[i].words);
		if (!found || problems_count(problems) != 1) {
			fprintf(stderr, "%s", cases[i].text);
			show(problems);
		}
		ck_assert(found);
		ck_assert_uint_eq(problems_count(problems), 1);
		problems_free(&problems);
	}
}
END_TEST

START_TEST(test_no_file)
{
	struct problems *problems = problems_create();

	ck_assert_ptr_null(config_load(tree_path("etc/none.yaml"), problems));
	ck_assert_uint_eq(problems_count(problems), 1);
	ck_assert_ptr_nonnull(
	    strstr(problems_get(problems, 0), "none.yaml: cannot be read: No such file"));
	ck_assert_ptr_null(config_load(tree_dir(), problems));
	ck_assert_uint_eq(problems_count(problems), 2);
	problems_free(&problems);
}
END_TEST

/* Run from build/, programs find the tree's own file. */
START_TEST(test_default_file)
{
	char *file = config_default_file();

	if (file) {
		struct problems *problems = problems_create();
		struct config *config = config_load(file, problems);
		show(problems);
		ck_assert_ptr_nonnull(config);
		config_free(&config);
		problems_free(&problems);
	}
	free(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = unit_case(suite, "config");

	tcase_add_test(tests, test_defaults);
	tcase_add_test(tests, test_everything);
	tcase_add_loop_test(tests, test_good, 0, (int)COUNT(good));
	tcase_add_test(tests, test_bounces);
	tcase_add_test(tests, test_none);
	tcase_add_loop_test(tests, test_bad, 0, (int)COUNT(bad));
	tcase_add_test(tests, test_all_mistakes);
	tcase_add_test(tests, test_yaml);
	tcase_add_test(tests, test_no_file);
	tcase_add_test(tests, test_default_file);
	return tree_run(suite);
}
