/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying again: the one place that decides whether, and how long to wait.
 *
 *     struct retry retry = RETRY_INIT(client, policy);
 *     do {
 *             if (retry_wait_for_origin(&retry, url, err) < 0)
 *                     break;
 *             ...one attempt...
 *     } while (retry_again(&retry, url, &response, made_progress, err));
 *
 * The wait is random(0.5..1) * min(60 s, delay * 2^n); delay is 0.5 s (2 s for 429) unless the user
 * set it. A server's Retry-After wins when it is longer, and gets up to a quarter (at most 5 s) on top,
 * so that workers do not come back together. 429 and 503 pause every new request of all sessions to
 * that origin until the wait is over. Progress (retry_is_progress) resets the count: a transfer that
 * moves never runs out of attempts. Where all sessions together have met nothing but failures at an
 * origin, for two minutes and more than 50 times, each request is made once only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "http/http.h"

struct retry_policy {
	unsigned max_attempts; /* 0: 6, for small requests; who transfers sets 10 */
	unsigned delay_ms;     /* 0: 500 */
};

struct retry {
	struct http_client *client;
	struct retry_policy policy;
	unsigned attempt;         /* attempts made without progress */
	unsigned limited_attempt; /* of them the last ones, whose kind of failure has its own limit */
};

#define RETRY_INIT(client_, policy_) \
	{ \
		.client = (client_), .policy = (policy_) \
	}

/* Whether this status is worth another try: 408 425 429 499 500 502 503 504 520-524. */
bool retry_is_transient_status(long status);

/* Waits while the origin of `url` is paused. ERROR_CANCELLED. */
int retry_wait_for_origin(struct retry *retry, const char *url, struct error *err) MUST_CHECK;

/* Whether a transfer has got far enough since the last reset to count anew: a server that gives a byte
 * at a time must come to an end. 1 MiB, or a twentieth of the whole if that is less. */
bool retry_is_progress(uint64_t gained_bytes, uint64_t size_bytes);

/* After a failed attempt at `url`: true if it should be made again, after the wait (err is then
 * cleared). False: err stays as it is (or is ERROR_CANCELLED). Only ERROR_TRANSIENT is retried.
 * `response` is what the attempt has left, empty if nothing; `made_progress` resets the count. */
bool retry_again(struct retry *retry, const char *url, const struct http_response *response,
		 bool made_progress, struct error *err);
