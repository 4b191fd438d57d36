/* ctl_setup.c - explainctl setup postfix: what main.cf needs, printed, applied or taken back.
 *
 * It only ever adds one word to each list, and takes that word away again, so that what others put
 * into the same lists stays. */
#include "ctl.h"

#include "explain/command.h"
#include "explain/config.h"
#include "explain/mem.h"
#include "explain/postfix_list.h"
#include "explain/strbuf.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum mode { MODE_SHOW, MODE_APPLY, MODE_REMOVE };

struct setup {
	enum mode mode;
	const char *postfix_dir; /* NULL: Postfix's own default */
	struct config *config;
	char *queue_directory;
	char *made_directory; /* the last one */
	bool chrooted;
	char ***commands; /* to be run, each NULL-terminated */
	size_t command_count;
};

static void print_help(void)
{
	puts("usage: explainctl setup postfix [--apply | --remove] [-c FILE] [--config-dir DIR]\n\n"
	     "Prints the commands that connect Postfix to explain-milter.\n\n"
	     "  --apply           run them; a second time changes nothing\n"
	     "  --remove          undo them\n"
	     "  -c, --config FILE explain-milter's configuration, which names the sockets\n"
	     "  --config-dir DIR  Postfix's configuration directory, if not the usual one");
}

/* Starts ARGV with the program and `-c DIR`; returns how many words that are. */
static size_t begin_command(const struct setup *setup, const char *program, char **argv)
{
	size_t count = 0;

	argv[count++] = (char *)program;
	if (setup->postfix_dir) {
		argv[count++] = "-c";
		argv[count++] = (char *)setup->postfix_dir;
	}
	return count;
}

/* What `postconf FLAG ARGUMENT` prints, without the last line end. NULL after an error message. */
static char *postconf(const struct setup *setup, const char *flag, const char *argument)
{
	char *argv[8] = {NULL}, *output = NULL, *error = NULL;
	size_t count = begin_command(setup, "postconf", argv);

	argv[count++] = (char *)flag;
	argv[count] = (char *)argument;
	int status = command_run(argv, &output, &error);
	if (status != 0) {
		fprintf(stderr, "explainctl setup: %s\n",
		    error ? error : "postconf failed; is Postfix configured there?");
		free(error);
		free(output);
		return NULL;
	}
	size_t len = strlen(output);
	while (len > 0 && output[len - 1] == '\n')
		output[--len] = '\0';
	return output;
}

/* Is one of the services that use the sockets chrooted? In `postconf -M` the fifth word tells, the
 * eighth is the program; `-` is the default, which is no since Postfix 3.0's compatibility
 * level 1. */
static bool find_chroot(const char *master, bool default_is_yes)
{
	static const char *const programs[] = {"smtpd", "postscreen", "cleanup"};
	char *copy = mem_strdup(master), *line_state = NULL;
	bool found = false;

	for (char *line = strtok_r(copy, "\n", &line_state); line;
	     line = strtok_r(NULL, "\n", &line_state)) {
		char *words[8] = {NULL}, *state = NULL;
		size_t count = 0;
		for (char *word = strtok_r(line, " \t", &state); word && count < 8;
		     word = strtok_r(NULL, " \t", &state))
			words[count++] = word;
		bool chrooted =
		    count == 8 && (words[4][0] == 'y' || (words[4][0] == '-' && default_is_yes));
		for (size_t i = 0; chrooted && i < sizeof(programs) / sizeof(programs[0]); i++)
			found = found || strcmp(words[7], programs[i]) == 0;
	}
	free(copy);
	return found;
}

static bool inspect_postfix(struct setup *setup)
{
	char *version = postconf(setup, "-h", "mail_version");
	char *level = version ? postconf(setup, "-h", "compatibility_level") : NULL;
	char *master = level ? postconf(setup, "-M", NULL) : NULL;
	bool ok = false;

	setup->queue_directory = master ? postconf(setup, "-h", "queue_directory") : NULL;
	if (setup->queue_directory) {
		double number = strtod(version, NULL);
		ok = number >= 3.4 ||
		     strtod(strchr(version, '.') ? strchr(version, '.') + 1 : "0", NULL) >= 10;
		if (!ok)
			fprintf(stderr,
			    "explainctl setup: Postfix %s has no smtpd_reject_footer_maps, 3.4 "
			    "has\n",
			    version);
		setup->chrooted = find_chroot(master, strtod(level, NULL) < 1);
	}
	free(version);
	free(level);
	free(master);
	return ok;
}

