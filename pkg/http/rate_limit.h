/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One allowance of bytes per second for all sessions together. A leaky bucket kept as the time at
 * which everything granted so far will have passed: no thread that refills it, no waking in turns.
 *
 * Private to this module.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct rate_limit {
	uint64_t bytes_per_second; /* 0: none */
	pthread_mutex_t mutex;     /* guards free_ns */
	uint64_t free_ns;
};

void rate_limit_init(struct rate_limit *limit, uint64_t bytes_per_second);
void rate_limit_destroy(struct rate_limit *limit);

/* Returns when `bytes` more may pass; *waited says whether that took any time. ERROR_CANCELLED. */
int rate_limit_take(struct rate_limit *limit, size_t bytes, bool *waited, struct error *err) MUST_CHECK;
