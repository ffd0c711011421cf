/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/referrer_list.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "registry/client.h"
#include "registry/manifest_get.h"

/* Lists of other clients may get between our reading and writing: so often it is written at most. */
#define MAX_WRITES 2

char *referrers_tag(const struct digest *subject)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	return xasprintf("sha256-%s", digest_format_hex(subject, hex));
}

/* --- the referrer */

/* The manifest as JSON if it has a subject, else NULL. The registry has accepted these bytes, so what is
 * odd about them is left alone. */
static json_t *parse_referrer(const struct access *access, const struct manifest_to_put *manifest,
			      struct digest *subject)
{
	static const char key[] = "\"subject\"";
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (!memmem(manifest->bytes, manifest->length, key, strlen(key)))
		return NULL;
	CLEANUP(json_decrefp) json_t *json =
		json_loadb(manifest->bytes, manifest->length, JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(json_object_get(json, "subject"), "digest"));
	if (!text)
		return NULL;
	if (digest_parse(subject, text, &problem) == 0)
		return steal(&json);
	log_warning("%s/%s: a referrer is not listed with its subject: %s", access->repository->host,
		    access->repository->path, problem.message);
	return NULL;
}

/* How the list names it: artifactType and annotations are those of the manifest; an image manifest
 * without artifactType is called by the type of its config. */
static json_t *describe_referrer(const struct manifest_to_put *manifest, const json_t *json)
{
	char text[DIGEST_TEXT_SIZE];
	json_t *type = json_object_get(json, "artifactType");
	json_t *annotations = json_object_get(json, "annotations");

	if (!json_string_length(type))
		type = json_object_get(json_object_get(json, "config"), "mediaType");
	digest_format(manifest->digest, text);
	json_t *descriptor = json_pack("{s:s, s:s, s:I}", "mediaType", manifest->media_type, "digest", text,
				       "size", (json_int_t)manifest->length);
	if (json_string_length(type))
		json_object_set(descriptor, "artifactType", type);
	if (json_object_size(annotations))
		json_object_set(descriptor, "annotations", annotations);
	return descriptor;
}

/* --- the list */

static const char *digest_text(const json_t *descriptor)
{
	const char *text = json_string_value(json_object_get(descriptor, "digest"));

	return text ? text : "";
}

static bool is_listed(const json_t *list, const char *digest)
{
	const json_t *descriptor;
	size_t i;

	json_array_foreach (list, i, descriptor) {
		if (strcmp(digest_text(descriptor), digest) == 0)
			return true;
	}
	return false;
}

static void insert_sorted(json_t *list, json_t *descriptor)
{
	size_t i = 0;

	while (i < json_array_size(list) &&
	       strcmp(digest_text(json_array_get(list, i)), digest_text(descriptor)) < 0)
		i++;
	json_array_insert(list, i, descriptor);
}

/* The same list in order: whoever wrote it may have had another one. */
static json_t *sorted(const json_t *list)
{
	json_t *result = json_array();
	json_t *descriptor;
	size_t i;

	json_array_foreach (list, i, descriptor) {
		insert_sorted(result, descriptor);
	}
	return result;
}

static int refuse_list(const struct access *access, const char *tag, const char *why, struct error *err)
{
	error_set(err, ERROR_INVALID, "%s/%s: tag %s: %s", access->repository->host, access->repository->path,
		  tag, why);
	return error_advise(err, "referrers of that image cannot be listed as long as the tag is there");
}

/* Artifactory answers 403 for what is not there. */
static bool is_absent(const struct access *access, const char *tag, const struct error *failure)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	bool is_present = true, has_digest;
	struct digest digest;

	if (error_is(failure, ERROR_NOT_FOUND))
		return true;
	return error_is(failure, ERROR_UNAUTHORIZED) &&
	       registry_head_manifest(access->session, access->repository, tag, &is_present, &has_digest,
				      &digest, &ignored) == 0 &&
	       !is_present;
}

static int read_index(const struct access *access, const char *tag, json_t **index, struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (manifest_get(access, tag, &bytes, &descriptor, err) < 0) {
		if (!is_absent(access, tag, err))
			return -1;
		error_clear(err);
		*index = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType", MEDIA_TYPE_OCI_INDEX,
				   "manifests");
		return 0;
	}
	if (manifest_type_parse(descriptor.media_type) != MANIFEST_OCI_INDEX)
		return refuse_list(access, tag, "is something else than a list of referrers", err);
	CLEANUP(json_decrefp) json_t *json = json_loadb(bytes.buf, bytes.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *manifests = json_object_get(json, "manifests");
	if (!json_is_object(json) || (manifests && !json_is_array(manifests) && !json_is_null(manifests)))
		return refuse_list(access, tag, "is not an index", err);
	if (json_array_size(manifests) >= OCI_MAX_CHILDREN)
		return refuse_list(access, tag, "is full", err);
	json_object_set_new(json, "manifests", sorted(manifests));
	*index = steal(&json);
	return 0;
}

static int write_index(const struct access *access, const char *tag, const json_t *index, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(free_string) char *text = json_dumps(index, JSON_COMPACT);
	struct digest digest;

	if (!text)
		return refuse_list(access, tag, "cannot be written as JSON", err);
	digest_of(text, strlen(text), &digest);
	struct manifest_to_put list = {
		.tag = tag,
		.media_type = MEDIA_TYPE_OCI_INDEX,
		.digest = &digest,
		.bytes = text,
		.length = strlen(text),
	};
	if (manifest_put(access, &list, &response, err) < 0)
		return error_wrap(err, "list of referrers");
	return 0;
}

static int add_to_list(const struct access *access, const char *tag, json_t *descriptor, struct error *err)
{
	for (unsigned writes = 0; writes < MAX_WRITES; writes++) {
		CLEANUP(json_decrefp) json_t *index = NULL;

		if (read_index(access, tag, &index, err) < 0)
			return -1;
		json_t *list = json_object_get(index, "manifests");
		if (is_listed(list, digest_text(descriptor)))
			return 0;
		insert_sorted(list, descriptor);
		if (write_index(access, tag, index, err) < 0)
			return -1;
	}
	return 0;
}

int referrer_record(const struct access *access, const struct manifest_to_put *manifest,
		    const struct http_response *response, struct error *err)
{
	struct registry_client *client = access->session->client;
	struct digest subject;
	CLEANUP(json_decrefp) json_t *json = parse_referrer(access, manifest, &subject);
	char text[DIGEST_TEXT_SIZE];

	/* Of a tag that may not be moved nothing was written: who wrote it has listed it. */
	if (!json || response->status >= 300)
		return 0;
	if (response->subject && strcmp(response->subject, digest_format(&subject, text)) == 0)
		return 0;

	CLEANUP(free_string) char *tag = referrers_tag(&subject);
	CLEANUP(json_decrefp) json_t *descriptor = describe_referrer(manifest, json);
	pthread_mutex_t *lock = &client->referrer_locks[subject.bytes[0] % REFERRER_LOCKS];
	pthread_mutex_lock(lock);
	int result = add_to_list(access, tag, descriptor, err);
	pthread_mutex_unlock(lock);
	return result;
}
