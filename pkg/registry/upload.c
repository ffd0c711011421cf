/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a blob (distribution-spec "Pushing a blob"): mount it, or POST for a place, then one PUT
 * with all of it; PATCH and an empty PUT where a registry or a proxy refuses large PUTs. What fails
 * starts again with a new POST: servers drop the place on errors.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/text.h"
#include "oci/reference.h"
#include "registry/blobs.h"
#include "registry/client.h"
#include "registry/registry.h"
#include "registry/request.h"
#include "registry/upload_location.h"

#define TRANSFER_ATTEMPTS 10
/* So many refused mounts, and a registry is not asked again. */
#define MAX_MOUNT_REFUSALS 2
/* So many broken PUTs of one blob, and it is tried with PATCH. */
#define MAX_BROKEN_PUTS 2
/* How often a registry may lose its place, or find the digest wrong, for one blob. */
#define MAX_LOST_PLACES 2

static const char *const upload_headers[] = {"Content-Type: application/octet-stream", NULL};

struct upload {
	const struct access *access;
	const struct descriptor *descriptor;
	const struct http_source *source;
	char *what;                      /* for messages */
	struct upload_location location; /* of the open place; url NULL: none */
	struct http_response response;   /* of the last request */
	unsigned broken_puts;
	unsigned lost_places;
	bool uses_patch;
	bool was_too_large; /* a PUT got 413 */
	bool may_be_there;  /* the last PUT may have been carried out */
	bool is_final;
};

static void upload_release(struct upload *upload)
{
	free_string(&upload->what);
	upload_location_release(&upload->location);
	http_response_release(&upload->response);
}

static int send_part(struct upload *upload, const char *method, const char *url,
		     const struct http_source *source, struct error *err)
{
	struct api_request request = {
		.method = method,
		.url = url,
		.what = upload->what,
		.headers = upload_headers,
		.source = source,
		.is_anonymous = upload->location.is_foreign,
		.is_small = !source,
	};

	return request_attempt(upload->access, &request, &upload->response, &upload->is_final, err);
}

static int refused(const struct upload *upload, struct error *err)
{
	struct api_request request = {.what = upload->what};

	return request_refused(upload->access, &request, &upload->response, err);
}

static int lost_place(struct upload *upload, struct error *err)
{
	refused(upload, err);
	if (++upload->lost_places <= MAX_LOST_PLACES)
		err->code = ERROR_TRANSIENT;
	return -1;
}

static int read_location(struct upload *upload, struct error *err)
{
	return upload_location_read(&upload->location, upload->access->endpoint->base_url,
				    upload->response.url, upload->response.location, err);
}

/* POST: where does it go? */
static int open_place(struct upload *upload, struct error *err)
{
	CLEANUP(free_string) char *url = access_url(upload->access, "blobs/uploads/");

	upload_location_release(&upload->location);
	if (send_part(upload, "POST", url, NULL, err) < 0)
		return -1;
	if (upload->response.status != 202)
		return refused(upload, err);
	return read_location(upload, err);
}

static bool is_unsupported(const struct http_response *response)
{
	return response->status == 405 || response->status == 501 ||
	       (response->status == 400 && response_mentions(response, "UNSUPPORTED"));
}

static bool says_place_is_lost(const struct http_response *response)
{
	return response->status == 404 || response->status == 416 ||
	       response_mentions(response, "BLOB_UPLOAD_") ||
	       response_mentions(response, "\"DIGEST_INVALID\"") ||
	       response_mentions(response, "\"SIZE_INVALID\"");
}

