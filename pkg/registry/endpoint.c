/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/text.h"
#include "http/retry.h"
#include "oci/reference.h"
#include "registry/certificates.h"
#include "registry/client.h"
#include "registry/request.h"

#define HOLD_MIN_MS (30 * 1000u)
#define HOLD_MAX_MS (300 * 1000u)
#define PING_BODY_LIMIT (1u << 20)

void endpoint_free(void *value)
{
	struct endpoint *endpoint = value;

	flight_release(&endpoint->flight);
	free(endpoint->host);
	free(endpoint->base_url);
	certificates_release(&endpoint->tls);
	challenge_release(&endpoint->challenge);
	challenge_release(&endpoint->learnt_challenge);
	free(endpoint);
}

uint64_t endpoint_hold_ms(unsigned n_failed_pings)
{
	uint64_t hold_ms = HOLD_MIN_MS;

	for (unsigned i = 1; i < n_failed_pings && hold_ms < HOLD_MAX_MS; i++)
		hold_ms *= 2;
	return hold_ms < HOLD_MAX_MS ? hold_ms : HOLD_MAX_MS;
}

static bool is_insecure(const struct registry_client *client, const struct repository *repository)
{
	const struct registry_side_options *side = &client->options.sides[repository->side];

	if (repository->is_insecure)
		return true;
	for (size_t i = 0; side->is_insecure && i < side->insecure_hosts.count; i++)
		if (strcasecmp(side->insecure_hosts.items[i], repository->host) == 0)
			return true;
	return false;
}

/* One ping with one scheme; any status is a success. */
static int ping_once(struct registry_session *session, struct endpoint *endpoint, const char *scheme,
		     struct http_response *response, struct error *err)
{
	free(endpoint->base_url);
	endpoint->base_url = xasprintf("%s://%s", scheme, reference_connect_host(endpoint->host));

	CLEANUP(free_string) char *url = xasprintf("%s/v2/", endpoint->base_url);
	struct http_request request = {
		.method = "GET",
		.url = url,
		.tls = &endpoint->tls,
		.allow_http = endpoint->is_insecure,
		.body_limit = PING_BODY_LIMIT,
		.max_redirects = MAX_REDIRECTS,
		.is_small = true,
	};
	return http_perform(session->http, &request, response, err);
}

/* https, then http where that is allowed; why not https is left in `https_error`. */
static int ping_schemes(struct registry_session *session, struct endpoint *endpoint,
			struct http_response *response, struct error *https_error, struct error *err)
{
	if (ping_once(session, endpoint, "https", response, err) == 0)
		return 0;
	if (!endpoint->is_insecure || error_is(err, ERROR_CANCELLED))
		return -1;
	*https_error = steal(err);
	response_reset(response);
	return ping_once(session, endpoint, "http", response, err);
}

static int judge_ping(struct endpoint *endpoint, const struct http_response *response, struct error *err)
{
	long status = response->status;

	if ((status >= 200 && status < 300) || status == 401 || status == 403)
		return 0;
	if (response->registry_version && !retry_is_transient_status(status))
		return 0;
	error_set(err, retry_is_transient_status(status) ? ERROR_TRANSIENT : ERROR_INVALID,
		  "endpoint \"%s/v2/\" does not support v2 API (got %ld)", endpoint->base_url, status);
	return error_advise(err, "is %s a container registry?", endpoint->host);
}

/* Whether the answer to http shows that it is http what is spoken where https was tried: at a port of its
 * own, and with something else than the 400 of TLS servers that are spoken to in http. */
static bool shows_http(const struct endpoint *endpoint, const struct http_response *response)
{
	const char *bracket = strrchr(endpoint->host, ']');
	bool has_port = strchr(bracket ? bracket : endpoint->host, ':');

	return has_port && response->status && response->status != 400;
}

/* Then http is not what the registry speaks, whatever it answered in the end. */
static bool is_sent_to_https(const struct http_response *response)
{
	return text_starts_with(response->url, "https:");
}

static int attempt_ping(struct registry_session *session, struct endpoint *endpoint,
			struct http_response *response, struct error *err)
{
	CLEANUP(error_clear) struct error https_error = ERROR_INIT;

