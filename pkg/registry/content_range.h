/* SPDX-License-Identifier: Apache-2.0 */
/* Content-Range of an answer (RFC 9110 section 14.4). Private to this module. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct content_range {
	uint64_t first, last; /* inclusive */
	bool has_total;       /* "*" otherwise */
	uint64_t total;
};

/* "bytes FIRST-LAST/TOTAL" or "bytes FIRST-LAST/" and a star; false for anything else. */
bool content_range_parse(struct content_range *range, const char *text);