/* A PUT or PATCH was answered with something else than a success. */
static int judge_part(struct upload *upload, struct error *err)
{
	const struct http_response *response = &upload->response;

	if (response->status == 413 && !upload->uses_patch) {
		refused(upload, err);
		err->code = ERROR_TRANSIENT;
		upload->was_too_large = upload->uses_patch = true;
		log_info("%s: takes no large PUT, PATCH is used", upload->access->endpoint->host);
		return -1;
	}
	if (upload->uses_patch && !upload->was_too_large && is_unsupported(response)) {
		refused(upload, err);
		err->code = ERROR_TRANSIENT;
		upload->uses_patch = false;
		return -1;
	}
	if (response->status != 401 && response->status != 403 && says_place_is_lost(response))
		return lost_place(upload, err);
	return refused(upload, err);
}

static int check_stored(const struct upload *upload, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *text = upload->response.docker_content_digest;
	struct digest stored;

	if (!text || digest_parse(&stored, text, &ignored) < 0 ||
	    digest_equal(&stored, &upload->descriptor->digest))
		return 0;
	return error_set(err, ERROR_DIGEST, "%s/%s: %s: the registry has stored something else: %s",
			 upload->access->repository->host, upload->access->repository->path, upload->what,
			 text);
}

static bool is_success(long status)
{
	return status == 200 || status == 201 || status == 202 || status == 204;
}

static int patch(struct upload *upload, struct error *err)
{
	if (send_part(upload, "PATCH", upload->location.url, upload->source, err) < 0)
		return -1;
	if (!is_success(upload->response.status))
		return judge_part(upload, err);
	/* A new place replaces the old one; without one that stays. */
	return upload->response.location ? read_location(upload, err) : 0;
}

static int put(struct upload *upload, struct error *err)
{
	CLEANUP(free_string) char *url =
		upload_location_with_digest(&upload->location, &upload->descriptor->digest);

	if (send_part(upload, "PUT", url, upload->uses_patch ? NULL : upload->source, err) < 0) {
		bool is_broken = error_is(err, ERROR_TRANSIENT) && !upload->is_final;
		upload->may_be_there = is_broken;
		if (is_broken && !upload->uses_patch && ++upload->broken_puts >= MAX_BROKEN_PUTS)
			upload->uses_patch = true;
		return -1;
	}
	if (is_success(upload->response.status))
		return check_stored(upload, err);
	/* 404: the place is used up when libcurl itself has sent the PUT anew on a new connection. */
	upload->may_be_there = upload->response.status >= 500 || upload->response.status == 404;
	return judge_part(upload, err);
}

/* Whether a PUT that ended badly was carried out all the same. */
static int look_after_failure(struct upload *upload, bool *is_there, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	*is_there = false;
	if (!upload->may_be_there)
		return 0;
	upload->may_be_there = false;
	if (blob_probe(upload->access, upload->descriptor, is_there, &ignored) < 0 &&
	    error_is(&ignored, ERROR_CANCELLED))
		return error_move(err, &ignored);
	return 0;
}

/* One attempt, from the place that a mount has opened or a new one. */
static int attempt(struct upload *upload, struct error *err)
{
	bool is_there = false;

	if (look_after_failure(upload, &is_there, err) < 0)
		return -1;
	if (is_there)
		return 0;
	if (!upload->location.url && open_place(upload, err) < 0)
		return -1;
	if (upload->uses_patch && patch(upload, err) < 0)
		return -1;
	return put(upload, err);
}

static int run(struct upload *upload, struct error *err)
{
	struct registry_client *client = upload->access->session->client;
	struct endpoint *endpoint = upload->access->endpoint;
	struct retry retry = RETRY_INIT(client->http, request_retry_policy(client, TRANSFER_ATTEMPTS));

	upload->uses_patch = upload->was_too_large = atomic_load(&endpoint->needs_patch);
	for (;;) {
		upload->is_final = false;
		if (retry_wait_for_origin(&retry, endpoint->base_url, err) < 0)
			return -1;
		if (attempt(upload, err) == 0)
			break;
		upload_location_release(&upload->location);
		if (upload->is_final || !retry_again(&retry, endpoint->base_url, upload->response.status,
						     upload->response.retry_after_ms, false, err))
			return -1;
	}
	if (upload->was_too_large)
		atomic_store(&endpoint->needs_patch, true);
	return 0;
}

