/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/upload_parts.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/text.h"

#define CHUNK_BYTES (UINT64_C(50) << 20)
#define SMALL_CHUNK_BYTES (UINT64_C(4) << 20)
/* So many broken bodies of one blob, and the next way is tried. */
#define MAX_BROKEN_BODIES 2
/* How often a registry may lose its place, or find the digest wrong, for one blob. */
#define MAX_LOST_PLACES 2

#define CONTENT_TYPE "Content-Type: application/octet-stream"

void upload_release(struct upload *upload)
{
	free_string(&upload->what);
	upload_location_release(&upload->location);
	http_response_release(&upload->response);
}

static int send_part(struct upload *upload, const char *method, const char *url, const char *content_range,
		     const struct http_source *source, struct error *err)
{
	bool is_closing = strcmp(method, "PUT") == 0;
	const char *headers[] = {CONTENT_TYPE, content_range, NULL};
	struct api_request request = {
		.method = method,
		.url = url,
		.what = upload->what,
		.headers = headers,
		.source = source,
		.is_anonymous = upload->location.is_foreign,
		.is_distant = upload->location.is_distant,
		.is_small = !source && !is_closing,
		/* What came by PATCH is put together and hashed when the PUT closes it. */
		.handled_bytes = is_closing ? upload->descriptor->size : 0,
	};

	return request_attempt(upload->access, &request, &upload->response, &upload->is_final, err);
}

/* --- answers */

/* `method`: POST asks whether there is such a repository, the others come later. */
static int refused(const struct upload *upload, const char *method, struct error *err)
{
	struct api_request request = {.method = method, .what = upload->what};

	return request_refused(upload->access, &request, &upload->response, err);
}

static int lost_place(struct upload *upload, struct error *err)
{
	refused(upload, "PATCH", err);
	if (++upload->lost_places <= MAX_LOST_PLACES)
		err->code = ERROR_TRANSIENT;
	return -1;
}

static bool is_success(long status)
{
	return status == 200 || status == 201 || status == 202 || status == 204;
}

static bool is_unsupported(const struct http_response *response)
{
	return response->status == 405 || response->status == 501 ||
	       (response->status == 400 && response_mentions(response, "UNSUPPORTED"));
}

/* GHCR says it with a 416. */
static bool is_too_large(const struct http_response *response)
{
	return response->status == 413 ||
	       (response->status == 416 && response_mentions(response, "too large"));
}

static bool says_place_is_lost(const struct http_response *response)
{
	return response->status == 404 || response->status == 416 ||
	       response_mentions(response, "BLOB_UPLOAD_") ||
	       response_mentions(response, "\"DIGEST_INVALID\"") ||
	       response_mentions(response, "\"SIZE_INVALID\"");
}

static uint64_t chunk_limit(const struct upload *upload, enum upload_way way)
{
	uint64_t limit = way == UPLOAD_SMALL_CHUNKS ? SMALL_CHUNK_BYTES
			 : way == UPLOAD_CHUNKS     ? CHUNK_BYTES
						    : UINT64_MAX;

	return limit > upload->minimum_chunk_bytes ? limit : upload->minimum_chunk_bytes;
}

static void take_way(struct upload *upload, enum upload_way way, const char *why)
{
	static const char *const names[] = {
		[UPLOAD_STREAM] = "PATCH is used",
		[UPLOAD_CHUNKS] = "PATCH with 50 MiB at a time is used",
		[UPLOAD_SMALL_CHUNKS] = "PATCH with 4 MiB at a time is used",
	};

	upload->way = way;
	upload->broken_bodies = 0;
	log_info("%s: %s, %s", upload->access->endpoint->host, why, names[upload->way]);
}

/* A body was too large: whether there is a way with smaller ones. */
static bool take_way_with_less(struct upload *upload)
{
	for (enum upload_way way = upload->way + 1; way <= UPLOAD_SMALL_CHUNKS; way++) {
		if (way != UPLOAD_STREAM && upload->descriptor->size <= chunk_limit(upload, way))
			continue;
		take_way(upload, way, "does not take so large a body");
		return true;
	}
	return false;
}

/* A PUT or PATCH was answered with something else than a success. */
static int judge_part(struct upload *upload, struct error *err)
{
	const struct http_response *response = &upload->response;

	if (is_too_large(response) && take_way_with_less(upload)) {
		upload->was_too_large = upload->has_new_way = true;
		return refused(upload, "PATCH", err);
	}
	if (upload->way != UPLOAD_PUT && !upload->was_too_large && is_unsupported(response)) {
		upload->has_new_way = true;
		upload->way = UPLOAD_PUT;
		return refused(upload, "PATCH", err);
	}
	if (response->status != 401 && response->status != 403 && says_place_is_lost(response))
		return lost_place(upload, err);
	return refused(upload, "PATCH", err);
}

/* After an error: whether it is one of the connection, and not of what had to come before it. */
static bool has_broken(const struct upload *upload, const struct error *err)
{
	return error_is(err, ERROR_TRANSIENT) && !upload->is_final && upload->response.url;
}

/* The connection broke under a body. */
static void count_broken_body(struct upload *upload)
{
	if (++upload->broken_bodies >= MAX_BROKEN_BODIES && upload->way < UPLOAD_CHUNKS)
		take_way(upload, upload->way + 1, "connections break under large bodies");
}

int upload_check_stored(const struct upload *upload, struct error *err)
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

/* --- the place */

