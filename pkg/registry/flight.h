/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread does a thing, the others that want the same wait for it ("single flight"): pings and
 * token requests. All functions want client->mutex to be held.
 *
 *     flight_wait(client, &thing->flight);
 *     if (thing->is_ready)                       -- somebody else has done it
 *     if (flight_failure(&thing->flight, err))   -- somebody else has tried, not long ago
 *     flight_start(&thing->flight);
 *     ...unlock, do it, lock...
 *     flight_land(client, &thing->flight, err, hold_ms);
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct registry_client;

struct flight {
	bool is_running;
	struct error failure;
	uint64_t failure_ends_ms; /* on clock_milliseconds */
};

void flight_release(struct flight *flight);
/* Until nobody is at it. */
void flight_wait(struct registry_client *client, struct flight *flight);
/* Whether the last try failed and that still counts; err is then a copy of it. */
bool flight_failure(struct flight *flight, struct error *err);
void flight_start(struct flight *flight);
/* Ends it. A set err is remembered: ERROR_TRANSIENT for hold_ms, cancellation not at all, everything
 * else for good. */
void flight_land(struct registry_client *client, struct flight *flight, const struct error *err,
		 uint64_t hold_ms);
