/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "registry/manifest_get.h"
#include "registry/manifest_put.h"
#include "registry/referrer_list.h"
#include "registry/registry.h"
#include "registry/request.h"

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

/* GET where HEAD does not work (some registries answer it with 405 or 5xx) or does not say enough. */
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
		*has_digest = response_stated_digest(&response, digest);
		/* Of a tag the digest is what matters; some servers say it nowhere. */
		if (*has_digest || strchr(tag_or_digest, ':'))
			return 0;
		*is_present = false;
		return head_by_get(&access, tag_or_digest, is_present, has_digest, digest, err);
	}
	if (response.status == 405 || response.status == 412 || response.status >= 500 ||
	    response_is_foreign_error(&response))
		return head_by_get(&access, tag_or_digest, is_present, has_digest, digest, err);
	if (response.status == 404 || denial_means_absent(&access, response.status))
		return 0;
	return request_refused(&access, &request, &response, err);
}

int registry_write_manifest(struct registry_session *session, const struct repository *repository,
			    const char *tag, const char *media_type, const struct digest *digest,
			    const void *bytes, size_t length, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct manifest_to_put manifest = {
		.tag = tag,
		.media_type = media_type,
		.digest = digest,
		.bytes = bytes,
		.length = length,
	};
	struct access access;

	if (access_open(&access, session, repository, err) < 0 ||
	    manifest_put(&access, &manifest, &response, err) < 0)
		return -1;
	return referrer_record(&access, &manifest, &response, err);
}
