/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying again: the one place that decides whether, and how long to wait.
 *
 *     struct retry retry = RETRY_INIT(client, policy);
 *     do {
 *             if (retry_wait_for_origin(&retry, url, err) < 0)
 *                     break;
 *             ...one attempt...
 *     } while (retry_again(&retry, url, status, retry_after_ms, made_progress, err));
 *
 * The wait is random(0.5..1) * min(60 s, delay * 2^n); delay is 0.5 s (2 s for 429) unless the user
 * set it. A server's Retry-After wins when it is longer. 429 and 503 pause every new request of all
 * sessions to that origin until the wait is over. Progress (bytes that a transfer has gained since the
 * last attempt) resets the count: a transfer that moves never runs out of attempts.
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
	unsigned attempt; /* attempts made without progress */
};

#define RETRY_INIT(client_, policy_) \
	{ \
		.client = (client_), .policy = (policy_) \
	}

/* Whether this status is worth another try: 408 425 429 499 500 502 503 504 520-524. */
bool retry_is_transient_status(long status);

/* Waits while the origin of `url` is paused. ERROR_CANCELLED. */
int retry_wait_for_origin(struct retry *retry, const char *url, struct error *err) MUST_CHECK;

/* After a failed attempt at `url`: true if it should be made again, after the wait (err is then
 * cleared). False: err stays as it is (or is ERROR_CANCELLED). Only ERROR_TRANSIENT is retried.
 * `status` is the HTTP status or 0; `made_progress` resets the count. */
bool retry_again(struct retry *retry, const char *url, long status, uint64_t retry_after_ms,
		 bool made_progress, struct error *err);
