/* SPDX-License-Identifier: Apache-2.0 */
#include "http/rate_limit.h"

#include <time.h>

#include "base/cancel.h"

#define SECOND_NS 1000000000u
/* What was not used in the last moment may still be used: callbacks do not come evenly. */
#define CREDIT_NS (SECOND_NS / 10)

static uint64_t clock_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

void rate_limit_init(struct rate_limit *limit, uint64_t bytes_per_second)
{
	limit->bytes_per_second = bytes_per_second;
	pthread_mutex_init(&limit->mutex, NULL);
	limit->free_ns = 0;
}

void rate_limit_destroy(struct rate_limit *limit)
{
	pthread_mutex_destroy(&limit->mutex);
}

int rate_limit_take(struct rate_limit *limit, size_t bytes, bool *waited, struct error *err)
{
	*waited = false;
	if (!limit->bytes_per_second || !bytes)
		return 0;

	uint64_t cost_ns = (uint64_t)((double)bytes * SECOND_NS / (double)limit->bytes_per_second);
	uint64_t now = clock_nanoseconds();
	pthread_mutex_lock(&limit->mutex);
	if (limit->free_ns + CREDIT_NS < now)
		limit->free_ns = now - CREDIT_NS;
	limit->free_ns += cost_ns;
	uint64_t end = limit->free_ns;
	pthread_mutex_unlock(&limit->mutex);

	/* Debts of less than a millisecond are paid with the next portion. */
	if (end < now + SECOND_NS / 1000)
		return 0;
	*waited = true;
	return cancel_sleep((end - now) / 1000000, err);
}
