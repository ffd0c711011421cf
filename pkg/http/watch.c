/* SPDX-License-Identifier: Apache-2.0 */
#include "http/watch.h"

#include "base/cancel.h"

static int report(const struct watch *watch, unsigned timeout_ms, struct error *err)
{
	double seconds = timeout_ms / 1000.0;

	if (watch->phase == WATCH_WAITING)
		return error_set(err, ERROR_TRANSIENT, "no answer within %g seconds", seconds);
	return error_set(err, ERROR_TRANSIENT, "stalled: nothing %s for %g seconds",
			 watch->phase == WATCH_SENDING ? "could be sent" : "came", seconds);
}

int watch_check(struct watch *watch, enum watch_phase phase, uint64_t bytes, struct error *err)
{
	uint64_t now = clock_milliseconds();
	bool is_moving = phase != WATCH_WAITING && bytes >= watch->mark_bytes + WATCH_PROGRESS_BYTES;

	if (phase == WATCH_CONNECTING)
		return 0;
	if (phase != watch->phase || is_moving) {
		watch->phase = phase;
		watch->mark_ms = now;
		watch->mark_bytes = bytes;
		return 0;
	}
	unsigned timeout_ms = phase == WATCH_WAITING ? watch->response_timeout_ms : watch->stall_timeout_ms;
	return now - watch->mark_ms > timeout_ms ? report(watch, timeout_ms, err) : 0;
}

void watch_forgive(struct watch *watch)
{
	watch->mark_ms = clock_milliseconds();
}
