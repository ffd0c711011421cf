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
#define SPREAD_MAX_MS 5000
#define PROGRESS_BYTES ((uint64_t)1 << 20)

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

static uint64_t random_up_to(uint64_t maximum)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = clock_milliseconds();
	return random % (maximum + 1);
}

/* Added to a wait that many workers share, so that they do not come back together. */
static uint64_t choose_spread_ms(uint64_t wait_ms)
{
	return random_up_to(wait_ms / 4 < SPREAD_MAX_MS ? wait_ms / 4 : SPREAD_MAX_MS);
}

int retry_wait_for_origin(struct retry *retry, const char *url, struct error *err)
{
	uint64_t left_ms, waited_ms = 0;

	while ((left_ms = http_client_pause_left_ms(retry->client, url))) {
		uint64_t portion_ms = left_ms < PAUSE_PORTION_MS ? left_ms : PAUSE_PORTION_MS;

		if (cancel_sleep(portion_ms, err) < 0)
			return -1;
		waited_ms += portion_ms;
	}
	if (waited_ms && cancel_sleep(choose_spread_ms(waited_ms), err) < 0)
		return -1;
	return cancel_requested() ? cancel_error(err) : 0;
}

bool retry_is_progress(uint64_t gained_bytes, uint64_t size_bytes)
{
	uint64_t part = size_bytes / 20 ? size_bytes / 20 : 1;

	return gained_bytes >= (part < PROGRESS_BYTES ? part : PROGRESS_BYTES);
}

/* Before the attempt after `attempt` ones: between half and all of what doubles each time. */
static uint64_t choose_delay_ms(const struct retry *retry, long status)
{
	uint64_t delay_ms = retry->policy.delay_ms;

	if (!delay_ms)
		delay_ms = status == 429 ? THROTTLED_DELAY_MS : DEFAULT_DELAY_MS;
	for (unsigned i = 1; i < retry->attempt && delay_ms < DELAY_MAX_MS; i++)
		delay_ms *= 2;
	if (delay_ms > DELAY_MAX_MS)
		delay_ms = DELAY_MAX_MS;
	return delay_ms / 2 + random_up_to(delay_ms / 2);
}

/* Whether the attempts are used up: all, or those that this kind of failure is worth. */
static bool is_enough(const struct retry *retry, const struct http_response *response, unsigned max_attempts)
{
	if (response->max_attempts && retry->limited_attempt >= response->max_attempts)
		return true;
	return retry->attempt >= max_attempts;
}

bool retry_again(struct retry *retry, const char *url, const struct http_response *response,
		 bool made_progress, struct error *err)
{
	unsigned max_attempts = retry->policy.max_attempts ? retry->policy.max_attempts : DEFAULT_ATTEMPTS;
	long status = response->status;

	retry->attempt = made_progress ? 1 : retry->attempt + 1;
	retry->limited_attempt = response->max_attempts ? retry->limited_attempt + 1 : 0;
	if (!error_is(err, ERROR_TRANSIENT))
		return false;
	/* What was learnt about the origin holds for the others even when this one gives up. */
	uint64_t delay_ms = choose_delay_ms(retry, status), after_ms = response->retry_after_ms;
	if (status == 429 || status == 503)
		http_client_pause_origin(retry->client, url, delay_ms > after_ms ? delay_ms : after_ms);
	bool is_hopeless = http_client_note_failure(retry->client, url, clock_milliseconds());
	if (is_enough(retry, response, max_attempts))
		return false;
	if (is_hopeless && !made_progress) {
		error_advise(err, "nothing has worked there for minutes, so it is not tried again");
		return false;
	}
	if (delay_ms < after_ms)
		delay_ms = after_ms + choose_spread_ms(after_ms);
	log_info("%s; trying again in %" PRIu64 " ms (%u of %u)", err->message, delay_ms, retry->attempt + 1,
		 max_attempts);
	error_clear(err);
	if (cancel_sleep(delay_ms, err) < 0)
		return false;
	atomic_fetch_add(&http_client_counters(retry->client)->retries, 1);
	return true;
}
