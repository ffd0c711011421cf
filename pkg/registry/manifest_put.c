/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/manifest_put.h"

#include <string.h>

#include "base/log.h"
#include "registry/manifest_get.h"
#include "registry/registry.h"

/* distribution and zot refuse larger ones, Quay those above 5 MiB. */
#define PUSH_WARNING_SIZE (4u << 20)
#define MISSING_BLOBS "the registry lacks blobs of this manifest"

bool response_stated_digest(const struct http_response *response, struct digest *digest)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	return response->docker_content_digest &&
	       digest_parse(digest, response->docker_content_digest, &ignored) == 0;
}

bool registry_error_is_missing_blobs(const struct error *err)
{
	return err->message && strstr(err->message, MISSING_BLOBS);
}

/* A tag that may not be moved is fine if it is where it should be: then a run may be repeated. */
static bool is_immutable_and_ours(const struct access *access, const struct http_response *response,
				  const char *tag, const struct digest *digest)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	bool is_present = false, has_digest = false;
	struct digest current;

	if (!tag || (response->status != 409 && response->status != 412 &&
		     !(response->status == 400 && (response_mentions(response, "immutable") ||
						   response_mentions(response, "already exists") ||
						   response_mentions(response, "AlreadyExists")))))
		return false;
	if (registry_head_manifest(access->session, access->repository, tag, &is_present, &has_digest,
				   &current, &ignored) < 0)
		return false;
	return is_present && has_digest && digest_equal(&current, digest);
}

static int judge_write(const struct access *access, const struct api_request *request,
		       const struct http_response *response, const char *tag, const struct digest *digest,
		       struct error *err)
{
	struct digest stated;
	long status = response->status;

	if (status == 200 || status == 201 || status == 202 || status == 204) {
		if (!response_stated_digest(response, &stated) || digest_equal(&stated, digest))
			return 0;
		return error_set(err, ERROR_DIGEST, "%s/%s: %s: the registry has stored something else: %s",
				 access->repository->host, access->repository->path, request->what,
				 response->docker_content_digest);
	}
	if (is_immutable_and_ours(access, response, tag, digest))
		return 0;
	if (response_mentions(response, "MANIFEST_BLOB_UNKNOWN") ||
	    response_mentions(response, "\"BLOB_UNKNOWN\"")) {
		CLEANUP(free_string) char *text = http_error_text(response);
		return error_set(err, ERROR_INVALID, "%s/%s: %s: " MISSING_BLOBS " (status %ld): %s",
				 access->repository->host, access->repository->path, request->what, status,
				 text);
	}
	return request_refused(access, request, response, err);
}

static int check_manifest(const struct access *access, const struct manifest_to_put *manifest,
			  const char *name, struct error *err)
{
	if (manifest_check_name(name, err) < 0)
		return -1;
	/* It becomes a line of the request. */
	if (strpbrk(manifest->media_type, "\r\n"))
		return error_set(err, ERROR_INVALID, "manifest %s: the media type has a line end", name);
	if (manifest->length > PUSH_WARNING_SIZE)
		log_warning("%s/%s: manifest %s is larger than 4 MiB, many registries refuse that",
			    access->repository->host, access->repository->path, name);
	return 0;
}

int manifest_put(const struct access *access, const struct manifest_to_put *manifest,
		 struct http_response *response, struct error *err)
{
	char text[DIGEST_TEXT_SIZE];
	const char *name = manifest->tag ? manifest->tag : digest_format(manifest->digest, text);

	if (check_manifest(access, manifest, name, err) < 0)
		return -1;
	CLEANUP(free_string) char *url = access_url(access, "manifests/%s", name);
	CLEANUP(free_string) char *what = xasprintf("writing manifest %s", name);
	CLEANUP(free_string) char *type = xasprintf("Content-Type: %s", manifest->media_type);
	const char *headers[] = {type, NULL};
	struct memory_body body = {.data = manifest->bytes, .length = manifest->length};
	struct http_source source = memory_body_source(&body);
	struct api_request request = {
		.method = "PUT",
		.url = url,
		.what = what,
		.headers = headers,
		.source = &source,
		.is_small = true,
	};
	if (request_perform(access, &request, response, err) < 0)
		return -1;
	return judge_write(access, &request, response, manifest->tag, manifest->digest, err);
}
