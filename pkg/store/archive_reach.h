/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: what an image consists of, found by reading its manifests out of a store. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/archive.h"

typedef void archive_reach_visit(const struct digest *digest, uint64_t size, void *context);

/*
 * Calls visit once for each blob that the image needs: its manifest first, children, configs, layers.
 * Layers that registries do not hand out (foreign, non-distributable) are left out. A manifest that cannot
 * be read or parsed is visited, but nothing below it; the walk goes on and the result is -1 with the first
 * such error.
 */
int archive_reach(struct blob_store *store, const struct archive_image *image, archive_reach_visit *visit,
		  void *context, struct error *err) MUST_CHECK;