static void count_refusal(struct upload *upload, const char *why)
{
	struct endpoint *endpoint = upload->access->endpoint;

	if (atomic_fetch_add(&endpoint->mount_refusals, 1) + 1 == MAX_MOUNT_REFUSALS)
		log_info("%s: does not mount blobs (%s), they are uploaded", endpoint->host, why);
}

/* POST with mount and from. Whatever goes wrong here, the blob can be uploaded: an error is only for
 * those who want to stop. */
static int mount(struct upload *upload, const char *from, bool *was_mounted, struct error *err)
{
	CLEANUP(error_clear) struct error refusal = ERROR_INIT;
	char name[DIGEST_HEX_LENGTH + 1];

	*was_mounted = false;
	if (!from || !reference_is_repository_path(from) ||
	    atomic_load(&upload->access->endpoint->mount_refusals) >= MAX_MOUNT_REFUSALS)
		return 0;
	digest_format_hex(&upload->descriptor->digest, name);
	CLEANUP(free_string) char *encoded = http_percent_encode(from);
	CLEANUP(free_string) char *url =
		access_url(upload->access, "blobs/uploads/?mount=sha256%%3A%s&from=%s", name, encoded);
	struct api_request request = {
		.method = "POST",
		.url = url,
		.what = upload->what,
		.headers = upload_headers,
		.mount_from = from,
		.is_small = true,
	};
	if (request_attempt(upload->access, &request, &upload->response, &upload->is_final, &refusal) < 0) {
		if (error_is(&refusal, ERROR_CANCELLED))
			return error_move(err, &refusal);
		count_refusal(upload, refusal.message);
		return 0;
	}
	*was_mounted = upload->response.status == 201;
	if (*was_mounted)
		return check_stored(upload, err);
	/* The registry has opened a place instead: it is used, so that it does not stay behind. */
	if (upload->response.status == 202 && read_location(upload, &refusal) == 0)
		return 0;
	upload_location_release(&upload->location);
	count_refusal(upload, "it refused to");
	return 0;
}

static int start(struct upload *upload, struct access *access, struct registry_session *session,
		 const struct repository *repository, const struct descriptor *descriptor, struct error *err)
{
	char name[DIGEST_TEXT_SIZE];

	*upload = (struct upload){
		.access = access,
		.descriptor = descriptor,
		.what = xasprintf("upload of blob %s", digest_format(&descriptor->digest, name)),
		.response = HTTP_RESPONSE_INIT,
	};
	return access_open(access, session, repository, err);
}

int registry_write_blob(struct registry_session *session, const struct repository *repository,
			const struct descriptor *descriptor, const char *mount_from,
			const struct http_source *source, bool *was_mounted, struct error *err)
{
	CLEANUP(upload_release) struct upload upload;
	struct access access;
	bool is_mounted = false;

	if (start(&upload, &access, session, repository, descriptor, err) < 0)
		return -1;
	upload.source = source;
	if (source->size != descriptor->size)
		return error_set(err, ERROR_INVALID,
				 "%s: there are %" PRIu64 " bytes to send instead of %" PRIu64, upload.what,
				 source->size, descriptor->size);
	if (mount(&upload, mount_from, &is_mounted, err) < 0)
		return -1;
	if (was_mounted)
		*was_mounted = is_mounted;
	return is_mounted ? 0 : run(&upload, err);
}

int registry_mount_blob(struct registry_session *session, const struct repository *repository,
			const struct descriptor *descriptor, const char *mount_from, bool *was_mounted,
			struct error *err)
{
	CLEANUP(upload_release) struct upload upload;
	struct access access;

	*was_mounted = false;
	if (start(&upload, &access, session, repository, descriptor, err) < 0)
		return -1;
	return mount(&upload, mount_from, was_mounted, err);
}
