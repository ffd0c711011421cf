/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>

#include "base/cancel.h"

/* A slow registry's pace where it puts a large blob into its place; and the end of all patience. */
#define HANDLED_BYTES_PER_SECOND ((uint64_t)16 << 20)
#define HANDLED_MAX_MS (3600 * 1000u)

static void prepare_process(void)
{
	struct sigaction action;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	/* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE to the program: a TLS server that hangs up while
	 * we write to it must not end us. Somebody else's handler stays. */
	if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

int http_client_new(struct http_client **client, const struct http_options *options, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct trust *trust;

	pthread_once(&once, prepare_process);
	if (trust_new(&trust, &options->ca_files, err) < 0)
		return -1;
	struct http_client *made = xcalloc(1, sizeof(*made));
	made->trust = trust;
	made->connect_timeout_ms = or_default(options->connect_timeout_ms, 15 * 1000);
	made->stall_timeout_ms = or_default(options->stall_timeout_ms, 60 * 1000);
	made->response_timeout_ms = or_default(options->response_timeout_ms, 120 * 1000);
	made->large_response_timeout_ms = or_default(options->response_timeout_ms, 600 * 1000);
	rate_limit_init(&made->rate_limit, options->rate_limit_bytes);
	made->small_timeout_ms = or_default(options->small_timeout_ms, 120 * 1000);
	pthread_mutex_init(&made->origins_mutex, NULL);
	made->origins = (struct map)MAP_INIT_FREEING(free);
	*client = made;
	return 0;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	trust_free(client->trust);
	rate_limit_destroy(&client->rate_limit);
	pthread_mutex_destroy(&client->origins_mutex);
	map_release(&client->origins);
	free(client);
}

struct http_counters *http_client_counters(struct http_client *client)
{
	return &client->counters;
}

unsigned http_client_small_timeout_ms(const struct http_client *client, const struct http_request *request)
{
	return request->small_timeout_ms ? request->small_timeout_ms : client->small_timeout_ms;
}

unsigned http_client_response_timeout_ms(const struct http_client *client, uint64_t handled_bytes)
{
	if (handled_bytes <= LARGE_UPLOAD_BYTES)
		return client->response_timeout_ms;
	uint64_t extra_ms = handled_bytes / HANDLED_BYTES_PER_SECOND * 1000;
	return client->large_response_timeout_ms +
	       (unsigned)(extra_ms < HANDLED_MAX_MS ? extra_ms : HANDLED_MAX_MS);
}

/* The origin, or NULL for a URL that no request can be made to. */
static char *find_origin(const char *url)
{
	struct error ignored = ERROR_INIT;
	char *origin = NULL;

	if (http_origin(url, &origin, &ignored) < 0)
		error_clear(&ignored);
	return origin;
}

/* With the mutex held. */
static struct origin_state *find_or_add(struct http_client *client, const char *origin)
{
	struct origin_state *state = map_get(&client->origins, origin);

	if (!state) {
		state = xcalloc(1, sizeof(*state));
		map_set(&client->origins, origin, state);
	}
	return state;
}

void http_client_note_answer(struct http_client *client, const char *origin)
{
	pthread_mutex_lock(&client->origins_mutex);
	struct origin_state *state = map_get(&client->origins, origin);
	if (state)
		state->n_failures = 0;
	pthread_mutex_unlock(&client->origins_mutex);
}

bool http_client_note_failure(struct http_client *client, const char *url, uint64_t now_ms)
{
	CLEANUP(free_string) char *origin = find_origin(url);

	if (!origin)
		return false;
	pthread_mutex_lock(&client->origins_mutex);
	struct origin_state *state = find_or_add(client, origin);
	if (state->n_failures++ == 0)
		state->failing_since_ms = now_ms;
	bool is_hopeless =
		state->n_failures > HOPELESS_FAILURES && now_ms - state->failing_since_ms > HOPELESS_MS;
	pthread_mutex_unlock(&client->origins_mutex);
	return is_hopeless;
}

void http_client_pause_origin(struct http_client *client, const char *url, uint64_t duration_ms)
{
	CLEANUP(free_string) char *origin = find_origin(url);
	uint64_t end = clock_milliseconds() + duration_ms;

	if (!origin)
		return;
	pthread_mutex_lock(&client->origins_mutex);
	struct origin_state *state = find_or_add(client, origin);
	if (state->pause_end_ms < end)
		state->pause_end_ms = end;
	pthread_mutex_unlock(&client->origins_mutex);
}

uint64_t http_client_pause_left_ms(struct http_client *client, const char *url)
{
	CLEANUP(free_string) char *origin = find_origin(url);
	uint64_t now = clock_milliseconds();

	if (!origin)
		return 0;
	pthread_mutex_lock(&client->origins_mutex);
	const struct origin_state *state = map_get(&client->origins, origin);
	uint64_t end = state ? state->pause_end_ms : 0;
	pthread_mutex_unlock(&client->origins_mutex);
	return end > now ? end - now : 0;
}
