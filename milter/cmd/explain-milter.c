/* explain-milter.c - the daemon: options, wiring, signals. explain-milter(8).
 *
 * Threads: the main one waits for signals and does reloads (and, when the start found no cache,
 * the compiling), so that this holds up nobody; each of `workers` serves the socketmap and has one
 * that watches it, one is libmilter's (which starts more), one writes the log and one brings
 * sessions and log lines together.
 *
 * libmilter waits for SIGTERM in a thread of its own, and notices it up to five seconds later.
 * Linux gives a signal to the main thread first if that waits for it, so normally we end the
 * filter, at once; a signal that arrives during a reload goes libmilter's way. */
#include "explain/config.h"
#include "explain/engine.h"
#include "explain/filter.h"
#include "explain/log.h"
#include "explain/maps.h"
#include "explain/mem.h"
#include "explain/metrics.h"
#include "explain/problems.h"
#include "explain/rejects.h"
#include "explain/socketmap.h"
#include "explain/version.h"
#include "explain/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANSWER_DEADLINE_MS 1000

enum { EXIT_CONFIG = 1, EXIT_USAGE = 2, EXIT_SOCKET = 75 };

/* One thread that answers socketmap requests. */
struct worker {
	struct maps *maps;
	struct watchdog *watchdog;
	struct socketmap *socketmap;
	pthread_t thread;
};

struct daemon {
	struct config *config;
	struct engine_holder *holder;
	struct metrics *metrics;
	struct rejects *rejects;
	struct worker *workers;
	struct filter_settings filter;
	sigset_t signals;
	pthread_t main_thread;
	atomic_bool stopping;
};

static void print_help(void)
{
	puts("usage: explain-milter [-c FILE] [-f] [-t] [-V]\n\n"
	     "  -c FILE  read this configuration\n"
	     "  -f       stay in the foreground, log to standard error\n"
	     "  -t       check the configuration and the catalogue, then exit\n"
	     "  -V       print the version\n\n"
	     "SIGUSR1 reloads catalogue and profiles, SIGTERM ends. See explain-milter(8).");
}

static void log_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems_count(problems); i++)
		log_error("%s", problems_get(problems, i));
}

/* A new engine from the configuration file as it is now; NULL after logging why not. */
static struct engine *load_engine(const char *file, struct config **config, bool at_once)
{
	struct problems *problems = problems_create();
	struct engine *engine = NULL;

	*config = config_load(file, problems);
	if (*config) {
		struct engine_settings settings = config_engine_settings(*config);
		settings.at_once = at_once;
		engine = engine_create(&settings, problems);
	}
	if (engine) {
		config_check_bounces(*config, engine_catalog(engine), problems);
		if (problems_count(problems) > 0)
			engine_put(&engine);
	}
	log_problems(problems);
	problems_free(&problems);
	return engine;
}

static void reload(struct daemon *daemon)
{
	struct config *config = NULL;
	struct engine *engine = load_engine(daemon->config->file, &config, false);

	if (engine)
		engine_swap(daemon->holder, engine);
	metrics_count_reload(daemon->metrics, engine != NULL);
	if (engine)
		log_info("reloaded catalogue and profiles");
	else
		log_error("reload failed, the old catalogue stays in use");
	config_free(&config);
}

/* The first engine does not wait for libhs when the cache is empty: mail does not wait either. */
static void finish_start(struct daemon *daemon)
{
	struct config *config = NULL;
	struct engine *engine = engine_current(daemon->holder);
	bool interim = engine_is_interim(engine);

	engine_put(&engine);
	if (!interim)
		return;
	engine = load_engine(daemon->config->file, &config, false);
	if (engine)
		engine_swap(daemon->holder, engine);
	if (engine)
		log_info("patterns compiled");
	else
		log_error("the patterns are not compiled, answers stay slow");
	config_free(&config);
}

static void *serve_socketmap(void *context)
{
	struct worker *worker = context;

	socketmap_run(worker->socketmap);
	return NULL;
}

static void *serve_filter(void *context)
{
	struct daemon *daemon = context;

	if (filter_run() < 0)
		log_error("libmilter gave up");
	/* However it came to an end, the daemon ends with it. The signal goes to serve() itself:
	 * libmilter's own signal thread could take one for the process. */
	if (!atomic_exchange(&daemon->stopping, true))
		pthread_kill(daemon->main_thread, SIGHUP);
	return NULL;
}

