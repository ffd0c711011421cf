/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a blob: GET, and after a broken connection GET with Range at the registry's own URL (a
 * storage server's URL may have expired), as long as bytes arrive (RFC 9110 section 14).
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "registry/client.h"
#include "registry/content_range.h"
#include "registry/registry.h"
#include "registry/request.h"

#define TRANSFER_ATTEMPTS 10
/* A storage server behind a redirect may not have a new blob yet; later it is really absent. */
#define FOREIGN_ABSENT_ATTEMPTS 3

struct download {
	const struct access *access;
	const struct descriptor *descriptor;
	struct blob_sink *sink;
	struct http_response response;
	uint64_t furthest; /* bytes that were there at the last progress */
	bool has_begun;    /* the answer of this attempt was looked at */
	bool avoids_range; /* the server cannot do it properly */
};

static int start_again(struct download *download, struct error *err)
{
	if (download->sink->offset == 0)
		return 0;
	download->sink->offset = 0;
	return download->sink->restart(download->sink->context, err);
}

static int wrong_length(const struct download *download, uint64_t length, struct error *err)
{
	CLEANUP(free_string) char *type =
		text_escaped(download->response.content_type ? download->response.content_type : "no type");

	return error_set(err, ERROR_DIGEST,
			 "the registry sends %" PRIu64 " bytes (%s) instead of the %" PRIu64
			 " that the manifest names",
			 length, type, download->descriptor->size);
}

/* 206: exactly the rest that was asked for, or nothing of it is used. */
static int begin_partial(struct download *download, struct error *err)
{
	const struct http_response *response = &download->response;
	uint64_t size = download->descriptor->size, offset = download->sink->offset;
	struct content_range range;

	if (offset > 0 && !download->avoids_range && response->content_range &&
	    content_range_parse(&range, response->content_range) && range.first == offset &&
	    range.last == size - 1 && (!range.has_total || range.total == size) &&
	    (!response->has_content_length || response->content_length == size - offset))
		return 0;
	/* From the start then; who sends a part without being asked twice will not do better. */
	if (download->avoids_range || offset == 0)
		return error_set(err, ERROR_INVALID,
				 "the registry sends a part of it that was not asked for");
	download->avoids_range = true;
	return error_set(err, ERROR_TRANSIENT, "the registry sends another part of it than was asked for");
}

/* Before the first byte is taken. */
static int begin(struct download *download, struct error *err)
{
	const struct http_response *response = &download->response;

	download->has_begun = true;
	if (response->status == 206)
		return begin_partial(download, err);
	if (response->has_content_length && response->content_length != download->descriptor->size)
		return wrong_length(download, response->content_length, err);
	if (download->sink->offset > 0)
		log_info("%s: does not know Range, a download begins again",
			 download->access->repository->host);
	return start_again(download, err);
}

static int take(void *context, const void *data, size_t length, struct error *err)
{
	struct download *download = context;
	struct blob_sink *sink = download->sink;

	if (!download->has_begun && begin(download, err) < 0)
		return -1;
	if (length > download->descriptor->size - sink->offset)
		return error_set(err, ERROR_DIGEST,
				 "the registry sends more than the %" PRIu64 " bytes that the manifest names",
				 download->descriptor->size);
	if (sink->write(sink->context, data, length, err) < 0)
		return -1;
	sink->offset += length;
	return 0;
}

static int judge(struct download *download, const struct api_request *request, unsigned attempts,
		 struct error *err)
{
	const struct http_response *response = &download->response;

	if (response->status == 200 || response->status == 206) {
		if (!download->has_begun && begin(download, err) < 0)
			return -1;
		if (download->sink->offset == download->descriptor->size)
			return 0;
		return error_set(err, ERROR_TRANSIENT, "%s ended after %" PRIu64 " of %" PRIu64 " bytes",
				 request->what, download->sink->offset, download->descriptor->size);
	}
	if (response->status == 416 && download->sink->offset > 0 && !download->avoids_range) {
		download->avoids_range = true;
		return error_set(err, ERROR_TRANSIENT, "%s: the registry does not give the rest of it",
				 request->what);
	}
	request_refused(download->access, request, response, err);
	if (response_is_foreign_error(response) && response->status == 404 &&
	    attempts >= FOREIGN_ABSENT_ATTEMPTS)
		err->code = ERROR_NOT_FOUND;
	return -1;
}

static int attempt(struct download *download, struct api_request *request, unsigned attempts, bool *is_final,
		   struct error *err)
{
	CLEANUP(free_string) char *range = NULL;
	const char *headers[] = {NULL, NULL};

	if ((download->avoids_range || download->sink->offset > download->descriptor->size) &&
	    start_again(download, err) < 0)
		return -1;
	if (download->sink->offset > 0) {
		range = xasprintf("Range: bytes=%" PRIu64 "-", download->sink->offset);
		headers[0] = range;
	}
	download->has_begun = false;
	request->headers = headers;
	int result = request_attempt(download->access, request, &download->response, is_final, err);
	if (result == 0)
		result = judge(download, request, attempts, err);
	request->headers = NULL;
	return result;
}

static int run(struct download *download, struct api_request *request, struct error *err)
{
	struct registry_client *client = download->access->session->client;
	struct retry retry = RETRY_INIT(client->http, request_retry_policy(client, TRANSFER_ATTEMPTS));

	download->furthest = download->sink->offset;
	for (;;) {
		bool is_final = false;
		if (retry_wait_for_origin(&retry, request->url, err) < 0)
			return -1;
		if (attempt(download, request, retry.attempt, &is_final, err) == 0)
			return 0;
		bool made_progress = download->sink->offset > download->furthest &&
				     retry_is_progress(download->sink->offset - download->furthest,
						       download->descriptor->size);
		if (made_progress)
			download->furthest = download->sink->offset;
		if (is_final || !retry_again(&retry, request->url, &download->response, made_progress, err))
			return -1;
	}
}

int registry_read_blob(struct registry_session *session, const struct repository *repository,
		       const struct descriptor *descriptor, struct blob_sink *sink, struct error *err)
{
	struct access access;
	char name[DIGEST_TEXT_SIZE];

	/* Also the empty blob, which needs no request. */
	if (sink->offset == descriptor->size)
		return 0;
	if (access_open(&access, session, repository, err) < 0)
		return -1;

	struct download download = {
		.access = &access,
		.descriptor = descriptor,
		.sink = sink,
		.response = HTTP_RESPONSE_INIT,
	};
	struct http_sink http_sink = {.write = take, .context = &download};
	digest_format(&descriptor->digest, name);
	CLEANUP(free_string) char *url = access_url(&access, "blobs/%s", name);
	CLEANUP(free_string) char *what = xasprintf("blob %s", name);
	struct api_request request = {
		.method = "GET",
		.url = url,
		.what = what,
		.sink = &http_sink,
		/* The exact limit is ours to check: too much is then called by its name. */
		.body_limit = INT64_MAX,
	};
	int result = run(&download, &request, err);
	http_response_release(&download.response);
	if (result < 0 && !strstr(err->message, what))
		return error_wrap(err, "%s/%s: %s", repository->host, repository->path, what);
	return result;
}
