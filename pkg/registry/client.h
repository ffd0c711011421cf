/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the module: what the public opaque types hold. Private to this module. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "registry/credentials.h"
#include "registry/registry.h"

#define REGISTRY_SIDES 2
#define REFERRER_LOCKS 16

struct registry_client {
	struct http_client *http;
	struct registry_options options;
	struct credentials *credentials[REGISTRY_SIDES]; /* the same twice if the files are the same */
	struct registries_conf registries_conf;

	pthread_mutex_t mutex;     /* guards all that follows and every struct flight */
	pthread_cond_t landed;     /* a flight has ended */
	struct map endpoints;      /* struct endpoint; see endpoint_find */
	struct map grants;         /* struct grant; see authorization.c */
	struct map refresh_tokens; /* char *, by credential: replacements that token servers sent */
	struct map mount_refusals; /* unsigned weight, by endpoint and source repository; see upload.c */

	/* Who reads and writes the list of a subject's referrers holds one, chosen by its digest. */
	pthread_mutex_t referrer_locks[REFERRER_LOCKS];
};

struct registry_session {
	struct registry_client *client;
	struct http_session *http;
};