static void answer(void *context, const char *request, size_t len, struct strbuf *out)
{
	struct worker *worker = context;

	watchdog_begin(worker->watchdog);
	maps_answer(worker->maps, request, len, out);
	watchdog_end(worker->watchdog);
}

/* Every client needs a descriptor; the limit that a shell gives is often 1,024. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int drop_privileges(const char *user, char **error)
{
	if (!user || geteuid() != 0)
		return 0;
	errno = 0;
	struct passwd *entry = getpwnam(user);
	if (!entry) {
		*error = mem_printf("user: there is no user %s", user);
		return -1;
	}
	if (initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
	    setuid(entry->pw_uid) < 0) {
		*error = mem_printf("user: can't become %s: %s", user, strerror(errno));
		return -1;
	}
	return 0;
}

static int open_sockets(struct daemon *daemon, char **error)
{
	const struct config *config = daemon->config;
	struct socketmap_settings settings = {.endpoints = config->sockets,
	    .endpoint_count = config->socket_count,
	    .mode = config->socket_mode,
	    .group = config->socket_group,
	    .max_clients = config->max_clients,
	    .answer = answer,
	    .context = &daemon->workers[0],
	    .metrics = daemon->metrics};

	daemon->filter = (struct filter_settings){.endpoint = &config->milter,
	    .mode = config->socket_mode,
	    .group = config->socket_group,
	    .answer_unknown = config->mta == MTA_SENDMAIL,
	    .config = config,
	    .holder = daemon->holder,
	    .metrics = daemon->metrics,
	    .rejects = daemon->rejects};
	struct worker *first = &daemon->workers[0];
	first->socketmap = socketmap_create(&settings, error);
	if (!first->socketmap)
		return -1;
	for (unsigned i = 1; i < config->workers; i++) {
		struct worker *worker = &daemon->workers[i];
		worker->socketmap = socketmap_create_sibling(first->socketmap, worker, error);
		if (!worker->socketmap)
			return -1;
	}
	if (!config->has_milter)
		return 0;
	return filter_open(&daemon->filter, error);
}

/* Threads inherit the mask, so that nobody but serve() and libmilter's own signal thread takes
 * these. */
