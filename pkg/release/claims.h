/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON inside a release signature (containers/image docs/containers-signature.5.md, "JSON Data Format").
 * Only what a trusted key has signed may be given to this. Private to this module (and its fuzz target). */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "digest/digest.h"

struct release_claims {
	struct digest digest;
	char *docker_reference; /* as written */
};

#define RELEASE_CLAIMS_INIT {0}
void release_claims_release(struct release_claims *claims);

/*
 * One JSON document and nothing behind it but white space; exactly the keys critical {type, image
 * {docker-manifest-digest}, identity {docker-reference}} and optional {creator, timestamp} (which may be
 * missing), each at most once, in this spelling; the type "atomic container signature". ERROR_INVALID in
 * words for a person.
 */
int release_claims_parse(struct release_claims *claims, const void *bytes, size_t length,
			 struct error *err) MUST_CHECK;
