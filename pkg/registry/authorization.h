/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Authorization header of a request: which one, and what a 401 means.
 *
 * A grant (a token, or Basic) is kept for each side, registry, repository and mount source. It is
 * sent with the first request, renewed before it expires, and once more when the registry answers
 * 401; a second 401 is final. Credentials that are refused are an error, never a reason to try
 * without them.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>

#include "registry/endpoint.h"
#include "registry/request.h"

struct authorization {
	char *header;        /* NULL: none is needed, or none is known */
	unsigned generation; /* of the grant that it is from */
};

#define AUTHORIZATION_INIT {0}
void authorization_release(struct authorization *authorization); /* wipes */

/* For a request in access's repository. `mount_from`: a repository that must be readable as well, or
 * NULL. `is_long`: the request carries a large body, for which the token should be fresh. */
int authorization_get(const struct access *access, const char *mount_from, bool is_long,
		      struct authorization *authorization, struct error *err) MUST_CHECK;

/* After a 401: what to try instead of `used`; *has_new false: there is nothing else. */
int authorization_renew(const struct access *access, const char *mount_from, const struct strvec *challenges,
			const struct authorization *used, struct authorization *authorization, bool *has_new,
			struct error *err) MUST_CHECK;

/* Says behind an ERROR_UNAUTHORIZED which credentials were used, or where none were found. -1. */
int authorization_explain(const struct access *access, struct error *err);

/* For maps. */
void grant_free(void *grant);
