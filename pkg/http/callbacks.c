/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl calls while an exchange runs: all data passes here, and nothing is copied on its way. */
#include <inttypes.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "http/address.h"
#include "http/exchange.h"

/* An error body beyond this is not read. */
#define ERROR_BODY_MAX ((size_t)64 * 1024)

/* Measured over loopback with 8 sessions: 256 KiB to 512 KiB are the fastest; 2 MiB, the largest that
 * libcurl takes, are slower by a quarter (they leave the cache) and cost 12 MiB more. */
#define UPLOAD_BUFFER_BYTES (512L << 10)
#define DOWNLOAD_BUFFER_BYTES (512L << 10)
#define SMALL_BUFFER_BYTES (64L << 10)
/* Below, a whole large buffer would be let through at once and then nothing for a while. */
#define SLOW_BYTES_PER_SECOND ((uint64_t)16 << 20)

static int take_allowance(struct exchange *exchange, size_t bytes)
{
	bool waited;
	int result = rate_limit_take(&exchange->client->rate_limit, bytes, &waited, &exchange->err);

	if (waited)
		watch_forgive(&exchange->watch);
	return result;
}

static size_t read_header(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t length = size * count;

	if (header_reader_add(&exchange->header, data, length, &exchange->err) < 0)
		return 0;
	return length;
}

static int refuse_body(struct exchange *exchange)
{
	return error_set(&exchange->err, ERROR_INVALID,
			 "the answer is larger than the %" PRIu64 " bytes allowed",
			 exchange->request->body_limit);
}

/* The body that was asked for. Its announced length is looked at before its first byte is taken. */
static int take_wanted(struct exchange *exchange, const char *data, size_t length)
{
	const struct http_request *request = exchange->request;
	const struct http_response *response = exchange->response;
	uint64_t limit = request->body_limit;

	if (length > limit || exchange->body_bytes > limit - length ||
	    (response->has_content_length && response->content_length > limit))
		return refuse_body(exchange);
	if (request->sink)
		return request->sink->write(request->sink->context, data, length, &exchange->err);
	strbuf_add(&exchange->response->body, data, length);
	return 0;
}

/* Any other body: its beginning. */
static int take_decoration(struct exchange *exchange, const char *data, size_t length)
{
	struct strbuf *body = &exchange->response->body;
	size_t room = ERROR_BODY_MAX - body->len;

	strbuf_add(body, data, length < room ? length : room);
	return length > room ? -1 : 0;
}

static size_t receive_body(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t length = size * count;
	bool is_wanted = exchange_wants_body(exchange);

	if (take_allowance(exchange, length) < 0)
		return 0;
	if ((is_wanted ? take_wanted : take_decoration)(exchange, data, length) < 0)
		return 0;
	exchange->body_bytes += length;
	atomic_fetch_add(&exchange->client->counters.bytes_received, length);
	return length;
}

static size_t send_body(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	const struct http_source *source = exchange->request->source;
	uint64_t left = source ? source->size - exchange->source_offset : 0;
	size_t length = size * count < left ? size * count : (size_t)left;

	if (!length)
		return 0;
	ssize_t got = source->read(source->context, exchange->source_offset, data, length, &exchange->err);
	if (got <= 0 || (size_t)got > length) {
		if (error_is(&exchange->err, ERROR_NONE))
			error_set(&exchange->err, ERROR_IO, "what is to be sent ends early");
		return CURL_READFUNC_ABORT;
	}
	if (take_allowance(exchange, (size_t)got) < 0)
		return CURL_READFUNC_ABORT;
	exchange->source_offset += (uint64_t)got;
	atomic_fetch_add(&exchange->client->counters.bytes_sent, (uint64_t)got);
	return (size_t)got;
}

/* libcurl sends anew where a kept connection turns out to be dead. */
static int seek_body(void *context, curl_off_t offset, int origin)
{
	struct exchange *exchange = context;
	uint64_t size = exchange->request->source ? exchange->request->source->size : 0;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > size)
		return CURL_SEEKFUNC_FAIL;
	exchange->source_offset = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static enum watch_phase find_phase(const struct exchange *exchange, uint64_t sent)
{
	const struct http_source *source = exchange->request->source;
	curl_off_t connected_us = 0;

	if (exchange->header.is_complete)
		return WATCH_RECEIVING;
	if (exchange->watch.phase == WATCH_CONNECTING) {
		curl_easy_getinfo(exchange->handle->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
		if (!connected_us)
			return WATCH_CONNECTING;
	}
	return source && sent < source->size ? WATCH_SENDING : WATCH_WAITING;
}

static int check_progress(void *context, curl_off_t download_total, curl_off_t downloaded,
			  curl_off_t upload_total, curl_off_t uploaded)
{
	struct exchange *exchange = context;
	uint64_t sent = (uint64_t)uploaded;

	(void)download_total;
	(void)upload_total;
	if (!error_is(&exchange->err, ERROR_NONE))
		return 1;
	if (cancel_requested())
		return cancel_error(&exchange->err);
	return watch_check(&exchange->watch, find_phase(exchange, sent), (uint64_t)downloaded + sent,
			   &exchange->err);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *exchange = context;

	(void)purpose;
	if (!exchange->may_be_local && !exchange->is_proxied && address_is_local(&address->addr)) {
		if (error_is(&exchange->err, ERROR_NONE))
			error_set(&exchange->err, ERROR_INVALID,
				  "a server leads to an address of this machine or its link, which is not "
				  "followed");
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode set_trust(CURL *easy, void *ssl_context, void *context)
{
	struct exchange *exchange = context;
	struct tls_handle *handle = exchange->handle;
	const struct http_tls *tls = exchange->is_own_origin ? exchange->request->tls : NULL;

	(void)easy;
	if (!handle->store && trust_store(exchange->client->trust, tls ? &tls->ca_files : NULL,
					  &handle->store, &exchange->err) < 0)
		return CURLE_ABORTED_BY_CALLBACK;
	SSL_CTX_set1_cert_store(ssl_context, handle->store);
	return CURLE_OK;
}

static void set_buffers(struct exchange *exchange)
{
	const struct http_request *request = exchange->request;
	uint64_t rate = exchange->client->rate_limit.bytes_per_second;
	bool is_slow = rate && rate < SLOW_BYTES_PER_SECOND;
	bool is_large_upload = request->source && request->source->size > (uint64_t)SMALL_BUFFER_BYTES;

	if (request->sink && !is_slow)
		curl_easy_setopt(exchange->handle->easy, CURLOPT_BUFFERSIZE, DOWNLOAD_BUFFER_BYTES);
	if (is_large_upload && !is_slow)
		curl_easy_setopt(exchange->handle->easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
}

void exchange_set_callbacks(struct exchange *exchange)
{
	CURL *easy = exchange->handle->easy;
	const struct http_source *source = exchange->request->source;
	const struct http_client *client = exchange->client;

	uint64_t handled_bytes = exchange->request->handled_bytes;
	if (source && source->size > handled_bytes)
		handled_bytes = source->size;
	exchange->watch = (struct watch){
		.stall_timeout_ms = client->stall_timeout_ms,
		.response_timeout_ms = http_client_response_timeout_ms(client, handled_bytes),
	};
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, read_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_body);
	curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, exchange);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_trust);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, exchange);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->detail);
	set_buffers(exchange);
}
