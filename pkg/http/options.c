/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl is told before an exchange. Every hop starts from nothing: curl_easy_reset. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cancel.h"
#include "http/exchange.h"

/* Larger bodies wait for the server's "100 Continue", so that a refusal comes before the gigabytes. */
#define EXPECT_THRESHOLD_BYTES ((uint64_t)1 << 20)
#define EXPECT_TIMEOUT_MS 1000L

static void add_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (!longer)
		abort();
	*headers = longer;
}

/* libcurl sends the text as it is: a line break in it would be another header. */
static bool is_header_text(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7F)
			return false;
	return true;
}

/* What another origin needs to give the same answer; the rest is between us and the registry. */
static bool is_for_every_origin(const char *line)
{
	return !strncasecmp(line, "Accept:", 7) || !strncasecmp(line, "Range:", 6);
}

static int add_headers(const struct exchange *exchange, struct curl_slist **headers, struct error *err)
{
	const struct http_request *request = exchange->request;
	uint64_t size = request->source ? request->source->size : 0;

	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		if (!is_header_text(request->headers[i]))
			return error_set(err, ERROR_INVALID, "a request header contains control characters");
		if (exchange->is_own_origin || is_for_every_origin(request->headers[i]))
			add_header(headers, request->headers[i]);
	}
	if (request->authorization && exchange->is_own_origin) {
		if (!is_header_text(request->authorization))
			return error_set(err, ERROR_INVALID, "the credentials contain control characters");
		CLEANUP(free_string) char *line = xasprintf("Authorization: %s", request->authorization);
		add_header(headers, line);
		OPENSSL_cleanse(line, strlen(line));
	}
	if (size <= EXPECT_THRESHOLD_BYTES || exchange->is_expect_disliked)
		add_header(headers, "Expect:");
	return 0;
}

static void set_method(const struct exchange *exchange)
{
	CURL *easy = exchange->handle->easy;
	const struct http_request *request = exchange->request;
	const char *method = request->method;
	bool has_body = request->source || !strcmp(method, "POST") || !strcmp(method, "PUT") ||
			!strcmp(method, "PATCH");

	if (!strcmp(method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	/* "Upload" for POST too: it always sends Content-Length and never invents a Content-Type. */
	if (has_body) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
				 (curl_off_t)(request->source ? request->source->size : 0));
	}
	if (strcmp(method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_protocols(const struct exchange *exchange)
{
	CURL *easy = exchange->handle->easy;
	bool is_http = exchange->request->allow_http;

#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_http ? "http,https" : "https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
			 (long)(is_http ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, EXPECT_TIMEOUT_MS);
}

static void set_connection(const struct exchange *exchange)
{
	CURL *easy = exchange->handle->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)exchange->client->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
	if (exchange->deadline_ms) {
		uint64_t now = clock_milliseconds();
		uint64_t left_ms = exchange->deadline_ms > now ? exchange->deadline_ms - now : 1;
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	}
}

static void set_tls(const struct exchange *exchange)
{
	CURL *easy = exchange->handle->easy;
	const struct http_tls *tls = exchange->is_own_origin ? exchange->request->tls : NULL;
	bool is_verified = !tls || !tls->skip_verify;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, is_verified ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, is_verified ? 2L : 0L);
	/* The authorities come from trust.h. */
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (!tls || !tls->client_certificate)
		return;
	curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->client_certificate);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->client_key ? tls->client_key : tls->client_certificate);
}

int exchange_set_options(struct exchange *exchange, struct curl_slist **headers, struct error *err)
{
	CURL *easy = exchange->handle->easy;

	curl_easy_reset(easy);
	if (add_headers(exchange, headers, err) < 0)
		return -1;
	curl_easy_setopt(easy, CURLOPT_URL, exchange->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "airlift/" AIRLIFT_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
	set_method(exchange);
	set_protocols(exchange);
	set_connection(exchange);
	set_tls(exchange);
	return 0;
}
