/* SPDX-License-Identifier: Apache-2.0 */
/* What all sessions share. Everything is constant after http_client_new but what says otherwise. */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/map.h"
#include "http/http.h"
#include "http/rate_limit.h"
#include "http/trust.h"

struct http_client {
	char *user_agent;
	struct trust *trust; /* locks for itself */
	unsigned connect_timeout_ms;
	unsigned stall_timeout_ms;
	unsigned response_timeout_ms;
	unsigned large_response_timeout_ms; /* after an upload of more than LARGE_UPLOAD_BYTES */
	struct http_counters counters;      /* atomic */
	struct rate_limit rate_limit;       /* locks for itself */
	pthread_mutex_t pauses_mutex;       /* guards pauses */
	struct map pauses;                  /* origin -> uint64_t: clock_milliseconds() of its end */
};

/* Registries hash and move what they were sent before they answer. */
#define LARGE_UPLOAD_BYTES ((uint64_t)64 << 20)

/* No new request to the origin of `url` for so long; a pause is only ever made longer. */
void http_client_pause_origin(struct http_client *client, const char *url, uint64_t duration_ms);
/* Milliseconds until the pause of the origin of `url` is over; 0: there is none. */
uint64_t http_client_pause_left_ms(struct http_client *client, const char *url);