/* The path below the queue directory, which is the same inside and outside a chroot; or NULL. */
static const char *below_queue(const struct setup *setup, const struct endpoint *endpoint)
{
	size_t len = strlen(setup->queue_directory);

	if (!endpoint->path || strncmp(endpoint->path, setup->queue_directory, len) != 0 ||
	    endpoint->path[len] != '/')
		return NULL;
	return endpoint->path + len + 1;
}

/* `inet:44@127.0.0.1` as Postfix writes it: inet:127.0.0.1:44. */
static char *postfix_inet(const struct endpoint *endpoint)
{
	const char *colon = strchr(endpoint->text, ':');
	const char *at = strchr(endpoint->text, '@');
	int port_len = at ? (int)(at - colon - 1) : (int)strlen(colon + 1);

	return mem_printf("inet:%s:%.*s", at ? at + 1 : "127.0.0.1", port_len, colon + 1);
}

/* How Postfix reaches ENDPOINT, or NULL if a chroot is in the way. The caller frees it. */
static char *reach(const struct setup *setup, const struct endpoint *endpoint)
{
	const char *relative = below_queue(setup, endpoint);

	if (relative)
		return mem_printf("unix:%s", relative);
	if (!endpoint->path)
		return postfix_inet(endpoint);
	return setup->chrooted ? NULL : mem_printf("unix:%s", endpoint->path);
}

/* The best of the socketmap sockets: below the queue directory, then any other that can be reached.
 */
static char *reach_socketmap(const struct setup *setup)
{
	const struct config *config = setup->config;

	for (size_t i = 0; i < config->socket_count; i++)
		if (below_queue(setup, &config->sockets[i]))
			return reach(setup, &config->sockets[i]);
	for (size_t i = 0; i < config->socket_count; i++) {
		char *target = reach(setup, &config->sockets[i]);
		if (target)
			return target;
	}
	return NULL;
}

/* A word of a shell command. */
static void print_quoted(const char *word)
{
	putchar('\'');
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	putchar('\'');
}

/* A command for run_commands(). Everything is read before anything is written: Postfix's programs
 * wait for two seconds before they read a file that has just been changed. */
static void command(struct setup *setup, char *const *argv)
{
	size_t count = 0;

	while (argv[count])
		count++;
	char **copy = mem_calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = mem_strdup(argv[i]);
	setup->commands =
	    mem_realloc(setup->commands, setup->command_count + 1, sizeof(*setup->commands));
	setup->commands[setup->command_count++] = copy;
}

/* Prints a command, and runs it unless it is only to be shown. */
static bool run_command(const struct setup *setup, char *const *argv)
{
	char *error = NULL;

	for (size_t i = 0; argv[i]; i++) {
		if (i > 0)
			putchar(' ');
		if (strpbrk(argv[i], " {}$'\"\\*?;&|<>()"))
			print_quoted(argv[i]);
		else
			fputs(argv[i], stdout);
	}
	putchar('\n');
	fflush(stdout);
	if (setup->mode == MODE_SHOW)
		return true;
	int status = command_run(argv, NULL, &error);
	if (status < 0)
		fprintf(stderr, "explainctl setup: %s\n", error);
	free(error);
	return status == 0;
}

static bool run_commands(const struct setup *setup)
{
	bool ok = true;

	for (size_t i = 0; ok && i < setup->command_count; i++)
		ok = run_command(setup, setup->commands[i]);
	return ok;
}

static void free_commands(struct setup *setup)
{
	for (size_t i = 0; i < setup->command_count; i++) {
		for (char **word = setup->commands[i]; *word; word++)
			free(*word);
		free(setup->commands[i]);
	}
	free(setup->commands);
}

/* Sets NAME to VALUE, or where that is empty, removes it from main.cf. */
static void set_parameter(struct setup *setup, const char *name, const char *value)
{
	char *argv[8] = {NULL};
	size_t count = begin_command(setup, "postconf", argv);
	char *assignment = value[0] ? mem_printf("%s = %s", name, value) : mem_strdup(name);

	argv[count++] = value[0] ? "-e" : "-X";
	argv[count] = assignment;
	command(setup, argv);
	free(assignment);
}

/* What is to be done to a list parameter. */
struct change {
	const char *name;
	const char *word; /* is added */
	const char *mark; /* the part of it that stays the same whatever its options are */
	bool first;       /* before the other words */
};

