/* SPDX-License-Identifier: Apache-2.0 */
/* airlift copy: one image, with what is attached to it, from anywhere to anywhere, digests kept. */
#pragma once

#include "oci/location.h"
#include "operation/run.h"

struct copy_request {
	struct location source;
	struct location target;          /* a registry target without tag gets "latest", as skopeo does it */
	const struct platform *platform; /* NULL: all of an index */
};

/* Parses both; the errors say which. */
int copy_request_parse(struct copy_request *request, const char *source, const char *target,
		       struct error *err) MUST_CHECK;
void copy_request_release(struct copy_request *request);

/* *digest: what was copied. */
int copy_image(struct run *run, const struct copy_request *request, struct digest *digest,
	       struct outcome *outcome, struct error *err) MUST_CHECK;

/* Adds the one image that a location names to a plan (of the location's source). */
int copy_add_source(struct plan *plan, const struct location *location, struct plan_image **image,
		    struct error *err) MUST_CHECK;
