/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a catalog run has finished before: so that a scheduled run with nothing new costs one HEAD a catalog
 * at the source and one at the target. A note beside the job names the digests of the indexes that were
 * mirrored completely, and the flags that decide what that means. The source must still answer with them,
 * and so must the target: a registry, or an archive that is there and complete.
 *
 * Private to this module.
 */
#pragma once

#include "operation/catalog_mirror.h"
#include "operation/index_image.h"

/* One index a source of the request. Fills in top, chosen and images of each when all is finished. */
int finished_check(struct run *run, const struct catalog_request *request, struct source *source,
		   struct index_image *const *indexes, bool *is_finished, struct error *err) MUST_CHECK;
int finished_write(struct run *run, const struct catalog_request *request, struct index_image *const *indexes,
		   struct error *err) MUST_CHECK;
