/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <stdlib.h>
#include <string.h>

#include "registry/authorization.h"
#include "registry/client.h"
#include "registry/endpoint.h"
#include "registry/secret.h"

static void free_secret_value(void *value)
{
	secret_free(value);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

int registry_client_new(struct registry_client **result, const struct registry_options *options,
			struct error *err)
{
	CLEANUP(registry_client_freep) struct registry_client *client = xcalloc(1, sizeof(*client));
	const char *source_file = options->sides[REGISTRY_SOURCE].auth_file;
	const char *target_file = options->sides[REGISTRY_TARGET].auth_file;

	client->http = options->http;
	client->options = *options;
	pthread_mutex_init(&client->mutex, NULL);
	pthread_cond_init(&client->landed, NULL);
	for (size_t i = 0; i < REFERRER_LOCKS; i++)
		pthread_mutex_init(&client->referrer_locks[i], NULL);
	client->endpoints = (struct map)MAP_INIT_FREEING(endpoint_free);
	client->grants = (struct map)MAP_INIT_FREEING(grant_free);
	client->refresh_tokens = (struct map)MAP_INIT_FREEING(free_secret_value);
	client->mount_refusals = (struct map)MAP_INIT_FREEING(free);
	client->credentials[REGISTRY_SOURCE] = credentials_new(source_file);
	/* Shared, so that helper programs ask a person no more than once. */
	client->credentials[REGISTRY_TARGET] = same_text(source_file, target_file)
						       ? client->credentials[REGISTRY_SOURCE]
						       : credentials_new(target_file);
	if (registries_conf_load(&client->registries_conf, options->registries_conf, err) < 0)
		return -1;
	*result = steal(&client);
	return 0;
}

void registry_client_free(struct registry_client *client)
{
	if (!client)
		return;
	map_release(&client->endpoints);
	map_release(&client->grants);
	map_release(&client->refresh_tokens);
	map_release(&client->mount_refusals);
	if (client->credentials[REGISTRY_TARGET] != client->credentials[REGISTRY_SOURCE])
		credentials_free(client->credentials[REGISTRY_TARGET]);
	credentials_free(client->credentials[REGISTRY_SOURCE]);
	registries_conf_release(&client->registries_conf);
	for (size_t i = 0; i < REFERRER_LOCKS; i++)
		pthread_mutex_destroy(&client->referrer_locks[i]);
	pthread_cond_destroy(&client->landed);
	pthread_mutex_destroy(&client->mutex);
	free(client);
}

void registry_client_freep(struct registry_client **client)
{
	registry_client_free(*client);
	*client = NULL;
}

const struct registries_conf *registry_client_registries_conf(const struct registry_client *client)
{
	return &client->registries_conf;
}

struct registry_session *registry_session_new(struct registry_client *client)
{
	struct registry_session *session = xcalloc(1, sizeof(*session));

	session->client = client;
	session->http = http_session_new(client->http);
	return session;
}

void registry_session_free(struct registry_session *session)
{
	if (!session)
		return;
	http_session_free(session->http);
	free(session);
}

void registry_session_freep(struct registry_session **session)
{
	registry_session_free(*session);
	*session = NULL;
}
