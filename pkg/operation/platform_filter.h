/* SPDX-License-Identifier: Apache-2.0 */
/* --filter-by-os and --index-filter-by-os: an unanchored regular expression on os/architecture[/variant].
 * Private to this module. */
#pragma once

#include <regex.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "oci/manifest.h"

/* ERROR_USAGE, naming the flag. The caller calls regfree. */
int platform_filter_compile(regex_t *pattern, const char *flag, const char *filter,
			    struct error *err) MUST_CHECK;
int platform_filter_check(const char *flag, const char *filter, struct error *err) MUST_CHECK;
/* A child without a platform matches nothing. */
bool platform_filter_matches(const regex_t *pattern, const struct descriptor *child);
/* For messages: a line for each child of an index, with its platform and digest. */
void platform_filter_list(const struct manifest *index, struct strbuf *out);
