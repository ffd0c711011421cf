/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/upload_location.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "http/http.h"
#include "registry/origin.h"

void upload_location_release(struct upload_location *location)
{
	free(location->url);
	*location = (struct upload_location)UPLOAD_LOCATION_INIT;
}

static int refuse(const char *url, const char *registry_url, const char *why, struct error *err)
{
	CLEANUP(free_string) char *redacted = http_redacted_url(url);
	CLEANUP(free_string) char *shown = text_escaped(redacted);

	return error_set(err, ERROR_INVALID, "%s wants the upload at %s: %s", registry_url, shown, why);
}

/* http://host:80 for https://host:443, or the same port. */
static bool is_same_but_http(const struct origin *registry, const struct origin *target)
{
	if (registry->is_http || !target->is_http || !origin_same_host(registry, target))
		return false;
	return strcmp(registry->port, target->port) == 0 ||
	       (strcmp(registry->port, "443") == 0 && strcmp(target->port, "80") == 0);
}

/* `url` is http://host[:port]/rest: the same with the registry's scheme and port. */
static char *with_origin_of(const struct origin *registry, const char *url)
{
	const char *rest = url + strlen("http://");

	return xasprintf("%s%s", registry->text, rest + strcspn(rest, "/?"));
}

static int judge_foreign(const struct origin *registry, const struct origin *target, const char *url,
			 const char *registry_url, struct error *err)
{
	bool is_same_host = origin_same_host(registry, target);

	if (target->is_http && !(registry->is_http && is_same_host))
		return refuse(
			url, registry_url,
			registry->is_http
				? "that is another server without TLS"
				: "without TLS; its proxy should set X-Forwarded-Proto and X-Forwarded-Host",
			err);
	if (origin_is_address(target) && !is_same_host)
		return refuse(url, registry_url, "an address that is not the registry's", err);
	return 0;
}

int upload_location_read(struct upload_location *location, const char *registry_url, const char *response_url,
			 const char *text, struct error *err)
{
	CLEANUP(origin_release) struct origin registry = ORIGIN_INIT;
	CLEANUP(origin_release) struct origin target = ORIGIN_INIT;
	CLEANUP(free_string) char *url = NULL;

	if (!text || !*text)
		return error_set(err, ERROR_INVALID, "%s names no Location for the upload", registry_url);
	if (http_resolve(response_url, text, &url, err) < 0 || origin_parse(&target, url, err) < 0 ||
	    origin_parse(&registry, registry_url, err) < 0)
		return error_wrap(err, "%s: Location of the upload", registry_url);

	upload_location_release(location);
	location->is_foreign = !origin_equal(&registry, &target);
	location->is_distant = !origin_same_host(&registry, &target);
	if (is_same_but_http(&registry, &target)) {
		log_warning_once(
			"%s: names http:// locations for uploads, https is used; its proxy should set "
			"X-Forwarded-Proto",
			registry_url);
		location->is_foreign = false;
		location->url = with_origin_of(&registry, url);
		return 0;
	}
	if (location->is_foreign && judge_foreign(&registry, &target, url, registry_url, err) < 0)
		return -1;
	location->url = steal(&url);
	return 0;
}

/* The query without its digest parameters. */
static void copy_query(struct strbuf *out, const char *query)
{
	while (*query) {
		size_t length = strcspn(query, "&");

		if (strncmp(query, "digest=", 7) != 0) {
			strbuf_add_char(out, strchr(out->buf, '?') ? '&' : '?');
			strbuf_add(out, query, length);
		}
		query += length + (query[length] == '&');
	}
}

char *upload_location_with_digest(const struct upload_location *location, const struct digest *digest)
{
	CLEANUP(strbuf_release) struct strbuf url = STRBUF_INIT;
	char hex[DIGEST_HEX_LENGTH + 1];
	size_t path_length = strcspn(location->url, "?");
	const char *query = location->url + path_length;
	bool has_digest = strstr(query, "?digest=") || strstr(query, "&digest=");

	digest_format_hex(digest, hex);
	strbuf_add(&url, location->url, path_length);
	if (has_digest)
		copy_query(&url, query + 1);
	else
		strbuf_add_string(&url, query);
	strbuf_addf(&url, "%cdigest=sha256%%3A%s", strchr(url.buf, '?') ? '&' : '?', hex);
	return strbuf_detach(&url);
}
