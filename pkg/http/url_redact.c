/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as they may be shown. Works on any bytes: what is malformed is shown too, in error messages. */
#include <string.h>

#include "base/text.h"
#include "http/http.h"

static bool is_harmless(const char *key, size_t length)
{
	static const char *const keys[] = {"digest", "from", "last", "mount", "n", "scope", "service"};

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		if (strlen(keys[i]) == length && !memcmp(keys[i], key, length))
			return true;
	return false;
}

/* One "key=value"; what has no key may be a secret as a whole. */
static void add_parameter(struct strbuf *out, const char *parameter, size_t length)
{
	const char *equals = memchr(parameter, '=', length);
	size_t key_length = equals ? (size_t)(equals - parameter) : 0;

	if (!length || is_harmless(parameter, key_length)) {
		strbuf_add(out, parameter, length);
		return;
	}
	if (equals)
		strbuf_add(out, parameter, key_length + 1);
	strbuf_add_string(out, "REDACTED");
}

static void add_query(struct strbuf *out, const char *query)
{
	size_t end = strcspn(query, "#");

	strbuf_add_char(out, '?');
	for (size_t i = 0; i <= end;) {
		size_t length = strcspn(query + i, "&;#");

		add_parameter(out, query + i, length);
		i += length;
		if (i < end)
			strbuf_add_char(out, query[i]);
		i++;
	}
	if (query[end])
		strbuf_add_string(out, "#REDACTED");
}

char *http_redacted_url(const char *url)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	const char *slashes = strstr(url, "://");
	const char *authority = slashes ? slashes + 3 : url;
	size_t length = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', length);

	strbuf_add(&out, url, (size_t)(authority - url));
	if (at)
		strbuf_add_string(&out, "REDACTED");
	const char *shown = at ? at : authority;
	size_t plain = strcspn(shown, "?#");
	strbuf_add(&out, shown, plain);
	if (shown[plain] == '?')
		add_query(&out, shown + plain + 1);
	else if (shown[plain] == '#')
		strbuf_add_string(&out, "#REDACTED");
	return text_escaped(out.buf);
}