	if (ping_schemes(session, endpoint, response, &https_error, err) == 0 &&
	    judge_ping(endpoint, response, err) == 0) {
		if (!https_error.message)
			return 0;
		if (!is_sent_to_https(response)) {
			log_info("%s: speaks http", endpoint->host);
			return 0;
		}
		error_set(err, https_error.code, "it sends us from http to https");
	}
	if (!https_error.message || error_is(err, ERROR_CANCELLED))
		return -1;
	/* It may be a TLS server that has just dropped a connection. */
	if (error_is(&https_error, ERROR_TRANSIENT) && !shows_http(endpoint, response))
		err->code = ERROR_TRANSIENT;
	return error_advise(err, "and with https: %s", https_error.message);
}

static int ping(struct registry_session *session, struct endpoint *endpoint, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct retry retry = RETRY_INIT(session->client->http, request_retry_policy(session->client, 0));

	/* Who was long not there gets one more chance at a time. */
	if (endpoint->n_failed_pings)
		retry.policy.max_attempts = 1;
	while (attempt_ping(session, endpoint, &response, err) < 0) {
		if (!retry_again(&retry, endpoint->base_url, &response, false, err))
			return -1;
		response_reset(&response);
	}
	endpoint->is_local = response.is_local;
	endpoint->prefers_patch = response.artifactory || text_ends_with(endpoint->host, ".azurecr.io");
	/* A redirect's target does not speak for the registry. */
	if (response.status == 401 && response.is_same_origin)
		challenge_parse(&endpoint->challenge, &response.challenges);
	return 0;
}

static int prepare(struct registry_session *session, struct endpoint *endpoint, struct error *err)
{
	const struct registry_side_options *side = &session->client->options.sides[endpoint->side];

	certificates_release(&endpoint->tls);
	if (certificates_find(&endpoint->tls, side->certificate_directory, endpoint->host, err) < 0)
		return -1;
	endpoint->tls.skip_verify = endpoint->is_insecure;
	return ping(session, endpoint, err);
}

/* With the mutex held. */
static struct endpoint *find_or_add(struct registry_client *client, const struct repository *repository)
{
	bool insecure = is_insecure(client, repository);
	CLEANUP(free_string) char *key =
		xasprintf("%d %d %s", (int)repository->side, (int)insecure, repository->host);
	struct endpoint *endpoint = map_get(&client->endpoints, key);

	if (endpoint)
		return endpoint;
	endpoint = xcalloc(1, sizeof(*endpoint));
	endpoint->side = repository->side;
	endpoint->host = xstrdup(repository->host);
	endpoint->is_insecure = insecure;
	map_set(&client->endpoints, key, endpoint);
	return endpoint;
}

int endpoint_find(struct registry_session *session, const struct repository *repository,
		  struct endpoint **found, struct error *err)
{
	struct registry_client *client = session->client;

	pthread_mutex_lock(&client->mutex);
	struct endpoint *endpoint = find_or_add(client, repository);
	flight_wait(client, &endpoint->flight);
	bool is_done = endpoint->is_ready || flight_failure(&endpoint->flight, err);
	if (!is_done)
		flight_start(&endpoint->flight);
	pthread_mutex_unlock(&client->mutex);

	if (!is_done) {
		int result = prepare(session, endpoint, err);

		pthread_mutex_lock(&client->mutex);
		endpoint->is_ready = result == 0;
		if (result < 0 && !error_is(err, ERROR_CANCELLED))
			endpoint->n_failed_pings++;
		flight_land(client, &endpoint->flight, err, endpoint_hold_ms(endpoint->n_failed_pings));
		pthread_mutex_unlock(&client->mutex);
	}
	if (err->code != ERROR_NONE)
		return error_wrap(err, "%s", repository->host);
	*found = endpoint;
	return 0;
}

const struct challenge *endpoint_challenge(struct registry_client *client, struct endpoint *endpoint)
{
	pthread_mutex_lock(&client->mutex);
	bool has_learnt = endpoint->has_learnt_challenge;
	pthread_mutex_unlock(&client->mutex);
	return has_learnt ? &endpoint->learnt_challenge : &endpoint->challenge;
}

void endpoint_learn_challenge(struct registry_client *client, struct endpoint *endpoint,
			      struct challenge *challenge)
{
	pthread_mutex_lock(&client->mutex);
	if (!endpoint->has_learnt_challenge && endpoint->challenge.scheme == CHALLENGE_NONE) {
		endpoint->learnt_challenge = steal(challenge);
		endpoint->has_learnt_challenge = true;
	}
	pthread_mutex_unlock(&client->mutex);
}
