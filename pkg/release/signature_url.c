/* SPDX-License-Identifier: Apache-2.0 */
#include "release/signature_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/http.h"
#include "release/signature.h"

#define FILE_SCHEME "file://"

void signature_store_release(struct signature_store *store)
{
	free(steal(&store->base));
	free(steal(&store->query));
	free(steal(&store->shown));
}

static unsigned hex_value(char digit)
{
	return isdigit((unsigned char)digit) ? (unsigned)(digit - '0')
					     : (unsigned)((digit | 0x20) - 'a' + 10);
}

/* NULL if it is malformed, or has a NUL in it. */
static char *percent_decode(const char *text)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	for (; *text; text++) {
		if (*text != '%') {
			strbuf_add_char(&out, *text);
			continue;
		}
		if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
			return NULL;
		unsigned byte = hex_value(text[1]) * 16 + hex_value(text[2]);
		if (!byte)
			return NULL;
		strbuf_add_char(&out, (char)byte);
		text += 2;
	}
	return strbuf_detach(&out);
}

static void strip_slashes(char *path)
{
	size_t length = strlen(path);

	while (length && path[length - 1] == '/')
		path[--length] = '\0';
}

static int parse_file_url(struct signature_store *store, const char *url, struct error *err)
{
	const char *path = url + strlen(FILE_SCHEME);

	if (*path != '/')
		return error_set(
			err, ERROR_USAGE,
			"signature store %s: the path in it must be absolute, as in file:///srv/signatures",
			store->shown);
	if (strpbrk(path, "?#"))
		return error_set(err, ERROR_USAGE,
				 "signature store %s: write '?' as %%3F and '#' as %%23 in a path",
				 store->shown);
	store->base = percent_decode(path);
	if (!store->base)
		return error_set(err, ERROR_USAGE, "signature store %s: has a '%%' that is no valid escape",
				 store->shown);
	strip_slashes(store->base);
	store->is_directory = true;
	store->query = xstrdup("");
	return 0;
}

static int parse_http_url(struct signature_store *store, const char *url, struct error *err)
{
	CLEANUP(free_string) char *origin = NULL;
	size_t length = strcspn(url, "?");

	if (http_origin(url, &origin, err) < 0) {
		err->code = ERROR_USAGE;
		return error_wrap(err, "signature store");
	}
	store->allow_http = text_starts_with(origin, "http://");
	store->base = xstrndup(url, length);
	strip_slashes(store->base);
	store->query = xstrdup(url + length);
	return 0;
}

int signature_store_parse(struct signature_store *store, const char *url, struct error *err)
{
	CLEANUP(signature_store_release) struct signature_store parsed = SIGNATURE_STORE_INIT;
	bool is_file = !strncasecmp(url, FILE_SCHEME, strlen(FILE_SCHEME));

	parsed.shown = http_redacted_url(url);
	if (!is_file && strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return error_set(
			err, ERROR_USAGE,
			"signature store %s: is not a URL that begins with https://, http:// or file:///",
			parsed.shown);
	if ((is_file ? parse_file_url : parse_http_url)(&parsed, url, err) < 0)
		return -1;
	*store = steal(&parsed);
	return 0;
}

char *signature_store_place(const struct signature_store *store, const struct digest *digest, unsigned number)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	return xasprintf("%s/sha256=%s/signature-%u%s", store->base, digest_format_hex(digest, hex), number,
			 store->query);
}

int release_check_store(const char *url, struct error *err)
{
	CLEANUP(signature_store_release) struct signature_store store = SIGNATURE_STORE_INIT;

	return signature_store_parse(&store, url, err);
}