/* Adds the word, or takes it away. */
static bool change_list(struct setup *setup, const struct change *change)
{
	const char *name = change->name, *word = change->word, *mark = change->mark;
	char *old = postconf(setup, "-h", name), *new = NULL;
	bool ok = old != NULL;

	if (!ok)
		return false;
	bool there = postfix_list_has(old, mark);
	if (setup->mode == MODE_REMOVE && there)
		new = postfix_list_remove(old, mark);
	else if (setup->mode != MODE_REMOVE && !postfix_list_has(old, word)) {
		char *without = postfix_list_remove(old, mark);
		const char *others = there ? without : old;
		new = change->first ? postfix_list_add_first(others, word)
		                    : postfix_list_add(others, word);
		free(without);
	}
	if (new)
		set_parameter(setup, name, new);
	free(old);
	free(new);
	return ok;
}

/* The directory below the queue directory that holds our sockets. */
static void make_directory(struct setup *setup, const struct endpoint *endpoint)
{
	const struct config *config = setup->config;

	if (setup->mode == MODE_REMOVE || !below_queue(setup, endpoint))
		return;
	char *copy = mem_strdup(endpoint->path);
	char *directory = dirname(copy);
	bool made = setup->made_directory && strcmp(setup->made_directory, directory) == 0;
	if (!made && access(directory, F_OK) < 0) {
		free(setup->made_directory);
		setup->made_directory = mem_strdup(directory);
		char *argv[] = {"install", "-d", "-m", "2750", "-o",
		    config->user ? config->user : "root", "-g",
		    config->socket_group ? config->socket_group : "postfix", directory, NULL};
		command(setup, argv);
	}
	free(copy);
}

/* If Postfix runs. */
static void reload(struct setup *setup)
{
	char *argv[8] = {NULL}, *error = NULL, *output = NULL;
	size_t count = begin_command(setup, "postfix", argv);
	int status = 0;

	if (setup->command_count == 0)
		return;
	argv[count] = "status";
	if (setup->mode != MODE_SHOW)
		status = command_run(argv, &output, &error);
	free(output);
	free(error);
	argv[count] = "reload";
	if (status == 0)
		command(setup, argv);
}

static void say_unreachable(const struct setup *setup, const char *key, const char *name)
{
	fprintf(stderr,
	    "explainctl setup: Postfix can't reach the %s socket: it runs chrooted in\n"
	    "%s. Give it one below that directory in %s:\n\n"
	    "    %s unix:%s/explain-milter/%s\n",
	    key, setup->queue_directory,
	    setup->config->file ? setup->config->file : "explain-milter.yaml",
	    strcmp(key, "milter") == 0 ? "milter:" : "socketmap:", setup->queue_directory, name);
}

static void warn_about_access(const struct setup *setup)
{
	const struct config *config = setup->config;

	if (setup->mode == MODE_REMOVE || config->socket_group || (config->socket_mode & 0002))
		return;
	fprintf(stderr, "note: the sockets let in only explain-milter's own group; set "
	                "`socket_group: postfix`\n");
}

/* Other things that internal_mail_filter_classes is about. */
static bool has_checks(const struct setup *setup)
{
	static const char *const names[] = {
	    "header_checks", "mime_header_checks", "nested_header_checks", "body_checks"};
	bool found = false;

	for (size_t i = 0; !found && i < sizeof(names) / sizeof(names[0]); i++) {
		char *value = postconf(setup, "-xh", names[i]);
		found = !value || value[0];
		free(value);
	}
	return found;
}

/* `non_smtpd_milters = $smtpd_milters` is common. */
static bool is_reference(const char *list)
{
	return postfix_list_has(list, "$smtpd_milters") ||
	       postfix_list_has(list, "${smtpd_milters") ||
	       postfix_list_has(list, "$(smtpd_milters");
}

static bool add_to_bounces(
    struct setup *setup, const struct change *filter, const struct change *class)
{
	char *filters = postconf(setup, "-h", filter->name);
	char *classes = filters ? postconf(setup, "-h", class->name) : NULL;
	bool ok = classes != NULL;

	if (ok && is_reference(filters))
		fprintf(stderr,
		    "note: %s = %s stays, and has explain-milter's last; if another one\n"
		    "signs, write the list out, with explain-milter's first\n",
		    filter->name, filters);
	else
		ok = ok && change_list(setup, filter);
	if (ok && !postfix_list_has(classes, class->mark) && has_checks(setup))
		fprintf(
		    stderr, "note: header_checks and body_checks see Postfix's own bounces, too\n");
	ok = ok && change_list(setup, class);
	free(filters);
	free(classes);
	return ok;
}

