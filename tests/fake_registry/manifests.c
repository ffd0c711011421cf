/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, tags and referrers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/fake_registry/internal.h"

#define MAX_MANIFEST_BYTES (4u << 20)

static const char *const known_types[] = {
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
};

static bool is_known_type(const char *type)
{
	for (size_t i = 0; type && i < ARRAY_LENGTH(known_types); i++)
		if (!strcmp(type, known_types[i]))
			return true;
	return false;
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

/* --- reading */

/* Registries of the distribution family have nothing for a client that takes no such type. */
static bool is_accepted(const struct exchange *exchange, const char *type)
{
	CLEANUP(free_string) char *accept = exchange_header(exchange, "Accept");

	return !accept || strstr(exchange->request.headers, type) || strstr(exchange->request.headers, "*/*");
}

static void get_manifest(struct exchange *exchange)
{
	struct fake_content *content = exchange->registry->content;

	pthread_mutex_lock(&content->mutex);
	const struct fake_manifest *manifest = content_find_manifest(content, exchange->name, exchange->item);
	pthread_mutex_unlock(&content->mutex);
	if (!manifest || !is_accepted(exchange, manifest->media_type)) {
		answer_error(exchange, 404, "MANIFEST_UNKNOWN", "manifest unknown");
		return;
	}
	exchange->status = 200;
	exchange->body = manifest->bytes->data;
	exchange->body_length = manifest->bytes->size;
	answer_header(exchange, "Content-Type: %s", manifest->media_type);
	answer_header(exchange, "Docker-Content-Digest: %s", manifest->digest);
}

/* --- writing */

/* Foreign layers stay where they are. */
static bool needs_blob(const json_t *descriptor)
{
	const char *type = json_string_value(json_object_get(descriptor, "mediaType"));

	return !json_object_get(descriptor, "urls") &&
	       !(type && (strstr(type, "foreign") || strstr(type, "nondistributable")));
}

/* With the content locked. */
static bool has_blobs(struct exchange *exchange, const json_t *manifest)
{
	struct fake_content *content = exchange->registry->content;
	const char *config =
		json_string_value(json_object_get(json_object_get(manifest, "config"), "digest"));
	json_t *layer;
	size_t i;

	if (config && !content_find_blob(content, exchange->name, config))
		return false;
	json_array_foreach (json_object_get(manifest, "layers"), i, layer) {
		const char *digest = json_string_value(json_object_get(layer, "digest"));
		if (needs_blob(layer) && (!digest || !content_find_blob(content, exchange->name, digest)))
			return false;
	}
	return true;
}

static bool has_children(struct exchange *exchange, const json_t *index)
{
	json_t *child;
	size_t i;

	json_array_foreach (json_object_get(index, "manifests"), i, child) {
		const char *digest = json_string_value(json_object_get(child, "digest"));
		if (!digest || !content_find_manifest(exchange->registry->content, exchange->name, digest))
			return false;
	}
	return true;
}

/* What is wrong with a manifest, as an answer; true if nothing is. */
static bool check_manifest(struct exchange *exchange, const char *type, const struct strbuf *bytes,
			   const json_t *manifest)
{
	const char *own_type = json_string_value(json_object_get(manifest, "mediaType"));
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	digest_of(bytes->buf, bytes->len, &digest);
	if (!json_is_object(manifest) || !is_known_type(type) || (own_type && strcmp(own_type, type) != 0)) {
		answer_error(exchange, 400, "MANIFEST_INVALID", "manifest invalid");
		return false;
	}
	if (strchr(exchange->item, ':') && strcmp(digest_format(&digest, text), exchange->item) != 0) {
		answer_error(exchange, 400, "DIGEST_INVALID",
			     "provided digest did not match uploaded content");
		return false;
	}
	if (exchange->registry->options.accepts_missing_references)
		return true;
	pthread_mutex_lock(&exchange->registry->content->mutex);
	bool is_complete = has_blobs(exchange, manifest);
	bool has_all_children = has_children(exchange, manifest);
	pthread_mutex_unlock(&exchange->registry->content->mutex);
	if (!is_complete)
		answer_error(exchange, 400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
	else if (!has_all_children)
		answer_error(exchange, 400, "MANIFEST_UNKNOWN", "manifest unknown to registry");
	return is_complete && has_all_children;
}

static void put_manifest(struct exchange *exchange)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *type = exchange_header(exchange, "Content-Type");
	struct fake_content *content = exchange->registry->content;
	const char *tag = strchr(exchange->item, ':') ? NULL : exchange->item;

	if (exchange->length > MAX_MANIFEST_BYTES) {
		answer_error(exchange, 413, "SIZE_INVALID", "manifest too large");
		return;
	}
	if (!exchange_read_body(exchange, &bytes, MAX_MANIFEST_BYTES))
		return;
	CLEANUP(free_json) json_t *json = json_loadb(bytes.buf, bytes.len, 0, NULL);
	if (!check_manifest(exchange, type, &bytes, json))
		return;
	pthread_mutex_lock(&content->mutex);
	const struct fake_manifest *manifest =
		content_add_manifest(content, exchange->name, tag, type, bytes.buf, bytes.len);
	pthread_mutex_unlock(&content->mutex);
	exchange->status = 201;
	answer_header(exchange, "Location: /v2/%s/manifests/%s", exchange->name, manifest->digest);
	answer_header(exchange, "Docker-Content-Digest: %s", manifest->digest);
	const char *subject = json_string_value(json_object_get(json_object_get(json, "subject"), "digest"));
	if (subject && exchange->registry->options.has_referrers)
		answer_header(exchange, "OCI-Subject: %s", subject);
}

static void delete_manifest(struct exchange *exchange)
{
	struct fake_content *content = exchange->registry->content;

	pthread_mutex_lock(&content->mutex);
	const struct fake_manifest *manifest = content_find_manifest(content, exchange->name, exchange->item);
	struct fake_repository *repository = content_repository(content, exchange->name, false);
	if (manifest && !strchr(exchange->item, ':')) {
		map_remove(&repository->tags, exchange->item);
	} else if (manifest) {
		map_remove(&repository->manifests, exchange->item);
		const struct map_entry *entry = NULL;
		while ((entry = map_next(&repository->tags, entry))) {
			if (entry->value != manifest)
				continue;
			map_remove(&repository->tags, entry->key);
			entry = NULL;
		}
	}
	pthread_mutex_unlock(&content->mutex);
	if (manifest)
		exchange->status = 202;
	else
		answer_error(exchange, 404, "MANIFEST_UNKNOWN", "manifest unknown");
}

void manifests_handle(struct exchange *exchange)
{
	const char *method = exchange->request.method;

	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		get_manifest(exchange);
	else if (!strcmp(method, "PUT"))
		put_manifest(exchange);
	else if (!strcmp(method, "DELETE"))
		delete_manifest(exchange);
	else
		answer_error(exchange, 405, "UNSUPPORTED", "method not allowed");
}

/* --- tags */

static bool list_tags(struct exchange *exchange, struct strvec *tags)
{
	struct fake_content *content = exchange->registry->content;

	pthread_mutex_lock(&content->mutex);
	const struct fake_repository *repository = content_repository(content, exchange->name, false);
	const struct map_entry *entry = NULL;
	while (repository && (entry = map_next(&repository->tags, entry)))
		strvec_push(tags, entry->key);
	pthread_mutex_unlock(&content->mutex);
	strvec_sort_unique(tags);
	return repository != NULL;
}

static size_t page_size(const struct exchange *exchange)
{
	CLEANUP(free_string) char *text = form_value(exchange->query, "n", 0);
	struct error err = ERROR_INIT;
	uint64_t wanted = SIZE_MAX;
	unsigned largest = exchange->registry->options.page_size;

	if (text && text_parse_number(text, SIZE_MAX, &wanted, &err) < 0)
		error_clear(&err);
	return largest && wanted > largest ? largest : (size_t)wanted;
}

void tags_handle(struct exchange *exchange)
{
	CLEANUP(strvec_release) struct strvec tags = STRVEC_INIT;
	CLEANUP(free_string) char *last = form_value(exchange->query, "last", 0);
	size_t room = page_size(exchange), shown = 0;
	const char *final = NULL;

	if (!list_tags(exchange, &tags)) {
		answer_error(exchange, 404, "NAME_UNKNOWN", "repository name not known to registry");
		return;
	}
	strbuf_addf(&exchange->text, "{\"name\":\"%s\",\"tags\":[", exchange->name);
	for (size_t i = 0; i < tags.count; i++) {
		if (last && strcmp(tags.items[i], last) <= 0)
			continue;
		if (shown == room) {
			answer_header(exchange, "Link: </v2/%s/tags/list?n=%zu&last=%s>; rel=\"next\"",
				      exchange->name, room, final ? final : "");
			break;
		}
		strbuf_addf(&exchange->text, "%s\"%s\"", shown++ ? "," : "", tags.items[i]);
		final = tags.items[i];
	}
	strbuf_add_string(&exchange->text, "]}");
	answer_json(exchange, 200, "application/json");
}

/* --- referrers */

/* Adds the descriptor of a manifest that has this subject. */
static void add_referrer(json_t *manifests, const struct fake_manifest *manifest, const char *subject)
{
	CLEANUP(free_json) json_t *json = json_loadb(manifest->bytes->data, manifest->bytes->size, 0, NULL);
	const char *own = json_string_value(json_object_get(json_object_get(json, "subject"), "digest"));

	if (!own || strcmp(own, subject) != 0)
		return;
	json_t *type = json_object_get(json, "artifactType");
	if (!type)
		type = json_object_get(json_object_get(json, "config"), "mediaType");
	json_array_append_new(manifests,
			      json_pack("{s:s, s:I, s:s, s:O*, s:O*}", "mediaType", manifest->media_type,
					"size", (json_int_t)manifest->bytes->size, "digest", manifest->digest,
					"artifactType", type, "annotations",
					json_object_get(json, "annotations")));
}

void referrers_handle(struct exchange *exchange)
{
	struct fake_content *content = exchange->registry->content;

	if (!exchange->registry->options.has_referrers) {
		answer_error(exchange, 404, "NOT_FOUND", "page not found");
		return;
	}
	CLEANUP(free_json) json_t *manifests = json_array();
	pthread_mutex_lock(&content->mutex);
	const struct fake_repository *repository = content_repository(content, exchange->name, false);
	const struct map_entry *entry = NULL;
	while (repository && (entry = map_next(&repository->manifests, entry)))
		add_referrer(manifests, entry->value, exchange->item);
	pthread_mutex_unlock(&content->mutex);
	CLEANUP(free_json) json_t *index =
		json_pack("{s:i, s:s, s:O}", "schemaVersion", 2, "mediaType",
			  "application/vnd.oci.image.index.v1+json", "manifests", manifests);
	CLEANUP(free_string) char *text = json_dumps(index, JSON_COMPACT);
	strbuf_add_string(&exchange->text, text);
	answer_json(exchange, 200, "application/vnd.oci.image.index.v1+json");
}
