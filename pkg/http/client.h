/* SPDX-License-Identifier: Apache-2.0 */
/* What all sessions share. Everything is constant after http_client_new but what says otherwise.
 * Private to this module. */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/map.h"
#include "http/http.h"
#include "http/rate_limit.h"
#include "http/trust.h"

struct http_client {
	struct trust *trust; /* locks for itself */
	unsigned connect_timeout_ms;
	unsigned stall_timeout_ms;
	unsigned response_timeout_ms;
	unsigned large_response_timeout_ms; /* after an upload of more than LARGE_UPLOAD_BYTES */
	unsigned small_timeout_ms;
	struct http_counters counters; /* atomic */
	struct rate_limit rate_limit;  /* locks for itself */
	pthread_mutex_t origins_mutex; /* guards origins and what is in it */
	struct map origins;            /* origin -> struct origin_state */
};

struct origin_state {
	uint64_t pause_end_ms;     /* clock_milliseconds(); no new request before */
	unsigned n_failures;       /* in a row, of all sessions */
	uint64_t failing_since_ms; /* the first of them */
};

/* After so many failures in a row, over so long a time, an origin is not asked a second time any more. */
#define HOPELESS_FAILURES 50
#define HOPELESS_MS (120 * 1000u)

/* Registries hash and move what they were sent before they answer. */
#define LARGE_UPLOAD_BYTES ((uint64_t)64 << 20)

/* For the whole of a small request. */
unsigned http_client_small_timeout_ms(const struct http_client *client, const struct http_request *request);
/* How long the answer may take when the server has so many bytes to go through. */
unsigned http_client_response_timeout_ms(const struct http_client *client, uint64_t handled_bytes);

/* The origin has given an answer that is worth something. `origin` is what http_origin gives. */
void http_client_note_answer(struct http_client *client, const char *origin);
/* An attempt has failed for a passing reason at `now_ms`. True: the origin has done nothing but fail for
 * long enough (above) that repeating is senseless. */
bool http_client_note_failure(struct http_client *client, const char *url, uint64_t now_ms);

/* No new request to the origin of `url` for so long; a pause is only ever made longer. */
void http_client_pause_origin(struct http_client *client, const char *url, uint64_t duration_ms);
/* Milliseconds until the pause of the origin of `url` is over; 0: there is none. */
uint64_t http_client_pause_left_ms(struct http_client *client, const char *url);
