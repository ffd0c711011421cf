/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/warning_header.h"

#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/text.h"

/* A server may send many, and other ones each time. */
#define WARNINGS_MAX 8
#define WARNING_LENGTH_MAX 300

/* Takes a quoted string apart (RFC 9110 5.6.4); where it ends, or NULL. */
static const char *unquote(const char *text, struct strbuf *out)
{
	for (text++; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		strbuf_add_char(out, *text);
	}
	return *text ? text + 1 : NULL;
}

void warning_header_show(const char *host, const char *header)
{
	for (int i = 0; header && i < WARNINGS_MAX; i++) {
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT, shown = STRBUF_INIT;

		header += strspn(header, ", \t");
		bool is_for_users = text_starts_with(header, "299 ");
		header = strchr(header, '"');
		header = header ? unquote(header, &text) : NULL;
		if (!header || !is_for_users)
			continue;
		text_escape(&shown, text.buf, text.len, WARNING_LENGTH_MAX);
		log_warning_once("%s says: %s", host, shown.buf);
	}
}
