/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a blob: mount it, or send it in whatever way the registry takes, until it is there. Ways and
 * requests are in upload_parts.c. What fails starts again with a new POST, because servers drop the
 * place on errors; only between chunks it is worth to ask how much has arrived.
 */
#include <inttypes.h>

#include "base/log.h"
#include "oci/reference.h"
#include "registry/blobs.h"
#include "registry/client.h"
#include "registry/registry.h"
#include "registry/upload_parts.h"

#define TRANSFER_ATTEMPTS 10
/* Two refused mounts from a repository, or eight that came to nothing and none that went well, and the
 * registry is not asked for others from there. */
#define MAX_MOUNT_REFUSALS 8
#define MOUNT_REFUSED_WEIGHT 4
#define MOUNT_FAILED_WEIGHT 1
#define MOUNT_ATTEMPTS 3

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

/* The place that a chunk broke off in, if it is good for the rest. */
static void find_place_again(struct upload *upload)
{
	CLEANUP(error_clear) struct error lost = ERROR_INIT;

	if (!upload->can_go_on)
		return;
	if (upload_ask_place(upload, &lost) == 0)
		return;
	log_info("%s: %s, it starts again", upload->access->endpoint->host, lost.message);
	upload_drop_place(upload);
}

/* One attempt, from the place that a mount has opened, a new one, or one that has a part of it. */
static int attempt(struct upload *upload, struct error *err)
{
	bool is_there = false;

	if (look_after_failure(upload, &is_there, err) < 0)
		return -1;
	if (is_there)
		return 0;
	find_place_again(upload);
	if (!upload->location.url && upload_open_place(upload, err) < 0)
		return -1;
	if (upload_send_body(upload, err) < 0)
		return -1;
	return upload_put(upload, err);
}

/* What was learnt about the registry, by this run or from its answers. */
static void choose_way(struct upload *upload)
{
	struct endpoint *endpoint = upload->access->endpoint;

	upload->way = atomic_load(&endpoint->upload_way);
	upload->was_too_large = upload->way != UPLOAD_PUT;
	if (upload->way == UPLOAD_PUT && endpoint->prefers_patch)
		upload->way = UPLOAD_STREAM;
}

static void remember_way(const struct upload *upload)
{
	struct endpoint *endpoint = upload->access->endpoint;

	/* Two threads may have learnt it at the same time: the one or the other is good. */
	if (upload->was_too_large && atomic_load(&endpoint->upload_way) < upload->way)
		atomic_store(&endpoint->upload_way, upload->way);
}

static int run(struct upload *upload, struct error *err)
{
	struct registry_client *client = upload->access->session->client;
	const char *origin = upload->access->endpoint->base_url;
	struct retry retry = RETRY_INIT(client->http, request_retry_policy(client, TRANSFER_ATTEMPTS));
	uint64_t furthest_bytes = 0;

	choose_way(upload);
	for (;;) {
		upload->is_final = upload->has_new_way = false;
		if (retry_wait_for_origin(&retry, origin, err) < 0)
			return -1;
		if (attempt(upload, err) == 0)
			break;
		bool made_progress =
			upload->stored_bytes > furthest_bytes &&
			retry_is_progress(upload->stored_bytes - furthest_bytes, upload->descriptor->size);
		if (made_progress)
			furthest_bytes = upload->stored_bytes;
		if (!upload->can_go_on)
			upload_drop_place(upload);
		if (upload->has_new_way) {
			error_clear(err);
			continue;
		}
		if (upload->is_final || !retry_again(&retry, origin, &upload->response, made_progress, err))
			return -1;
	}
	remember_way(upload);
	return 0;
}

/* --- mounting */

static char *mount_key(const struct upload *upload, const char *from)
{
	return xasprintf("%p %s", (void *)upload->access->endpoint, from);
}

/* Whether the registry has said often enough that it mounts nothing from there. */
static bool is_mount_senseless(const struct upload *upload, const char *from)
{
	struct registry_client *client = upload->access->session->client;
	CLEANUP(free_string) char *key = mount_key(upload, from);

	pthread_mutex_lock(&client->mutex);
	const unsigned *n_refusals = map_get(&client->mount_refusals, key);
	bool is_senseless = n_refusals && *n_refusals >= MAX_MOUNT_REFUSALS;
	pthread_mutex_unlock(&client->mutex);
	return is_senseless;
}

