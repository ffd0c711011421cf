/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs from servers. The first line is a base, the rest a location. What our grammar takes libcurl
 * must read alike, or credentials could be chosen for one host and sent to another.
 */
#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void free_curl_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void free_curl_text(char **text)
{
	curl_free(*text);
}

static bool is_numeric(const char *host)
{
	return !host[strspn(host, "0123456789.")] || host[0] == '[';
}

/* libcurl writes addresses in one form of several: only names are compared. */
static void check_like_libcurl(const char *text, const char *origin)
{
	CLEANUP(free_curl_url) CURLU *url = curl_url();
	CLEANUP(free_curl_text) char *host = NULL;
	CLEANUP(free_curl_text) char *port = NULL;

	if (curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
		return;
	const char *our_host = strstr(origin, "://") + 3;
	const char *our_port = strrchr(origin, ':') + 1;
	require(!strcmp(port, our_port));
	size_t length = (size_t)(our_port - 1 - our_host);
	require(is_numeric(host) || (strlen(host) == length && !strncasecmp(host, our_host, length)));
}

static void check_redacted(const char *text)
{
	CLEANUP(free_string) char *shown = http_redacted_url(text);
	CLEANUP(free_string) char *encoded = http_percent_encode(text);

	for (const char *c = shown; *c; c++)
		require((unsigned char)*c >= ' ' && *c != 0x7F);
	require(strlen(encoded) <= 3 * strlen(text));
	require(strcspn(encoded, "/?#@:&= \r\n") == strlen(encoded));
}

static bool check_origin(const char *text)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *origin = NULL;
	CLEANUP(free_string) char *again = NULL;

	if (http_origin(text, &origin, &err) < 0) {
		require(err.code == ERROR_INVALID && !origin);
		return false;
	}
	require(http_origin(origin, &again, &err) == 0);
	require(!strcmp(origin, again));
	check_like_libcurl(text, origin);
	return true;
}

static void check_resolved(const char *base, const char *location)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *url = NULL;
	CLEANUP(free_string) char *again = NULL;

	if (http_resolve(base, location, &url, &err) < 0) {
		require(err.code == ERROR_INVALID && !url);
		return;
	}
	require(check_origin(url));
	require(!strstr(url, "/../") || strchr(url, '?'));
	if (http_resolve(base, url, &again, &err) == 0)
		require(!strcmp(url, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_string) char *text = xcalloc(size + 1, 1);

	if (size)
		memcpy(text, data, size);
	char *end = strchr(text, '\n');
	const char *location = end ? end + 1 : "";
	if (end)
		*end = '\0';
	check_redacted(text);
	check_redacted(location);
	check_origin(text);
	check_resolved(text, location);
	check_resolved("https://registry.example:5000/v2/a/blobs/uploads/?x=1", text);
	return 0;
}
