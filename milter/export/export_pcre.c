#include "explain/export.h"
void export_postfix_pcre(
    struct strbuf *out, const struct engine *engine, const struct profile *profile)
{
	(void)out; (void)engine; (void)profile;
}
