/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/authorization.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/text.h"
#include "registry/client.h"
#include "registry/secret.h"
#include "registry/token.h"

/* Workers that waited for a token request share its failure; each of them waits longer than this before
 * it tries again. */
#define TOKEN_FAILURE_HOLD_MS 200
/* A token is not used any more so long before its end: requests take a while to be looked at. */
#define EXPIRY_MARGIN_MS 10000
/* A token of unknown lifetime is renewed before a large upload when it is older: a 401 would come
 * after the body. */
#define FRESH_MS 60000

struct grant {
	struct flight flight;
	bool is_ready;
	char *header;  /* NULL: go without */
	bool is_token; /* asking again may give another one */
	uint64_t obtained_ms;
	uint64_t expires_ms; /* 0: not known */
	unsigned generation; /* counts renewals */
};

static void forget(struct grant *grant)
{
	secret_freep(&grant->header);
	grant->is_ready = false;
}

void grant_free(void *value)
{
	struct grant *grant = value;

	forget(grant);
	flight_release(&grant->flight);
	free(grant);
}

void authorization_release(struct authorization *authorization)
{
	secret_freep(&authorization->header);
}

/* With the mutex held. */
static struct grant *find_or_add(struct registry_client *client, const struct access *access,
				 const char *mount_from)
{
	CLEANUP(free_string) char *key = xasprintf("%p %s %s", (void *)access->endpoint,
						   access->repository->path, mount_from ? mount_from : "");
	struct grant *grant = map_get(&client->grants, key);

	if (!grant) {
		grant = xcalloc(1, sizeof(*grant));
		map_set(&client->grants, key, grant);
	}
	return grant;
}

static bool is_usable(const struct grant *grant, bool is_long)
{
	uint64_t now = clock_milliseconds();

	if (!grant->is_ready)
		return false;
	if (grant->expires_ms)
		return now + EXPIRY_MARGIN_MS < grant->expires_ms;
	return !(is_long && grant->is_token && now - grant->obtained_ms > FRESH_MS);
}

static void copy_grant(const struct grant *grant, struct authorization *authorization)
{
	authorization->header = grant->header ? xstrdup(grant->header) : NULL;
	authorization->generation = grant->generation;
}

static const char *wanted_actions(const struct access *access)
{
	bool may_push = access->repository->side == REGISTRY_TARGET &&
			!access->session->client->options.pull_scope_only;

	/* On Quay asking for push makes the repository: never for a dry run. */
	return may_push ? "pull,push" : "pull";
}

/* The part of a challenge's scope that is about our repository, if it wants more than we ask for.
 * A registry has no business to name another repository. */
static void add_demanded_scope(struct strvec *scopes, const struct access *access, const char *demanded)
{
	CLEANUP(free_string) char *prefix = xasprintf("repository:%s:", access->repository->path);
	const char *part = demanded ? strstr(demanded, prefix) : NULL;

	if (!part || (part != demanded && part[-1] != ' ') || strcmp(wanted_actions(access), "pull") == 0)
		return;
	size_t length = strcspn(part, " ");
	size_t actions = length - strlen(prefix);
	if (strspn(part + strlen(prefix), "abcdefghijklmnopqrstuvwxyz,*") == actions && length < 512)
		strvec_push_take(scopes, xstrndup(part, length));
}

/* The target first: some token servers look at the first scope only. */
static void list_scopes(struct strvec *scopes, const struct access *access, const char *mount_from,
			const char *demanded)
{
	CLEANUP(free_string) char *own =
		xasprintf("repository:%s:%s", access->repository->path, wanted_actions(access));

	add_demanded_scope(scopes, access, demanded);
	if (!strvec_contains(scopes, own))
		strvec_push(scopes, own);
	if (mount_from)
		strvec_pushf(scopes, "repository:%s:pull", mount_from);
}

static void log_credential(const struct access *access, const struct credential *credential)
{
	if (credential_is_empty(credential))
		log_info("%s/%s: no credentials, asking without", access->repository->host,
			 access->repository->path);
	else
		log_info("%s/%s: credentials from %s", access->repository->host, access->repository->path,
			 credential->origin);
}

/* Asks the token server, with the refresh token that it sent last, and keeps a new one. */
static int fetch_token(const struct access *access, const struct challenge *challenge,
		       const struct credential *credential, const struct strvec *scopes, struct grant *grant,
		       struct error *err)
{
	struct registry_client *client = access->session->client;
	CLEANUP(token_release) struct token token = TOKEN_INIT;
	CLEANUP(secret_freep) char *refresh_token = NULL;
	uint64_t start = clock_milliseconds();

	if (credential->identity_token) {
		pthread_mutex_lock(&client->mutex);
		const char *newer = map_get(&client->refresh_tokens, credential->origin);
		refresh_token = newer ? xstrdup(newer) : NULL;
		pthread_mutex_unlock(&client->mutex);
	}
	struct token_request request = {
		.endpoint = access->endpoint,
		.challenge = challenge,
		.credential = credential,
		.refresh_token = refresh_token,
		.scopes = scopes,
	};
	if (token_fetch(access->session, &request, &token, err) < 0)
		return -1;
	if (credential->identity_token && token.refresh_token) {
		pthread_mutex_lock(&client->mutex);
		map_set(&client->refresh_tokens, credential->origin, steal(&token.refresh_token));
		pthread_mutex_unlock(&client->mutex);
	}
	grant->header = xasprintf("Bearer %s", token.value);
	grant->is_token = true;
	grant->obtained_ms = start;
	grant->expires_ms = token.has_lifetime ? start + token.lifetime_ms : 0;
	return 0;
}

