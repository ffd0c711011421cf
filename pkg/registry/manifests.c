/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "registry/manifest_get.h"
#include "registry/registry.h"
#include "registry/request.h"

/* distribution and zot refuse larger ones, Quay those above 5 MiB. */
#define PUSH_WARNING_SIZE (4u << 20)
#define MISSING_BLOBS "the registry lacks blobs of this manifest"

int registry_resolve(struct registry_session *session, const struct repository *repository,
		     const char *tag_or_digest, struct strbuf *bytes, struct descriptor *descriptor,
		     struct error *err)
{
	struct access access;

	if (access_open(&access, session, repository, err) < 0)
		return -1;
	return manifest_get(&access, tag_or_digest, bytes, descriptor, err);
}

int registry_read_manifest(struct registry_session *session, const struct repository *repository,
			   const struct descriptor *expected, bool is_size_known, struct strbuf *bytes,
			   struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor got = {0};
	char name[DIGEST_TEXT_SIZE];

	digest_format(&expected->digest, name);
	if (registry_resolve(session, repository, name, bytes, &got, err) < 0)
		return -1;
	if (!is_size_known || got.size == expected->size)
		return 0;
	strbuf_release(bytes);
	return error_set(err, ERROR_DIGEST, "%s/%s: manifest %s has %llu bytes, its parent says %llu",
			 repository->host, repository->path, name, (unsigned long long)got.size,
			 (unsigned long long)expected->size);
}

/* GET where HEAD does not work: some registries answer it with 405 or 5xx. */
static int head_by_get(const struct access *access, const char *tag_or_digest, bool *is_present,
		       bool *has_digest, struct digest *digest, struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (manifest_get(access, tag_or_digest, &bytes, &descriptor, err) < 0) {
		if (!error_is(err, ERROR_NOT_FOUND))
			return -1;
		error_clear(err);
		return 0;
	}
	*is_present = true;
	*has_digest = true;
	*digest = descriptor.digest;
	return 0;
}

/* Denials that mean "not there" at a target: Artifactory says 403; Quay 401 in a repository that does
 * not exist yet, to whoever may not push, such as a dry run. */
static bool denial_means_absent(const struct access *access, long status)
{
	if (access->repository->side != REGISTRY_TARGET)
		return false;
	return status == 403 || (status == 401 && access->session->client->options.pull_scope_only);
}

static void read_stated_digest(const struct http_response *response, bool *has_digest, struct digest *digest)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	*has_digest = response->docker_content_digest &&
		      digest_parse(digest, response->docker_content_digest, &ignored) == 0;
}

int registry_head_manifest(struct registry_session *session, const struct repository *repository,
			   const char *tag_or_digest, bool *is_present, bool *has_digest,
			   struct digest *digest, struct error *err)
{
	static const char *const headers[] = {"Accept: " MEDIA_TYPE_ACCEPT_MANIFESTS, NULL};
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct access access;

	*is_present = *has_digest = false;
	if (access_open(&access, session, repository, err) < 0 || manifest_check_name(tag_or_digest, err) < 0)
		return -1;
	CLEANUP(free_string) char *url = access_url(&access, "manifests/%s", tag_or_digest);
	CLEANUP(free_string) char *what = xasprintf("manifest %s", tag_or_digest);
	struct api_request request = {
		.method = "HEAD",
		.url = url,
		.what = what,
		.headers = headers,
		.is_small = true,
		.returns_server_errors = true,
		.returns_foreign_errors = true,
	};
	if (request_perform(&access, &request, &response, err) < 0) {
		if (!error_is(err, ERROR_UNAUTHORIZED) || !denial_means_absent(&access, response.status))
			return -1;
		error_clear(err);
		return 0;
	}
	if (response.status == 200) {
		*is_present = true;
		read_stated_digest(&response, has_digest, digest);
		return 0;
	}
	if (response.status == 405 || response.status == 412 || response.status >= 500 ||
	    response_is_foreign_error(&response))
		return head_by_get(&access, tag_or_digest, is_present, has_digest, digest, err);
	if (response.status == 404 || denial_means_absent(&access, response.status))
		return 0;
	return request_refused(&access, &request, &response, err);
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
	bool is_stated;
	long status = response->status;

	if (status == 200 || status == 201 || status == 202 || status == 204) {
		read_stated_digest(response, &is_stated, &stated);
		if (!is_stated || digest_equal(&stated, digest))
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

int registry_write_manifest(struct registry_session *session, const struct repository *repository,
			    const char *tag, const char *media_type, const struct digest *digest,
			    const void *bytes, size_t length, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct access access;
	char name[DIGEST_TEXT_SIZE];

	digest_format(digest, name);
	if (access_open(&access, session, repository, err) < 0 ||
	    manifest_check_name(tag ? tag : name, err) < 0)
		return -1;
	/* It becomes a line of the request. */
	if (strpbrk(media_type, "\r\n"))
		return error_set(err, ERROR_INVALID, "manifest %s: the media type has a line end", name);
	if (length > PUSH_WARNING_SIZE)
		log_warning("%s/%s: manifest %s is larger than 4 MiB, many registries refuse that",
			    repository->host, repository->path, name);

	CLEANUP(free_string) char *url = access_url(&access, "manifests/%s", tag ? tag : name);
	CLEANUP(free_string) char *what = xasprintf("writing manifest %s", tag ? tag : name);
	CLEANUP(free_string) char *type = xasprintf("Content-Type: %s", media_type);
	const char *headers[] = {type, NULL};
	struct memory_body body = {.data = bytes, .length = length};
	struct http_source source = memory_body_source(&body);
	struct api_request request = {
		.method = "PUT",
		.url = url,
		.what = what,
		.headers = headers,
		.source = &source,
		.is_small = true,
	};
	if (request_perform(&access, &request, &response, err) < 0)
		return -1;
	return judge_write(&access, &request, &response, tag, digest, err);
}
