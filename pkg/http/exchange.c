/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exchange.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"

bool exchange_wants_body(const struct exchange *exchange)
{
	const struct http_request *request = exchange->request;
	long status = exchange->response->status;

	return (status == 200 || status == 206) && (request->sink || request->body_limit);
}

/* One of them may be a secret: copies of those do not stay in freed memory. */
static void free_headers(struct curl_slist **headers)
{
	for (struct curl_slist *header = *headers; header; header = header->next)
		OPENSSL_cleanse(header->data, strlen(header->data));
	curl_slist_free_all(*headers);
}

/* Once an answer is there whose body is only decoration, it counts, whatever happened to the rest:
 * a server may refuse a body that we are still sending and then reset the connection. */
static bool is_answer_enough(const struct exchange *exchange)
{
	const struct error *err = &exchange->err;

	if (!exchange->header.is_complete || (err->code != ERROR_NONE && err->code != ERROR_TRANSIENT))
		return false;
	return !exchange_wants_body(exchange);
}

static void log_exchange(const struct exchange *exchange, uint64_t start_ms, CURLcode code)
{
	if (!log_shows(LOG_DEBUG))
		return;
	CLEANUP(free_string) char *url = http_redacted_url(exchange->url);
	log_debug("%s %s: %ld, %" PRIu64 " bytes sent, %" PRIu64 " received, %" PRIu64 " ms%s%s",
		  exchange->request->method, url, exchange->response->status, exchange->source_offset,
		  exchange->body_bytes, clock_milliseconds() - start_ms, code ? ", " : "",
		  code ? curl_easy_strerror(code) : "");
}

static int set_own_error(struct exchange *exchange, struct error *err)
{
	error_move(err, &exchange->err);
	/* Words of sinks and sources, and of whoever cancels, stand for themselves. */
	if (err->code != ERROR_TRANSIENT && err->code != ERROR_INVALID)
		return -1;
	CLEANUP(free_string) char *url = http_redacted_url(exchange->url);
	return error_wrap(err, "%s %s", exchange->request->method, url);
}

static int fail(struct exchange *exchange, CURLcode code, struct error *err)
{
	exchange->response->max_attempts = exchange_max_attempts(code);
	return exchange_failure(exchange, code, err);
}

static int perform_once(struct exchange *exchange, struct error *err)
{
	CLEANUP(free_headers) struct curl_slist *headers = NULL;
	uint64_t start_ms = clock_milliseconds();

	http_response_release(exchange->response);
	if (cancel_requested())
		return cancel_error(err);
	exchange->header = (struct header_reader){.response = exchange->response};
	exchange->body_bytes = 0;
	if (exchange_set_options(exchange, &headers, err) < 0)
		return -1;
	exchange_set_callbacks(exchange);
	atomic_fetch_add(&exchange->client->counters.requests, 1);
	CURLcode code = curl_easy_perform(exchange->handle->easy);
	log_exchange(exchange, start_ms, code);
	if (is_answer_enough(exchange))
		error_clear(&exchange->err);
	else if (error_is(&exchange->err, ERROR_NONE) && code)
		return fail(exchange, code, err);
	return error_is(&exchange->err, ERROR_NONE) ? 0 : set_own_error(exchange, err);
}

int exchange_perform(struct exchange *exchange, struct error *err)
{
	if (perform_once(exchange, err) < 0)
		return -1;
	/* libcurl asks again by itself where the connection stays open; here it was closed. */
	if (exchange->response->status != 417 || !exchange->request->source || exchange->source_offset)
		return 0;
	exchange->is_expect_disliked = true;
	return perform_once(exchange, err);
}