static void block_signals(struct daemon *daemon)
{
	sigemptyset(&daemon->signals);
	sigaddset(&daemon->signals, SIGUSR1);
	sigaddset(&daemon->signals, SIGTERM);
	sigaddset(&daemon->signals, SIGINT);
	sigaddset(&daemon->signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &daemon->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void start_thread(pthread_t *thread, void *(*function)(void *), void *context)
{
	if (pthread_create(thread, NULL, function, context) != 0) {
		log_error("no thread can be created");
		abort();
	}
}

static void serve(struct daemon *daemon)
{
	bool filtering = daemon->config->has_milter;
	pthread_t filter_thread;
	int number = 0;

	daemon->main_thread = pthread_self();
	for (unsigned i = 0; i < daemon->config->workers; i++)
		start_thread(&daemon->workers[i].thread, serve_socketmap, &daemon->workers[i]);
	if (filtering)
		start_thread(&filter_thread, serve_filter, daemon);
	finish_start(daemon);
	while (sigwait(&daemon->signals, &number) != 0 || number == SIGUSR1)
		if (number == SIGUSR1)
			reload(daemon);
	if (filtering) {
		if (!atomic_exchange(&daemon->stopping, true))
			filter_stop();
		pthread_join(filter_thread, NULL);
	}
	for (unsigned i = 0; i < daemon->config->workers; i++)
		socketmap_stop(daemon->workers[i].socketmap);
	for (unsigned i = 0; i < daemon->config->workers; i++)
		pthread_join(daemon->workers[i].thread, NULL);
}

/* Forks; the parent waits for the child's word on how the start went and exits with that, so that a
 * script sees a failed start. Returns the descriptor for report_start() in the child. */
static int go_to_background(void)
{
	int ends[2];
	unsigned char status = EXIT_SOCKET;

	if (pipe(ends) < 0)
		return -1;
	pid_t child = fork();
	if (child < 0)
		return -1;
	if (child > 0) {
		close(ends[1]);
		if (read(ends[0], &status, 1) != 1)
			status = EXIT_SOCKET;
		_exit(status);
	}
	close(ends[0]);
	setsid();
	return ends[1];
}

static void report_start(int fd, unsigned char status)
{
	if (fd < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* A parent that is gone does not need the word. */
	if (write(fd, &status, 1) != 1)
		log_warning("nobody waited for the start");
	close(fd);
	if (chdir("/") < 0)
		log_warning("can't change to /");
	for (int i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
}

static int run(struct daemon *daemon, bool foreground)
{
	char *error = NULL;
	int ready = -1;

	if (!foreground && (ready = go_to_background()) < 0) {
		log_error("can't go to the background: %s", strerror(errno));
		return EXIT_SOCKET;
	}
	raise_descriptor_limit();
	block_signals(daemon);
	daemon->rejects = rejects_create(daemon->config->has_milter);
	daemon->workers = mem_calloc(daemon->config->workers, sizeof(*daemon->workers));
	for (unsigned i = 0; i < daemon->config->workers; i++)
		daemon->workers[i].maps =
		    maps_create(daemon->holder, daemon->metrics, daemon->rejects);
	bool open =
	    open_sockets(daemon, &error) == 0 && drop_privileges(daemon->config->user, &error) == 0;
	if (open) {
		report_start(ready, 0);
		log_open("explain-milter", foreground ? LOG_TO_STDERR : daemon->config->log);
		log_start();
		for (unsigned i = 0; i < daemon->config->workers; i++)
			daemon->workers[i].watchdog = watchdog_create(ANSWER_DEADLINE_MS);
		log_info("version " EXPLAIN_VERSION " started");
		serve(daemon);
	} else {
		log_error("%s", error);
		report_start(ready, EXIT_SOCKET);
		free(error);
	}
	filter_close();
	/* The first one last: the others listen on its sockets. */
	for (unsigned i = daemon->config->workers; i-- > 0;) {
		socketmap_free(&daemon->workers[i].socketmap);
		watchdog_free(&daemon->workers[i].watchdog);
		maps_free(&daemon->workers[i].maps);
	}
	free(daemon->workers);
	rejects_free(&daemon->rejects);
	if (open)
		log_info("ended");
	log_stop();
	return open ? 0 : EXIT_SOCKET;
}

static int start(const char *file, bool foreground, bool check_only)
{
	struct daemon daemon = {.config = NULL};
	struct engine *engine = load_engine(file, &daemon.config, !check_only);
	int status = EXIT_CONFIG;

	if (engine && !foreground && !check_only && daemon.config->log == LOG_TO_STDERR) {
		log_error("log: stderr needs -f: in the background nobody reads it");
		engine_put(&engine);
	} else if (engine && !daemon.config->socket_count && !daemon.config->has_milter) {
		log_error("the configuration names neither a socketmap nor a milter socket");
		engine_put(&engine);
	} else if (engine && check_only) {
		engine_put(&engine);
		status = 0;
	} else if (engine) {
		daemon.metrics = metrics_create();
		daemon.holder = engine_holder_create(engine);
		status = run(&daemon, foreground);
		engine_holder_free(&daemon.holder);
		metrics_free(&daemon.metrics);
	}
	config_free(&daemon.config);
	return status;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	bool foreground = false, check_only = false;
	int option;

	/* A reload that is asked for during the start comes after it. */
	sigset_t reload_signal;
	sigemptyset(&reload_signal);
	sigaddset(&reload_signal, SIGUSR1);
	sigprocmask(SIG_BLOCK, &reload_signal, NULL);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		print_help();
		return 0;
	}
	while ((option = getopt(argc, argv, "c:ftVh")) != -1)
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'f':
			foreground = true;
			break;
		case 't':
			check_only = true;
			break;
		case 'V':
			puts("explain-milter " EXPLAIN_VERSION);
			return 0;
		case 'h':
			print_help();
			return 0;
		default:
			fputs("try explain-milter -h\n", stderr);
			return EXIT_USAGE;
		}
	if (optind < argc) {
		fputs("explain-milter takes no arguments; try explain-milter -h\n", stderr);
		return EXIT_USAGE;
	}
	/* Absolute, since a reload reads it again from another directory. */
	char *found = file ? realpath(file, NULL) : config_default_file();
	if (!found) {
		log_error(
		    "%s: cannot be read: %s", file ? file : "the configuration", strerror(errno));
		return EXIT_CONFIG;
	}
	int status = start(found, foreground, check_only);
	free(found);
	return status;
}