static int fetch_grant(const struct access *access, const char *mount_from, const struct challenge *challenge,
		       struct grant *grant, struct error *err)
{
	CLEANUP(credential_release) struct credential credential = CREDENTIAL_INIT;
	CLEANUP(strvec_release) struct strvec scopes = STRVEC_INIT;
	const struct repository *repository = access->repository;
	struct credentials *credentials = access->session->client->credentials[repository->side];

	if (credentials_find(credentials, repository->host, repository->path, &credential, err) < 0)
		return -1;
	log_credential(access, &credential);
	if (challenge->scheme == CHALLENGE_BASIC) {
		grant->header = credential.user ? token_basic_header(&credential) : NULL;
		return 0;
	}
	if (credential.registry_token) {
		if (!token_is_usable(credential.registry_token))
			return error_set(err, ERROR_INVALID, "%s: the registrytoken cannot be used",
					 credential.origin);
		grant->header = xasprintf("Bearer %s", credential.registry_token);
		return 0;
	}
	list_scopes(&scopes, access, mount_from, challenge->scope);
	if (fetch_token(access, challenge, &credential, &scopes, grant, err) == 0)
		return 0;
	return error_is(err, ERROR_UNAUTHORIZED) ? authorization_explain(access, err) : -1;
}

/* The grant as it is, or a new one; one thread asks, the others wait. */
static int use_grant(const struct access *access, const char *mount_from, bool is_long,
		     const struct challenge *challenge, struct authorization *authorization,
		     struct error *err)
{
	struct registry_client *client = access->session->client;

	pthread_mutex_lock(&client->mutex);
	struct grant *grant = find_or_add(client, access, mount_from);
	flight_wait(client, &grant->flight);
	bool is_ready = is_usable(grant, is_long);
	bool has_failed = !is_ready && flight_failure(&grant->flight, err);
	if (is_ready)
		copy_grant(grant, authorization);
	else if (!has_failed)
		flight_start(&grant->flight);
	pthread_mutex_unlock(&client->mutex);
	if (is_ready || has_failed)
		return has_failed ? -1 : 0;

	struct grant fresh = {0};
	int result = fetch_grant(access, mount_from, challenge, &fresh, err);

	pthread_mutex_lock(&client->mutex);
	if (result == 0) {
		forget(grant);
		grant->is_ready = true;
		grant->header = fresh.header;
		grant->is_token = fresh.is_token;
		grant->obtained_ms = fresh.obtained_ms;
		grant->expires_ms = fresh.expires_ms;
		grant->generation++;
		copy_grant(grant, authorization);
	}
	unsigned delay_ms = client->options.retry.delay_ms;
	flight_land(client, &grant->flight, err,
		    delay_ms && delay_ms / 2 < TOKEN_FAILURE_HOLD_MS ? delay_ms / 2 : TOKEN_FAILURE_HOLD_MS);
	pthread_mutex_unlock(&client->mutex);
	return result;
}

int authorization_get(const struct access *access, const char *mount_from, bool is_long,
		      struct authorization *authorization, struct error *err)
{
	const struct challenge *challenge = endpoint_challenge(access->session->client, access->endpoint);

	if (challenge->scheme == CHALLENGE_NONE)
		return 0;
	return use_grant(access, mount_from, is_long, challenge, authorization, err);
}

/* Drops the grant that was refused, unless another thread has renewed it already. False: asking again
 * would only give the same. */
static bool drop_refused(const struct access *access, const char *mount_from,
			 const struct authorization *used)
{
	struct registry_client *client = access->session->client;
	bool is_worth_asking = true;

	pthread_mutex_lock(&client->mutex);
	struct grant *grant = find_or_add(client, access, mount_from);
	if (grant->is_ready && grant->generation == used->generation) {
		is_worth_asking = grant->is_token;
		if (is_worth_asking)
			forget(grant);
	}
	pthread_mutex_unlock(&client->mutex);
	return is_worth_asking;
}

int authorization_renew(const struct access *access, const char *mount_from, const struct strvec *challenges,
			const struct authorization *used, struct authorization *authorization, bool *has_new,
			struct error *err)
{
	CLEANUP(challenge_release) struct challenge own = CHALLENGE_INIT;
	struct registry_client *client = access->session->client;

	*has_new = false;
	challenge_parse(&own, challenges);
	/* Some registries put no challenge, or no usable one, into every 401. */
	const struct challenge *challenge =
		own.scheme != CHALLENGE_NONE ? &own : endpoint_challenge(client, access->endpoint);
	if (challenge->scheme == CHALLENGE_NONE) {
		if (own.offered && *own.offered)
			log_warning_once("%s: asks for %s, which is not supported", access->repository->host,
					 own.offered);
		return 0;
	}
	if (!drop_refused(access, mount_from, used))
		return 0;
	int result = use_grant(access, mount_from, false, challenge, authorization, err);
	*has_new = result == 0 && authorization->header;
	if (challenge == &own)
		endpoint_learn_challenge(client, access->endpoint, &own);
	return result;
}

int authorization_explain(const struct access *access, struct error *err)
{
	CLEANUP(credential_release) struct credential credential = CREDENTIAL_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const struct repository *repository = access->repository;
	struct credentials *credentials = access->session->client->credentials[repository->side];

	if (credentials_find(credentials, repository->host, repository->path, &credential, &ignored) < 0)
		return error_advise(err, "%s", ignored.message);
	if (!credential_is_empty(&credential))
		return error_advise(err, "credentials used: %s; do they allow it? (others: --authfile FILE)",
				    credential.origin);
	CLEANUP(free_string) char *files = credentials_describe_files(credentials);
	return error_advise(err, "no credentials for %s in %s; try --authfile FILE", repository->host, files);
}
