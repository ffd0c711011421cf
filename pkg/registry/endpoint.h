/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry as one side of the run sees it: how it is reached, what it asks for, what was learnt
 * about it. Made by the first request and pinged once (GET /v2/, distribution-spec "Determining
 * Support"); lives as long as the client.
 *
 * Private to this module.
 */
#pragma once

#include <stdatomic.h>

#include "http/http.h"
#include "registry/challenge.h"
#include "registry/flight.h"
#include "registry/registry.h"

struct endpoint {
	struct flight flight;
	bool is_ready;
	unsigned n_failed_pings; /* since it was last reached; belongs to who is in the flight */

	/* Constant once it is ready. */
	enum registry_side side;
	char *host; /* as the user knows it */
	bool is_insecure;
	bool is_local;  /* on this machine or its link: so may be what it leads to */
	char *base_url; /* "https://registry-1.docker.io", without a slash at the end */
	struct http_tls tls;
	struct challenge challenge; /* of the ping */
	bool prefers_patch;         /* Azure's registry refuses PUTs above some 20 MB; Artifactory once did */

	/* Set once, under the client's mutex: from a 401 when the ping was answered with 200. */
	bool has_learnt_challenge;
	struct challenge learnt_challenge;

	atomic_uint upload_way; /* enum upload_way that 413 has led to */
};

/* Finds or pings it. https first; http if that cannot connect and the registry is insecure.
 * 2xx, 401 and 403 make it a registry; otherwise ERROR_INVALID 'endpoint "URL" does not support v2
 * API (got STATUS)'. A ping that failed for a passing reason is repeated as requests are; after that all
 * workers believe it for endpoint_hold_ms, and then one of them tries once. */
int endpoint_find(struct registry_session *session, const struct repository *repository,
		  struct endpoint **endpoint, struct error *err) MUST_CHECK;
/* 30 s, twice as long after each further failure, at most 5 minutes. */
uint64_t endpoint_hold_ms(unsigned n_failed_pings);
/* For maps. */
void endpoint_free(void *endpoint);

/* What the registry asks for, as far as we know: never NULL. */
const struct challenge *endpoint_challenge(struct registry_client *client, struct endpoint *endpoint);
/* Takes a usable challenge for later requests, if the ping gave none. */
void endpoint_learn_challenge(struct registry_client *client, struct endpoint *endpoint,
			      struct challenge *challenge);
