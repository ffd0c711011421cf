/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/blobs.h"

#include "base/log.h"
#include "registry/client.h"

/* What an answer to HEAD means; 1 if it has no meaning. */
static int judge_head(const struct access *access, const struct descriptor *descriptor,
		      const struct http_response *response, bool *is_present)
{
	if (response->status == 200) {
		/* Some servers give 0 for any blob: not known. */
		*is_present = !response->has_content_length || response->content_length == 0 ||
			      response->content_length == descriptor->size;
		if (!*is_present)
			log_info(
				"%s/%s: has a blob of the right name and the wrong size, it is written again",
				access->repository->host, access->repository->path);
		return 0;
	}
	if (response_is_foreign_error(response)) {
		/* The registry knew where the blob is; URLs signed for GET do not work for HEAD. Anything
		 * else counts as absent: at worst it is sent once more. */
		*is_present = response->status == 403;
		return 0;
	}
	/* 405 and 501: no HEAD here; then it counts as absent. */
	*is_present = false;
	return response_says_absent(response) || response->status == 405 || response->status == 501 ? 0 : 1;
}

static struct api_request head_request(const char *url, const char *what)
{
	return (struct api_request){
		.method = "HEAD",
		.url = url,
		.what = what,
		.is_small = true,
		.returns_foreign_errors = true,
	};
}

int blob_probe(const struct access *access, const struct descriptor *descriptor, bool *is_present,
	       struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	char name[DIGEST_TEXT_SIZE];
	bool is_final;

	digest_format(&descriptor->digest, name);
	CLEANUP(free_string) char *url = access_url(access, "blobs/%s", name);
	CLEANUP(free_string) char *what = xasprintf("blob %s", name);
	struct api_request request = head_request(url, what);
	if (request_attempt(access, &request, &response, &is_final, err) < 0)
		return -1;
	if (judge_head(access, descriptor, &response, is_present) == 0)
		return 0;
	return request_refused(access, &request, &response, err);
}

int registry_has_blob(struct registry_session *session, const struct repository *repository,
		      const struct descriptor *descriptor, bool *is_present, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct access access;
	char name[DIGEST_TEXT_SIZE];

	*is_present = false;
	if (access_open(&access, session, repository, err) < 0)
		return -1;
	digest_format(&descriptor->digest, name);
	CLEANUP(free_string) char *url = access_url(&access, "blobs/%s", name);
	CLEANUP(free_string) char *what = xasprintf("blob %s", name);
	struct api_request request = head_request(url, what);
	if (request_perform(&access, &request, &response, err) < 0) {
		/* Quay, asked for a repository that does not exist yet by a dry run. */
		bool is_dry_target =
			repository->side == REGISTRY_TARGET && session->client->options.pull_scope_only;
		bool is_foreign = error_is(err, ERROR_TRANSIENT) && response_is_foreign_error(&response);
		if (!is_foreign && (!is_dry_target || response.status != 401))
			return -1;
		if (is_foreign)
			log_info("%s; it is written again", err->message);
		error_clear(err);
		return 0;
	}
	if (judge_head(&access, descriptor, &response, is_present) == 0)
		return 0;
	return request_refused(&access, &request, &response, err);
}
