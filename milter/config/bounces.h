/* bounces.h - the key `bounces`, see bounces.c. */
#ifndef CONFIG_BOUNCES_H
#define CONFIG_BOUNCES_H

struct bounce_settings;
struct fy_node;
struct problems;
struct yaml_doc;

void bounces_set_defaults(struct bounce_settings *settings);
/* DIRECTORY is what a relative path begins with. */
void bounces_read(struct bounce_settings *settings, struct yaml_doc *doc, struct fy_node *map,
    const char *directory, struct problems *problems);
/* What hangs on other keys; LANGUAGE is the default profile's. */
void bounces_finish(struct bounce_settings *settings, const char *language);
void bounces_free(struct bounce_settings *settings);

#endif
