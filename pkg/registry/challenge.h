/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate: what a registry asks for (RFC 9110 section 11; distribution token spec).
 * Private to this module. */
#pragma once

#include <stdbool.h>

#include "base/strvec.h"

enum challenge_scheme {
	CHALLENGE_NONE, /* nothing usable; see `offered` */
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

struct challenge {
	enum challenge_scheme scheme;
	char *realm; /* bearer: URL of the token server; NULL when absent */
	char *service;
	char *scope;
	char *error;   /* "insufficient_scope", ... */
	char *offered; /* names of the schemes, escaped, for messages; never NULL after parsing */
};

#define CHALLENGE_INIT {0}
void challenge_release(struct challenge *challenge);

/* The best usable challenge of all header lines: Bearer with a realm, then Basic. Malformed ones
 * (unclosed quotes, repeated parameters, control characters, more than 16 KiB) are ignored. */
void challenge_parse(struct challenge *challenge, const struct strvec *lines);
