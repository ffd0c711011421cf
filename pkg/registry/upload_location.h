/* SPDX-License-Identifier: Apache-2.0 */
/* Where an upload goes on: the Location of an answer (distribution-spec "Pushing a blob").
 * Private to this module. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "digest/digest.h"

struct upload_location {
	char *url;       /* absolute; its query is the server's, byte for byte */
	bool is_foreign; /* of another origin: gets no credentials */
	bool is_distant; /* of another host even */
};

#define UPLOAD_LOCATION_INIT {0}
void upload_location_release(struct upload_location *location);

/*
 * `response_url` is where the answer came from, `registry_url` the registry's. Accepted: the
 * registry's origin; https elsewhere (storage services take uploads), but no address that is not the
 * registry's own host; http elsewhere on the registry's host if that speaks http itself. A Location
 * that differs from the registry's origin only by http for https comes from a proxy that does not
 * pass the scheme on: it is read as https, with a warning.
 */
int upload_location_read(struct upload_location *location, const char *registry_url, const char *response_url,
			 const char *text, struct error *err) MUST_CHECK;

/* The URL of the closing PUT: with digest=, in place of one that is there. The caller frees it. */
char *upload_location_with_digest(const struct upload_location *location, const struct digest *digest);
