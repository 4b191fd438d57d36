/* paths.h - where things are: in the source tree while running from its build/, else installed. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

/* The source tree whose build/ this program runs from, or NULL. The caller frees it. */
char *paths_tree(void);

/* Installed places; the Makefile sets them. */
#ifndef EXPLAIN_SYSCONF_DIR
#define EXPLAIN_SYSCONF_DIR "/etc/explain-milter"
#endif
#ifndef EXPLAIN_DATA_DIR
#define EXPLAIN_DATA_DIR "/usr/share/explain-milter"
#endif
#ifndef EXPLAIN_CACHE_DIR
#define EXPLAIN_CACHE_DIR "/var/cache/explain-milter"
#endif

#endif
