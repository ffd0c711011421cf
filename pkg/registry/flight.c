/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/flight.h"

#include "base/cancel.h"
#include "registry/client.h"

void flight_release(struct flight *flight)
{
	error_clear(&flight->failure);
}

void flight_wait(struct registry_client *client, struct flight *flight)
{
	while (flight->is_running)
		pthread_cond_wait(&client->landed, &client->mutex);
}

bool flight_failure(struct flight *flight, struct error *err)
{
	if (flight->failure.code == ERROR_NONE || clock_milliseconds() >= flight->failure_ends_ms)
		return false;
	error_set(err, flight->failure.code, "%s", flight->failure.message);
	return true;
}

void flight_start(struct flight *flight)
{
	flight->is_running = true;
	error_clear(&flight->failure);
}

void flight_land(struct registry_client *client, struct flight *flight, const struct error *err,
		 uint64_t hold_ms)
{
	flight->is_running = false;
	if (err->code != ERROR_NONE && err->code != ERROR_CANCELLED) {
		error_set(&flight->failure, err->code, "%s", err->message);
		flight->failure_ends_ms =
			err->code == ERROR_TRANSIENT ? clock_milliseconds() + hold_ms : UINT64_MAX;
	}
	pthread_cond_broadcast(&client->landed);
}
