/* SPDX-License-Identifier: Apache-2.0 */
/* The one request to stop: set by a signal handler (or a test), read everywhere that waits. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

extern atomic_bool cancel_flag;

static inline bool cancel_requested(void)
{
	return atomic_load_explicit(&cancel_flag, memory_order_relaxed);
}

/* Sleeps, but at most until cancelled; then ERROR_CANCELLED. */
int cancel_sleep(uint64_t milliseconds, struct error *err) MUST_CHECK;

/* ERROR_CANCELLED with the usual words. */
int cancel_error(struct error *err);

/* Milliseconds of a clock that never goes back. */
uint64_t clock_milliseconds(void);
