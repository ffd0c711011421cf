/* SPDX-License-Identifier: Apache-2.0 */
/* One request to one URL and its answer, without redirects. Private to this module. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/header.h"
#include "http/session.h"
#include "http/watch.h"

struct exchange {
	struct http_client *client;
	struct tls_handle *handle;
	const struct http_request *request;
	const char *url;
	bool is_own_origin;   /* of the request's URL: authorization, headers, TLS settings apply */
	bool is_proxied;      /* the connection goes to a proxy */
	bool may_be_local;    /* addresses of this machine may be contacted (address.h) */
	uint64_t deadline_ms; /* clock_milliseconds(); 0: none */
	struct http_response *response;

	/* Used while it runs, by the callbacks. */
	struct error err; /* of ours: sink, source, limits, watch, cancel; wins over libcurl's */
	struct header_reader header;
	struct watch watch;
	uint64_t body_bytes;
	uint64_t source_offset;
	bool is_expect_disliked;      /* the server answered 417 (RFC 9110 10.1.1) */
	char detail[CURL_ERROR_SIZE]; /* libcurl's words */
};

/* Fills the response, which is emptied first. `exchange->err` is empty before and after. */
int exchange_perform(struct exchange *exchange, struct error *err) MUST_CHECK;

/* Whether the body of the answer is what was asked for (and goes to the sink), not decoration. */
bool exchange_wants_body(const struct exchange *exchange);

/* Sets every option but those of the body; *headers is the caller's to free afterwards. */
int exchange_set_options(struct exchange *exchange, struct curl_slist **headers,
			 struct error *err) MUST_CHECK;

/* Sets the callbacks, and the options of the body that is sent. */
void exchange_set_callbacks(struct exchange *exchange);

/* How many attempts make sense after such a failure; 0: as many as there are. */
unsigned exchange_max_attempts(CURLcode code);

/* Turns what libcurl reported into an error that names method, URL and cause. Always returns -1. */
int exchange_failure(const struct exchange *exchange, CURLcode code, struct error *err);
