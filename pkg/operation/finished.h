/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a catalog run has finished before: so that a scheduled run with nothing new costs one HEAD at the
 * source and one at the target. A note in the work directory names the digest of the index that was mirrored
 * completely, and the flags that decide what that means; the two registries must still answer with it.
 */
#pragma once

#include "operation/catalog_mirror.h"
#include "operation/index_image.h"

/* Fills in index->top, ->chosen and ->images when it is. */
int finished_check(struct run *run, const struct catalog_request *request, struct source *source,
		   struct index_image *index, bool *is_finished, struct error *err) MUST_CHECK;
int finished_write(struct run *run, const struct catalog_request *request, const struct index_image *index,
		   struct error *err) MUST_CHECK;
