/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What refers to a manifest (distribution-spec "Listing Referrers" and "Unavailable Referrers API").
 * The list is not content with a digest: pages are joined into one index.
 */
#include <jansson.h>
#include <string.h>

#include "base/log.h"
#include "http/http.h"
#include "oci/strict_json.h"
#include "registry/link_header.h"
#include "registry/manifest_get.h"
#include "registry/origin.h"
#include "registry/referrer_list.h"
#include "registry/registry.h"
#include "registry/request.h"

#define MAX_PAGES 1000

/* Of all pages together: what one manifest may have. */
#define MAX_BYTES OCI_MAX_MANIFEST_SIZE
/* Descriptors with annotations; a tenth of that is usual. */
#define MAX_VALUES 262144

static int read_page(const struct access *access, const struct http_response *response, json_t *all,
		     struct error *err)
{
	static const char *const keys[] = {"manifests", NULL};
	CLEANUP(json_decrefp) json_t *page = NULL;

	if (strict_json_load(&page, response->body.buf, response->body.len, MAX_VALUES, err) < 0 ||
	    strict_json_check_keys(page, keys, err) < 0)
		return error_wrap(err, "%s/%s: list of referrers", access->repository->host,
				  access->repository->path);
	json_t *manifests = strict_json_get(page, "manifests");
	if (manifests && !json_is_array(manifests))
		return error_set(err, ERROR_INVALID, "%s/%s: the list of referrers is not an index",
				 access->repository->host, access->repository->path);
	if (manifests)
		json_array_extend(all, manifests);
	return 0;
}

/* The next page's URL, or NULL at the end or where it cannot be trusted. */
static int next_page(const struct access *access, const struct http_response *response, const char *url,
		     char **next, struct error *err)
{
	CLEANUP(free_string) char *link = link_header_next(response->link);
	CLEANUP(free_string) char *resolved = NULL;
	CLEANUP(origin_release) struct origin here = ORIGIN_INIT;
	CLEANUP(origin_release) struct origin there = ORIGIN_INIT;

	*next = NULL;
	if (!link)
		return 0;
	if (http_resolve(url, link, &resolved, err) < 0 || origin_parse(&here, url, err) < 0 ||
	    origin_parse(&there, resolved, err) < 0)
		return error_wrap(err, "%s: Link of a list", access->repository->host);
	if (!origin_equal(&here, &there))
		return error_set(err, ERROR_INVALID, "%s: the next page of a list is on another server",
				 access->repository->host);
	*next = steal(&resolved);
	return 0;
}

/* *is_index false: there is no such API here. */
static int get_page(const struct access *access, const char *url, size_t limit_bytes,
		    struct http_response *response, bool *is_index, struct error *err)
{
	static const char *const headers[] = {"Accept: " MEDIA_TYPE_OCI_INDEX, NULL};
	struct api_request request = {
		.method = "GET",
		.url = url,
		.what = "list of referrers",
		.headers = headers,
		.body_limit = limit_bytes,
		.is_small = true,
	};

	*is_index = false;
	if (request_perform(access, &request, response, err) < 0)
		return -1;
	if (response->status == 200) {
		CLEANUP(free_string) char *type = media_type_normalise(response->content_type);
		*is_index = manifest_type_parse(type) == MANIFEST_OCI_INDEX;
		return 0;
	}
	/* Each server has its own way to say that it does not know this API. */
	if (response->status == 403 || response->status < 400)
		return request_refused(access, &request, response, err);
	return 0;
}

/* How far a list has been read. */
struct listing {
	json_t *all;
	struct strvec visited; /* URLs of pages; the last one is the current page */
	size_t n_bytes;
};

static void listing_release(struct listing *listing)
{
	json_decrefp(&listing->all);
	strvec_release(&listing->visited);
}

/* Whether there is room for another page. */
static bool has_room(const struct listing *listing)
{
	return listing->n_bytes < MAX_BYTES && listing->visited.count < MAX_PAGES &&
	       json_array_size(listing->all) < OCI_MAX_CHILDREN;
}

