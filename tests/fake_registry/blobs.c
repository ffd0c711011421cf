/* SPDX-License-Identifier: Apache-2.0 */
/* Reading blobs. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "tests/fake_registry/internal.h"

static bool parse_position(const char *text, size_t length, uint64_t *position)
{
	CLEANUP(free_string) char *copy = xstrndup(text, length);
	struct error err = ERROR_INIT;

	if (text_parse_number(copy, INT64_MAX, position, &err) == 0)
		return true;
	error_clear(&err);
	return false;
}

/* One range of RFC 9110 section 14.1.2. False if it is none (then all is sent); *is_inside tells
 * whether it can be satisfied. */
static bool parse_range(const char *range, uint64_t size, uint64_t *first, uint64_t *end, bool *is_inside)
{
	if (!text_starts_with(range, "bytes=") || strchr(range, ','))
		return false;
	const char *from = range + strlen("bytes=");
	const char *dash = strchr(from, '-');
	uint64_t last;
	if (!dash)
		return false;
	if (dash == from) {
		if (!parse_position(dash + 1, strlen(dash + 1), &last))
			return false;
		*first = last < size ? size - last : 0;
		*end = size;
		*is_inside = last > 0;
		return true;
	}
	if (!parse_position(from, (size_t)(dash - from), first))
		return false;
	if (!dash[1])
		last = INT64_MAX;
	else if (!parse_position(dash + 1, strlen(dash + 1), &last) || last < *first)
		return false;
	*end = last < size ? last + 1 : size;
	*is_inside = *first < size;
	return true;
}

static void apply_range(struct exchange *exchange)
{
	CLEANUP(free_string) char *range = exchange_header(exchange, "Range");
	uint64_t first, end, size = exchange->body_length;
	bool is_inside;

	if (!range || exchange->rule.no_range || !parse_range(range, size, &first, &end, &is_inside))
		return;
	if (!is_inside) {
		strbuf_reset(&exchange->headers);
		answer_header(exchange, "Content-Range: bytes */%" PRIu64, size);
		answer_error(exchange, 416, "RANGE_INVALID", "invalid content range");
		return;
	}
	exchange->status = 206;
	exchange->body += first;
	exchange->body_start = first;
	exchange->body_length = (size_t)(end - first);
	answer_header(exchange, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, end - 1,
		      size);
}

void blobs_handle(struct exchange *exchange)
{
	struct fake_content *content = exchange->registry->content;

	if (strcmp(exchange->request.method, "GET") != 0 && strcmp(exchange->request.method, "HEAD") != 0) {
		answer_error(exchange, 405, "UNSUPPORTED", "method not allowed");
		return;
	}
	pthread_mutex_lock(&content->mutex);
	const struct fake_bytes *blob = content_find_blob(content, exchange->name, exchange->item);
	pthread_mutex_unlock(&content->mutex);
	if (!blob) {
		answer_error(exchange, 404, "BLOB_UNKNOWN", "blob unknown to registry");
		return;
	}
	exchange->status = 200;
	exchange->body = blob->data;
	exchange->body_length = blob->size;
	answer_header(exchange, "Content-Type: application/octet-stream");
	answer_header(exchange, "Docker-Content-Digest: %s", exchange->item);
	if (!exchange->rule.no_range)
		answer_header(exchange, "Accept-Ranges: bytes");
	apply_range(exchange);
}
