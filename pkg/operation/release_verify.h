/* SPDX-License-Identifier: Apache-2.0 */
/* airlift release verify: is this release signed by somebody who is trusted? */
#pragma once

#include "operation/release_verifier.h"
#include "operation/run.h"

struct release_verify_request {
	struct location location;
	bool is_digest; /* a bare digest: `location` is where its payload would be, for its keys */
	struct digest digest;
	char *version; /* REF was a bare version: the release must have it; or NULL */
	struct trust_options trust;
};

/* REF (also archive:PATH) or a bare DIGEST; `from`, of a digest: the repository of the release, or NULL.
 * The trust options are the caller's to set beforehand. */
int release_verify_request_parse(struct release_verify_request *request, const char *text, const char *from,
				 const char *arch, struct error *err) MUST_CHECK;
void release_verify_request_release(struct release_verify_request *request);

/* Adds who has signed what, for people. */
int release_verify(struct run *run, const struct release_verify_request *request, struct strbuf *out,
		   struct outcome *outcome, struct error *err) MUST_CHECK;