static void count_refusal(const struct upload *upload, const char *from, unsigned weight, const char *why)
{
	struct registry_client *client = upload->access->session->client;
	CLEANUP(free_string) char *key = mount_key(upload, from);

	pthread_mutex_lock(&client->mutex);
	unsigned *n_refusals = map_get(&client->mount_refusals, key);
	if (!n_refusals) {
		n_refusals = xcalloc(1, sizeof(*n_refusals));
		map_set(&client->mount_refusals, key, n_refusals);
	}
	bool is_last = *n_refusals < MAX_MOUNT_REFUSALS && *n_refusals + weight >= MAX_MOUNT_REFUSALS;
	*n_refusals += weight;
	pthread_mutex_unlock(&client->mutex);
	if (is_last)
		log_info("%s: does not mount blobs from %s (%s), they are uploaded",
			 upload->access->endpoint->host, from, why);
}

static void forget_refusals(const struct upload *upload, const char *from)
{
	struct registry_client *client = upload->access->session->client;
	CLEANUP(free_string) char *key = mount_key(upload, from);

	pthread_mutex_lock(&client->mutex);
	map_remove(&client->mount_refusals, key);
	pthread_mutex_unlock(&client->mutex);
}

/* POST with mount and from, repeated where the answer is one that passes: a mount saves a whole blob. */
static int ask_for_mount(struct upload *upload, const char *from, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/octet-stream", NULL};
	struct registry_client *client = upload->access->session->client;
	struct retry retry = RETRY_INIT(client->http, request_retry_policy(client, MOUNT_ATTEMPTS));
	char name[DIGEST_HEX_LENGTH + 1];

	digest_format_hex(&upload->descriptor->digest, name);
	CLEANUP(free_string) char *encoded = http_percent_encode(from);
	CLEANUP(free_string) char *url =
		access_url(upload->access, "blobs/uploads/?mount=sha256%%3A%s&from=%s", name, encoded);
	struct api_request request = {
		.method = "POST",
		.url = url,
		.what = upload->what,
		.headers = headers,
		.mount_from = from,
		.is_small = true,
	};
	if (retry.policy.max_attempts > MOUNT_ATTEMPTS)
		retry.policy.max_attempts = MOUNT_ATTEMPTS;
	for (;;) {
		if (retry_wait_for_origin(&retry, url, err) < 0)
			return -1;
		if (request_attempt(upload->access, &request, &upload->response, &upload->is_final, err) ==
		    0) {
			if (!retry_is_transient_status(upload->response.status))
				return 0;
			request_refused(upload->access, &request, &upload->response, err);
		}
		if (upload->is_final || !retry_again(&retry, url, &upload->response, false, err))
			return -1;
	}
}

/* Whatever goes wrong here, the blob can be uploaded: an error is only for those who want to stop. */
static int mount(struct upload *upload, const char *from, bool *was_mounted, struct error *err)
{
	CLEANUP(error_clear) struct error refusal = ERROR_INIT;

	*was_mounted = false;
	if (!from || !reference_is_repository_path(from) || is_mount_senseless(upload, from))
		return 0;
	if (ask_for_mount(upload, from, &refusal) < 0) {
		if (error_is(&refusal, ERROR_CANCELLED))
			return error_move(err, &refusal);
		count_refusal(upload, from,
			      error_is(&refusal, ERROR_TRANSIENT) ? MOUNT_FAILED_WEIGHT
								  : MOUNT_REFUSED_WEIGHT,
			      refusal.message);
		return 0;
	}
	*was_mounted = upload->response.status == 201;
	if (*was_mounted) {
		forget_refusals(upload, from);
		return upload_check_stored(upload, err);
	}
	/* The registry has opened a place instead: it is used, so that it does not stay behind. */
	if (upload->response.status == 202 && upload_read_place(upload, &refusal) == 0)
		return 0;
	upload_drop_place(upload);
	if (upload->response.status >= 400 && upload->response.status < 500)
		count_refusal(upload, from, MOUNT_REFUSED_WEIGHT, "it refused to");
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
			const struct blob_source *source, bool *was_mounted, struct error *err)
{
	CLEANUP(upload_release) struct upload upload;
	struct access access;
	bool is_mounted = false, is_needed = true;

	if (start(&upload, &access, session, repository, descriptor, err) < 0)
		return -1;
	upload.source = &source->bytes;
	if (source->bytes.size != descriptor->size)
		return error_set(err, ERROR_INVALID,
				 "%s: there are %" PRIu64 " bytes to send instead of %" PRIu64, upload.what,
				 source->bytes.size, descriptor->size);
	if (mount(&upload, mount_from, &is_mounted, err) < 0)
		return -1;
	if (was_mounted)
		*was_mounted = is_mounted;
	if (is_mounted)
		return 0;
	if (source->open && source->open(source->bytes.context, &is_needed, err) < 0)
		return -1;
	return is_needed ? run(&upload, err) : 0;
}
