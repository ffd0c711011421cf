/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference resolution, RFC 3986 5.2. By hand, because the query must come out byte for byte (upload
 * sessions and signed URLs carry MACs over it) and libcurl's URL API rewrites percent triplets.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http/http.h"
#include "http/url.h"

static bool has_scheme(const char *reference)
{
	size_t length = strcspn(reference, ":/?#");

	return length > 0 && reference[length] == ':' && isalpha((unsigned char)reference[0]);
}

static void drop_last_segment(struct strbuf *out, size_t start)
{
	size_t length = out->len;

	while (length > start && out->buf[length - 1] != '/')
		length--;
	strbuf_set_length(out, length > start ? length - 1 : start);
}

/* RFC 3986 5.2.4 for a path that begins with '/'. */
static void add_without_dot_segments(struct strbuf *out, const char *path, size_t length)
{
	size_t start = out->len;

	for (size_t i = 0; i < length;) {
		const char *segment = path + i + 1;
		const char *slash = memchr(segment, '/', length - i - 1);
		size_t size = slash ? (size_t)(slash - segment) : length - i - 1;
		bool is_dot = size == 1 && segment[0] == '.';
		bool is_up = size == 2 && segment[0] == '.' && segment[1] == '.';

		if (is_up)
			drop_last_segment(out, start);
		if (!is_dot && !is_up)
			strbuf_add(out, path + i, size + 1);
		else if (!slash)
			strbuf_add_char(out, '/');
		i += size + 1;
	}
}

/* Path and query of `rest`, an empty path as "/". */
static void add_path_and_query(struct strbuf *out, const char *rest)
{
	size_t path_length = strcspn(rest, "?#");

	if (path_length)
		add_without_dot_segments(out, rest, path_length);
	else
		strbuf_add_char(out, '/');
	strbuf_add_string(out, rest + path_length);
}

static void add_origin(struct strbuf *out, const char *base)
{
	const char *authority = strstr(base, "://") + 3;

	strbuf_add(out, base, (size_t)(authority - base) + strcspn(authority, "/?#"));
}

/* A path relative to the directory of the base's path. */
static void add_merged(struct strbuf *out, const char *base_rest, const char *reference)
{
	CLEANUP(strbuf_release) struct strbuf merged = STRBUF_INIT;
	size_t directory = strcspn(base_rest, "?#");

	while (directory && base_rest[directory - 1] != '/')
		directory--;
	if (directory)
		strbuf_add(&merged, base_rest, directory);
	else
		strbuf_add_char(&merged, '/');
	strbuf_add_string(&merged, reference);
	add_path_and_query(out, merged.buf);
}

static void add_relative(struct strbuf *out, const char *base, const char *base_rest, const char *reference)
{
	add_origin(out, base);
	if (reference[0] == '/') {
		add_path_and_query(out, reference);
	} else if (reference[0] == '?' || reference[0] == '#' || !reference[0]) {
		/* The base's path, and its query unless the reference brings one. */
		strbuf_add(out, base_rest, strcspn(base_rest, reference[0] == '?' ? "?#" : "#"));
		strbuf_add_string(out, reference);
	} else {
		add_merged(out, base_rest, reference);
	}
}

int http_resolve(const char *base, const char *location, char **url, struct error *err)
{
	CLEANUP(url_release) struct url parsed_base = {0}, parsed = {0};
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (url_parse(&parsed_base, base, err) < 0)
		return -1;
	if (has_scheme(location)) {
		strbuf_add_string(&out, location);
	} else if (!strncmp(location, "//", 2)) {
		strbuf_addf(&out, "http%s:%s", parsed_base.is_https ? "s" : "", location);
	} else {
		add_relative(&out, base, parsed_base.rest, location);
	}
	if (url_parse(&parsed, out.buf, err) < 0)
		return -1;

	struct strbuf clean = STRBUF_INIT;
	add_origin(&clean, out.buf);
	add_path_and_query(&clean, parsed.rest);
	*url = strbuf_detach(&clean);
	return 0;
}
