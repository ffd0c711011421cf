/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"

#include <time.h>

atomic_bool cancel_flag;

uint64_t clock_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int cancel_error(struct error *err)
{
	return error_set(err, ERROR_CANCELLED, "interrupted; run the same command again to go on");
}

int cancel_sleep(uint64_t milliseconds, struct error *err)
{
	uint64_t end;

	if (__builtin_add_overflow(clock_milliseconds(), milliseconds, &end))
		end = UINT64_MAX;
	for (uint64_t now; !cancel_requested() && (now = clock_milliseconds()) < end;) {
		uint64_t portion = end - now < 50 ? end - now : 50;
		nanosleep(&(struct timespec){.tv_nsec = (long)portion * 1000000}, NULL);
	}
	return cancel_requested() ? cancel_error(err) : 0;
}
