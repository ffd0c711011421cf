/* SPDX-License-Identifier: Apache-2.0 */
/* Writing blobs: POST, PATCH, PUT, and mounting from another repository. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/fake_registry/internal.h"

#define MAX_BLOB_BYTES ((uint64_t)8 << 30)

/* --- sessions */

/* Where the next request of this upload must go: the state changes as the upload grows. */
static void answer_location(struct exchange *exchange, const char *id, const struct fake_upload *upload)
{
	const struct fake_registry *registry = exchange->registry;

	answer_header(exchange, "Location: %s/v2/%s/blobs/uploads/%s?_state=%u",
		      registry->options.absolute_locations ? registry->url : "", exchange->name, id,
		      upload->state);
	answer_header(exchange, "Docker-Upload-UUID: %s", id);
	answer_header(exchange, "Range: 0-%zu", upload->data.len ? upload->data.len - 1 : 0);
}

static void start_upload(struct exchange *exchange)
{
	struct fake_content *content = exchange->registry->content;
	struct fake_upload *upload = xcalloc(1, sizeof(*upload));

	upload->repository = xstrdup(exchange->name);
	upload->data = (struct strbuf)STRBUF_INIT;
	pthread_mutex_lock(&content->mutex);
	CLEANUP(free_string) char *id = xasprintf("upload-%u", ++content->next_number);
	map_set(&content->uploads, id, upload);
	exchange->status = 202;
	answer_location(exchange, id, upload);
	pthread_mutex_unlock(&content->mutex);
}

/* The upload of the request for this connection alone, or NULL with an answer. A client that lost its
 * connection may be back before the other thread has noticed: it waits. */
static struct fake_upload *borrow_upload(struct exchange *exchange)
{
	struct fake_content *content = exchange->registry->content;
	struct fake_upload *upload;

	pthread_mutex_lock(&content->mutex);
	while ((upload = map_get(&content->uploads, exchange->item)) && upload->is_busy)
		pthread_cond_wait(&content->upload_is_free, &content->mutex);
	if (upload && strcmp(upload->repository, exchange->name) != 0)
		upload = NULL;
	if (upload)
		upload->is_busy = true;
	pthread_mutex_unlock(&content->mutex);
	if (!upload)
		answer_error(exchange, 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
	return upload;
}

static void return_upload(struct exchange *exchange, struct fake_upload *upload, bool is_over)
{
	struct fake_content *content = exchange->registry->content;

	pthread_mutex_lock(&content->mutex);
	upload->is_busy = false;
	if (is_over)
		map_remove(&content->uploads, exchange->item);
	pthread_cond_broadcast(&content->upload_is_free);
	pthread_mutex_unlock(&content->mutex);
}

static bool is_current_state(const struct exchange *exchange, const struct fake_upload *upload)
{
	CLEANUP(free_string) char *state = form_value(exchange->query, "_state", 0);
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%u", upload->state);
	return state && !strcmp(state, wanted);
}

/* --- the end of an upload */

/* Stores the bytes if they have the digest of the query. Takes them in any case. */
static void commit(struct exchange *exchange, struct strbuf *data)
{
	CLEANUP(free_string) char *wanted = form_value(exchange->query, "digest", 0);
	struct fake_content *content = exchange->registry->content;
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	digest_of(data->buf, data->len, &digest);
	if (!wanted || strcmp(wanted, digest_format(&digest, text)) != 0) {
		answer_error(exchange, 400, "DIGEST_INVALID",
			     "provided digest did not match uploaded content");
		strbuf_release(data);
		return;
	}
	size_t size = data->len;
	pthread_mutex_lock(&content->mutex);
	content_add_blob(content, exchange->name, text, strbuf_detach(data), size);
	pthread_mutex_unlock(&content->mutex);
	exchange->status = 201;
	answer_header(exchange, "Location: /v2/%s/blobs/%s", exchange->name, text);
	answer_header(exchange, "Docker-Content-Digest: %s", text);
}

/* --- methods */

static bool mount(struct exchange *exchange)
{
	CLEANUP(free_string) char *digest = form_value(exchange->query, "mount", 0);
	CLEANUP(free_string) char *from = form_value(exchange->query, "from", 0);
	struct fake_content *content = exchange->registry->content;

	if (!digest || !from)
		return false;
	pthread_mutex_lock(&content->mutex);
	struct fake_bytes *blob = content_find_blob(content, from, digest);
	if (blob)
		map_set(&content_repository(content, exchange->name, true)->blobs, digest, blob);
	pthread_mutex_unlock(&content->mutex);
	if (!blob)
		return false;
	exchange->status = 201;
	answer_header(exchange, "Location: /v2/%s/blobs/%s", exchange->name, digest);
	answer_header(exchange, "Docker-Content-Digest: %s", digest);
	return true;
}

static void post(struct exchange *exchange)
{
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT;
	CLEANUP(free_string) char *digest = form_value(exchange->query, "digest", 0);

	if (mount(exchange))
		return;
	if (!digest)
		start_upload(exchange);
	else if (exchange_read_body(exchange, &data, MAX_BLOB_BYTES))
		commit(exchange, &data);
}

/* The body belongs at the end of what is there: "START-END" without unit and total. */
static bool is_next_range(const struct exchange *exchange, const struct fake_upload *upload)
{
	CLEANUP(free_string) char *range = exchange_header(exchange, "Content-Range");

	if (!range)
		return true;
	CLEANUP(free_string) char *wanted = xasprintf("%zu-%" PRIu64, upload->data.len,
						      (uint64_t)upload->data.len + exchange->length - 1);
	return !strcmp(range, wanted);
}

static void patch(struct exchange *exchange)
{
	struct fake_upload *upload = borrow_upload(exchange);

	if (!upload)
		return;
	if (!is_current_state(exchange, upload) || !is_next_range(exchange, upload)) {
		answer_error(exchange, 416, "RANGE_INVALID", "invalid content range");
		answer_location(exchange, exchange->item, upload);
	} else {
		bool is_whole = exchange_read_body(exchange, &upload->data, MAX_BLOB_BYTES);
		upload->state++;
		exchange->status = is_whole ? 202 : 0;
		answer_location(exchange, exchange->item, upload);
	}
	return_upload(exchange, upload, false);
}

static void put(struct exchange *exchange)
{
	struct fake_upload *upload = borrow_upload(exchange);

	if (!upload)
		return;
	if (!is_current_state(exchange, upload)) {
		answer_error(exchange, 404, "BLOB_UPLOAD_INVALID", "blob upload invalid");
		return_upload(exchange, upload, false);
		return;
	}
	if (exchange_read_body(exchange, &upload->data, MAX_BLOB_BYTES))
		commit(exchange, &upload->data);
	return_upload(exchange, upload, true);
}

static void get_or_cancel(struct exchange *exchange)
{
	struct fake_upload *upload = borrow_upload(exchange);
	bool is_cancelled = !strcmp(exchange->request.method, "DELETE");

	if (!upload)
		return;
	exchange->status = 204;
	if (!is_cancelled)
		answer_location(exchange, exchange->item, upload);
	return_upload(exchange, upload, is_cancelled);
}

void uploads_handle(struct exchange *exchange)
{
	const char *method = exchange->request.method;

	if (!strcmp(method, "POST") && !*exchange->item)
		post(exchange);
	else if (!strcmp(method, "PATCH"))
		patch(exchange);
	else if (!strcmp(method, "PUT"))
		put(exchange);
	else if (!strcmp(method, "GET") || !strcmp(method, "DELETE"))
		get_or_cancel(exchange);
	else
		answer_error(exchange, 405, "UNSUPPORTED", "method not allowed");
}
