/* SPDX-License-Identifier: Apache-2.0 */
/* Scheme, host and port of a URL (RFC 6454), and who counts as the same party.
 * Private to this module. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct origin {
	char *text;   /* "https://quay.io:443": what http_origin gives */
	char *host;   /* "quay.io", "[::1]" */
	char *port;   /* borrowed from text */
	bool is_http; /* not https */
};

#define ORIGIN_INIT {0}
void origin_release(struct origin *origin);

/* ERROR_INVALID for what http_origin refuses. */
int origin_parse(struct origin *origin, const char *url, struct error *err) MUST_CHECK;

bool origin_equal(const struct origin *a, const struct origin *b);
bool origin_same_host(const struct origin *a, const struct origin *b);

/* An IP address in any spelling, or a name for this machine. */
bool origin_is_address(const struct origin *origin);

/* Both are names below one registrable domain (publicsuffix.org): auth.docker.io and
 * registry-1.docker.io are, two customers of a hosting domain are not. */
bool origin_same_domain(const struct origin *a, const struct origin *b);
