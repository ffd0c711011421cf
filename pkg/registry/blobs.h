/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a blob is there: what blobs.c and upload.c share. Private to this module. */
#pragma once

#include "oci/manifest.h"
#include "registry/request.h"

/* One HEAD without repetitions; any doubt is an error. */
int blob_probe(const struct access *access, const struct descriptor *descriptor, bool *is_present,
	       struct error *err) MUST_CHECK;
