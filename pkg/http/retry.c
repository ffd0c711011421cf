/* SPDX-License-Identifier: Apache-2.0 */
#include "http/retry.h"

#include <inttypes.h>
#include <sys/random.h>

#include "base/cancel.h"
#include "base/log.h"
#include "http/client.h"

#define DEFAULT_ATTEMPTS 6
#define DEFAULT_DELAY_MS 500
#define THROTTLED_DELAY_MS 2000
#define DELAY_MAX_MS (60 * 1000u)
/* Pauses are looked at this often: one may have been made longer meanwhile. */
#define PAUSE_PORTION_MS 1000

bool retry_is_transient_status(long status)
{
	switch (status) {
	case 408:
	case 425:
	case 429:
	case 499:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	default:
		return status >= 520 && status <= 524;
	}
}

int retry_wait_for_origin(struct retry *retry, const char *url, struct error *err)
{
	uint64_t left_ms;

	while ((left_ms = http_client_pause_left_ms(retry->client, url)))
		if (cancel_sleep(left_ms < PAUSE_PORTION_MS ? left_ms : PAUSE_PORTION_MS, err) < 0)
			return -1;
	return cancel_requested() ? cancel_error(err) : 0;
}

/* Between half and all of it, so that workers that failed together do not come back together. */
static uint64_t jittered(uint64_t delay_ms)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = clock_milliseconds();
	return delay_ms / 2 + random % (delay_ms / 2 + 1);
}

/* Before the attempt after `attempt` ones. */
static uint64_t choose_delay_ms(const struct retry *retry, long status, uint64_t retry_after_ms)
{
	uint64_t delay_ms = retry->policy.delay_ms;

	if (!delay_ms)
		delay_ms = status == 429 ? THROTTLED_DELAY_MS : DEFAULT_DELAY_MS;
	for (unsigned i = 1; i < retry->attempt && delay_ms < DELAY_MAX_MS; i++)
		delay_ms *= 2;
	delay_ms = jittered(delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS);
	return delay_ms > retry_after_ms ? delay_ms : retry_after_ms;
}

bool retry_again(struct retry *retry, const char *url, long status, uint64_t retry_after_ms,
		 bool made_progress, struct error *err)
{
	unsigned max_attempts = retry->policy.max_attempts ? retry->policy.max_attempts : DEFAULT_ATTEMPTS;

	retry->attempt = made_progress ? 1 : retry->attempt + 1;
	if (!error_is(err, ERROR_TRANSIENT))
		return false;
	/* What was learnt about the origin holds for the others even when this one gives up. */
	uint64_t delay_ms = choose_delay_ms(retry, status, retry_after_ms);
	if (status == 429 || status == 503)
		http_client_pause_origin(retry->client, url, delay_ms);
	if (retry->attempt >= max_attempts)
		return false;
	log_info("%s; trying again in %" PRIu64 " ms (%u of %u)", err->message, delay_ms, retry->attempt + 1,
		 max_attempts);
	error_clear(err);
	if (cancel_sleep(delay_ms, err) < 0)
		return false;
	atomic_fetch_add(&http_client_counters(retry->client)->retries, 1);
	return true;
}
