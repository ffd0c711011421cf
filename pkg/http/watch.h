/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a hop may take to do nothing. libcurl's own low-speed rule also fires while a server works
 * on what it was sent, so the phases are told apart here:
 *
 *   connecting    libcurl's connect timeout
 *   sending       the body goes out: the stall timeout
 *   waiting       until the header of the answer is complete: the response timeout
 *   receiving     the body comes in: the stall timeout
 *
 * A transfer is stalled when it moves less than WATCH_PROGRESS_BYTES within the stall timeout: one
 * byte now and then must not keep a worker for days.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WATCH_PROGRESS_BYTES 1024

enum watch_phase { WATCH_CONNECTING, WATCH_SENDING, WATCH_WAITING, WATCH_RECEIVING };

struct watch {
	unsigned stall_timeout_ms;
	unsigned response_timeout_ms;
	enum watch_phase phase;
	uint64_t mark_ms;    /* when it last moved */
	uint64_t mark_bytes; /* how far it was then */
};

/* Called again and again with what goes on now; ERROR_TRANSIENT when it has taken too long. */
int watch_check(struct watch *watch, enum watch_phase phase, uint64_t bytes, struct error *err) MUST_CHECK;

/* The time since the last call was our own (the rate limit): it does not count. */
void watch_forgive(struct watch *watch);
