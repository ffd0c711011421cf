/* SPDX-License-Identifier: Apache-2.0 */
/* airlift inspect: what a location holds, for people or as JSON. */
#pragma once

#include "base/strbuf.h"
#include "oci/location.h"
#include "operation/run.h"

/* Any location; a text without a scheme that is an existing file is an archive. */
int inspect_parse(struct location *location, const char *text, struct error *err) MUST_CHECK;
int inspect_location(const struct location *location, const struct run_options *options, bool is_json,
		     struct strbuf *out, struct error *err) MUST_CHECK;
