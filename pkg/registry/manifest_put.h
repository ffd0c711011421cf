/* SPDX-License-Identifier: Apache-2.0 */
/* PUT of one manifest (distribution-spec "Pushing Manifests"). Private to this module. */
#pragma once

#include <stddef.h>

#include "registry/request.h"

/* Everything is borrowed. */
struct manifest_to_put {
	const char *tag; /* NULL: under its digest */
	const char *media_type;
	const struct digest *digest;
	const void *bytes;
	size_t length;
};

/* `response` is the last answer: a success, or a refusal to write what is there already (a tag that may
 * not be moved and is where it should be). The registry's own idea of the digest is checked. */
int manifest_put(const struct access *access, const struct manifest_to_put *manifest,
		 struct http_response *response, struct error *err) MUST_CHECK;

/* Whether the answer states a digest of the kind that we read. */
bool response_stated_digest(const struct http_response *response, struct digest *digest);
