/* escape.c - text as the content of other languages. */
#include "explain/escape.h"

#include "explain/strbuf.h"

#include <string.h>

void escape_html(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		size_t plain = strcspn(text, "&<>\"");
		strbuf_add(out, text, plain);
		text += plain;
		switch (*text) {
		case '&':
			strbuf_addstr(out, "&amp;");
			break;
		case '<':
			strbuf_addstr(out, "&lt;");
			break;
		case '>':
			strbuf_addstr(out, "&gt;");
			break;
		case '"':
			strbuf_addstr(out, "&quot;");
			break;
		default:
			return;
		}
	}
}