static int list_pages(const struct access *access, struct listing *listing, bool *is_supported,
		      struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	for (;;) {
		const char *url = listing->visited.items[listing->visited.count - 1];
		CLEANUP(free_string) char *next = NULL;
		bool is_index;

		if (get_page(access, url, MAX_BYTES - listing->n_bytes, &response, &is_index, err) < 0)
			return -1;
		if (!is_index)
			return 0;
		*is_supported = true;
		listing->n_bytes += response.body.len;
		if (read_page(access, &response, listing->all, err) < 0 ||
		    next_page(access, &response, url, &next, err) < 0)
			return -1;
		/* A list that leads back to where it was has been read. */
		if (!next || strvec_contains(&listing->visited, next))
			return 0;
		if (!has_room(listing)) {
			log_warning("%s/%s: the list of referrers is endless, the rest is left out",
				    access->repository->host, access->repository->path);
			return 0;
		}
		strvec_push_take(&listing->visited, steal(&next));
	}
}

static int write_index(json_t *all, struct strbuf *bytes, struct error *err)
{
	CLEANUP(json_decrefp) json_t *index = json_pack("{s:i, s:s, s:O}", "schemaVersion", 2, "mediaType",
							MEDIA_TYPE_OCI_INDEX, "manifests", all);
	CLEANUP(free_string) char *text = index ? json_dumps(index, JSON_COMPACT) : NULL;

	if (!text)
		return error_set(err, ERROR_INVALID, "the list of referrers cannot be written as JSON");
	strbuf_add_string(bytes, text);
	return 0;
}

/* The index that clients keep under a tag where there is no API. */
static int read_fallback(const struct access *access, const struct digest *digest, struct strbuf *bytes,
			 struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	CLEANUP(free_string) char *tag = referrers_tag(digest);

	if (manifest_get(access, tag, bytes, &descriptor, err) < 0) {
		if (!error_is(err, ERROR_NOT_FOUND))
			return -1;
		error_clear(err);
		return 0;
	}
	if (manifest_type_parse(descriptor.media_type) != MANIFEST_OCI_INDEX)
		strbuf_release(bytes);
	return 0;
}

int registry_read_referrers(struct registry_session *session, const struct repository *repository,
			    const struct digest *digest, bool *is_supported, struct strbuf *bytes,
			    struct error *err)
{
	CLEANUP(listing_release) struct listing listing = {.all = json_array()};
	struct access access;
	char name[DIGEST_TEXT_SIZE];

	*is_supported = false;
	strbuf_reset(bytes);
	if (access_open(&access, session, repository, err) < 0)
		return -1;
	digest_format(digest, name);
	strvec_push_take(&listing.visited, access_url(&access, "referrers/%s", name));
	if (list_pages(&access, &listing, is_supported, err) < 0)
		return -1;
	if (!*is_supported)
		return read_fallback(&access, digest, bytes, err);
	return json_array_size(listing.all) > 0 ? write_index(listing.all, bytes, err) : 0;
}

int registry_has_referrer(struct registry_session *session, const struct repository *repository,
			  const struct digest *subject, const struct digest *referrer, bool *is_listed,
			  struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	char name[DIGEST_TEXT_SIZE];
	bool is_supported;
	const json_t *entry;
	size_t i;

	*is_listed = false;
	if (registry_read_referrers(session, repository, subject, &is_supported, &bytes, err) < 0)
		return -1;
	CLEANUP(json_decrefp) json_t *index = json_loadb(bytes.buf, bytes.len, JSON_REJECT_DUPLICATES, NULL);
	digest_format(referrer, name);
	json_array_foreach (json_object_get(index, "manifests"), i, entry) {
		const char *digest = json_string_value(json_object_get(entry, "digest"));
		*is_listed |= digest && strcmp(digest, name) == 0;
	}
	return 0;
}