void upload_drop_place(struct upload *upload)
{
	upload_location_release(&upload->location);
	upload->stored_bytes = upload->tried_bytes = 0;
	upload->can_go_on = upload->has_asked = false;
}

int upload_read_place(struct upload *upload, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *minimum = upload->response.chunk_min_length;

	if (minimum && text_parse_number(minimum, INT64_MAX, &upload->minimum_chunk_bytes, &ignored) < 0)
		upload->minimum_chunk_bytes = 0;
	return upload_location_read(&upload->location, upload->access->endpoint->base_url,
				    upload->response.url, upload->response.location, err);
}

/* A new place replaces the old one; without one that stays. */
static int follow_place(struct upload *upload, struct error *err)
{
	return upload->response.location ? upload_read_place(upload, err) : 0;
}

int upload_open_place(struct upload *upload, struct error *err)
{
	CLEANUP(free_string) char *url = access_url(upload->access, "blobs/uploads/");

	upload_drop_place(upload);
	upload->minimum_chunk_bytes = 0;
	if (send_part(upload, "POST", url, NULL, NULL, err) < 0)
		return -1;
	if (upload->response.status != 202)
		return refused(upload, "POST", err);
	return upload_read_place(upload, err);
}

uint64_t upload_confirmed_bytes(const char *range)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	uint64_t last;

	if (!range)
		return 0;
	if (strncasecmp(range, "bytes", 5) == 0)
		range += 5 + strspn(range + 5, "= ");
	if (strncmp(range, "0-", 2) != 0 || text_parse_number(range + 2, INT64_MAX, &last, &ignored) < 0)
		return 0;
	return last ? last + 1 : 0;
}

int upload_ask_place(struct upload *upload, struct error *err)
{
	upload->can_go_on = false;
	upload->has_asked = true;
	if (send_part(upload, "GET", upload->location.url, NULL, NULL, err) < 0)
		return -1;
	if (upload->response.status != 204 && upload->response.status != 200)
		return refused(upload, "PATCH", err);
	uint64_t stored = upload_confirmed_bytes(upload->response.range);
	/* Quay counts one too many. */
	if (stored > upload->tried_bytes)
		stored = upload->tried_bytes;
	if (stored == 0 || stored < upload->stored_bytes / 10)
		return error_set(err, ERROR_TRANSIENT, "%s: the registry has lost the first part of it",
				 upload->what);
	upload->stored_bytes = stored;
	return follow_place(upload, err);
}

/* --- the bytes */

/* A part of a source as a source. */
struct window {
	const struct http_source *source;
	uint64_t start, size;
};

static ssize_t read_window(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	const struct window *window = context;

	if (length > window->size - offset)
		length = (size_t)(window->size - offset);
	return window->source->read(window->source->context, window->start + offset, data, length, err);
}

static uint64_t chunk_size(const struct upload *upload)
{
	uint64_t limit = chunk_limit(upload, upload->way);
	uint64_t rest = upload->descriptor->size - upload->stored_bytes;

	return rest < limit ? rest : limit;
}

/* A PATCH ended badly: is the place worth a question? */
static int judge_patch(struct upload *upload, struct error *err)
{
	long status = upload->response.status;

	if (status >= 500 || status == 429 || status == 416)
		upload->can_go_on = upload->stored_bytes > 0 && !upload->has_asked;
	return judge_part(upload, err);
}

/* From what is stored; without Content-Range when it is all in one, as docker does. */
static int patch(struct upload *upload, struct error *err)
{
	struct window window = {upload->source, upload->stored_bytes, chunk_size(upload)};
	struct http_source source = {.read = read_window, .context = &window, .size = window.size};
	CLEANUP(free_string) char *range = NULL;

	if (window.size < upload->descriptor->size)
		range = xasprintf("Content-Range: %" PRIu64 "-%" PRIu64, window.start,
				  window.start + window.size - 1);
	upload->tried_bytes = window.start + window.size;
	if (send_part(upload, "PATCH", upload->location.url, range, &source, err) < 0) {
		if (!has_broken(upload, err))
			return -1;
		upload->can_go_on = range != NULL;
		count_broken_body(upload);
		return -1;
	}
	if (!is_success(upload->response.status))
		return judge_patch(upload, err);
	/* What its Range says about a chunk that it has taken is not to be relied on (ECR). */
	upload->stored_bytes = upload->tried_bytes;
	upload->has_asked = false;
	return follow_place(upload, err);
}

int upload_send_body(struct upload *upload, struct error *err)
{
	if (upload->way == UPLOAD_PUT)
		return 0;
	while (upload->stored_bytes < upload->descriptor->size)
		if (patch(upload, err) < 0)
			return -1;
	return 0;
}

int upload_put(struct upload *upload, struct error *err)
{
	CLEANUP(free_string) char *url =
		upload_location_with_digest(&upload->location, &upload->descriptor->digest);
	bool has_body = upload->way == UPLOAD_PUT;

	if (send_part(upload, "PUT", url, NULL, has_body ? upload->source : NULL, err) < 0) {
		upload->may_be_there = has_broken(upload, err);
		if (upload->may_be_there && has_body)
			count_broken_body(upload);
		return -1;
	}
	if (is_success(upload->response.status))
		return upload_check_stored(upload, err);
	/* 404: the place is used up when libcurl itself has sent the PUT anew on a new connection. */
	upload->may_be_there = upload->response.status >= 500 || upload->response.status == 404;
	return judge_part(upload, err);
}
