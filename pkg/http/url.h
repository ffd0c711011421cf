/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http and https URLs taken apart (RFC 3986 3), by one strict grammar.
 *
 * What libcurl's parser would mend or guess (missing slashes, backslashes, user information, percent
 * signs in a host name) is refused here, so that both always see the same host.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* RFC 9110 4.1 wants 8000 octets from everybody; signed URLs of object stores are longer. */
#define URL_LENGTH_MAX 16384

struct url {
	bool is_https;
	char *host;       /* lower case; an IPv6 address in brackets */
	uint16_t port;    /* also when the URL leaves it out */
	const char *rest; /* path and query, inside the text that was parsed; may be empty */
};

/* ERROR_INVALID names the URL (redacted) and what is wrong with it. `url` borrows `text`. */
int url_parse(struct url *url, const char *text, struct error *err) MUST_CHECK;
void url_release(struct url *url);
