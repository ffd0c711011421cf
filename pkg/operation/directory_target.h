/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan into a directory with an OCI image layout. Blobs that are there already are read and checked before
 * an image is said to have them; damaged ones are removed, with a warning, and fetched again.
 *
 * Private to this module.
 */
#pragma once

#include "oci/location.h"
#include "operation/run.h"

int directory_target_write(struct run *run, struct plan *plan, const struct location *target,
			   struct outcome *outcome, struct error *err) MUST_CHECK;