/* The class goes only if nobody else can have wanted it. */
static bool remove_from_bounces(
    struct setup *setup, const struct change *filter, const struct change *class)
{
	char *filters = postconf(setup, "-xh", filter->name);
	char *classes = filters ? postconf(setup, "-h", class->name) : NULL;
	bool ok = classes != NULL;

	if (ok && postfix_list_has(filters, filter->mark)) {
		char *others = postfix_list_remove(filters, filter->mark);
		bool alone = !others[0] && !has_checks(setup);
		free(others);
		ok = change_list(setup, filter);
		if (alone)
			ok = ok && change_list(setup, class);
		else if (postfix_list_has(classes, class->mark))
			fprintf(stderr, "note: %s stays as it is, for other filters and checks\n",
			    class->name);
	}
	free(filters);
	free(classes);
	return ok;
}

/* The filter's place among those for mail that arrives: the last, behind those that verify
 * signatures, since an explained bounce is another text. Among those for Postfix's own bounces: the
 * first, before those that sign. */
static bool connect_filter(struct setup *setup, const char *milter)
{
	/* It must never hold up or refuse mail, whatever state the daemon is in. */
	char *word = mem_printf("{ %s, default_action=accept, connect_timeout=2s, "
	                        "command_timeout=2s, content_timeout=10s }",
	    milter);
	const struct change arriving = {"smtpd_milters", word, milter, false};
	const struct change own = {"non_smtpd_milters", word, milter, true};
	const struct change class = {"internal_mail_filter_classes", "bounce", "bounce", false};
	bool ok;

	make_directory(setup, &setup->config->milter);
	ok = change_list(setup, &arriving);
	if (setup->mode == MODE_REMOVE)
		ok = ok && remove_from_bounces(setup, &own, &class);
	else if (setup->config->bounces.internal)
		ok = ok && add_to_bounces(setup, &own, &class);
	free(word);
	return ok;
}

static int set_up(struct setup *setup)
{
	const struct config *config = setup->config;
	char *map = NULL, *milter = NULL, *map_word = NULL, *map_mark = NULL;
	int status = EXIT_FOUND;

	if (config->socket_count == 0) {
		fputs("explainctl setup: the configuration names no socketmap socket\n", stderr);
		return status;
	}
	if (!(map = reach_socketmap(setup))) {
		say_unreachable(setup, "socketmap", "map.sock");
		return status;
	}
	if (config->has_milter && !(milter = reach(setup, &config->milter))) {
		say_unreachable(setup, "milter", "milter.sock");
		goto out;
	}
	map_word = mem_printf("socketmap:%s:footer", map);
	map_mark = mem_printf("socketmap:%s:", map);
	for (size_t i = 0; i < config->socket_count; i++)
		make_directory(setup, &config->sockets[i]);
	const struct change maps = {"smtpd_reject_footer_maps", map_word, map_mark, false};
	bool ok = change_list(setup, &maps) && (!milter || connect_filter(setup, milter));
	if (ok)
		reload(setup);
	ok = ok && run_commands(setup);
	if (ok && setup->command_count == 0)
		puts(setup->mode == MODE_REMOVE ? "Nothing to remove." : "Nothing to change.");
	warn_about_access(setup);
	status = ok ? EXIT_DONE : EXIT_FOUND;
out:
	free(map);
	free(milter);
	free(map_word);
	free(map_mark);
	return status;
}

int ctl_setup(int argc, char **argv)
{
	static const struct option options[] = {{"apply", no_argument, NULL, 'a'},
	    {"remove", no_argument, NULL, 'r'}, {"config", required_argument, NULL, 'c'},
	    {"config-dir", required_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct setup setup = {.mode = MODE_SHOW};
	const char *file = NULL;
	int option, status = EXIT_FOUND;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		switch (option) {
		case 'a':
		case 'r':
			if (setup.mode != MODE_SHOW)
				return usage_error("setup", "either --apply or --remove");
			setup.mode = option == 'a' ? MODE_APPLY : MODE_REMOVE;
			break;
		case 'c':
			file = optarg;
			break;
		case 'd':
			setup.postfix_dir = optarg;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			return usage_error("setup", "unknown option");
		}
	if (argc - optind != 1 || strcmp(argv[optind], "postfix") != 0)
		return usage_error("setup", "say which mail server: postfix");
	setup.config = load_config(file);
	if (setup.config && inspect_postfix(&setup))
		status = set_up(&setup);
	free_commands(&setup);
	free(setup.queue_directory);
	free(setup.made_directory);
	config_free(&setup.config);
	return status;
}
