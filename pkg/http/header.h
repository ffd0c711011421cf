/* SPDX-License-Identifier: Apache-2.0 */
/* The header lines of one response as libcurl hands them over, turned into struct http_response.
 * Private to this module. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "http/http.h"

/* A server's wish to wait longer than this is not followed. */
#define RETRY_AFTER_MAX_MS (300 * 1000u)

struct header_reader {
	struct http_response *response;
	size_t size_bytes; /* of all lines so far, interim responses included */
	bool is_complete;  /* the empty line of a final response was seen */
	bool is_chunked;
};

/* One line with its end of line, which need not be there. A final response is begun anew by its
 * status line; trailers are passed over. */
int header_reader_add(struct header_reader *reader, const char *line, size_t length,
		      struct error *err) MUST_CHECK;
