/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an image goes in a mirror: the naming rule of `oc adm catalog mirror` and `oc adm release
 * mirror` (openshift/oc, pkg/cli/admin/catalog, mount()).
 *
 * The path components of the target come first, then those of the image. Beyond max_components the
 * rest is joined with '-': quay.io/a/b/c to reg.example.com/ns with 3 is reg.example.com/ns/a/b-c.
 * An image without a tag gets the hash of its text as a tag (reference_hash_tag); its digest stays,
 * so that the result can have both.
 */
#pragma once

#include "base/error.h"
#include "oci/reference.h"

#define CLUSTER_DEFAULT_MAX_COMPONENTS 2

/*
 * *result is empty on entry. `target` is a registry with or without a path. max_components is 0 (no
 * limit) or at least 2.
 *
 * ERROR_INVALID for an image without a name, for max_components 1, and when the path is longer than
 * the 255 characters that registries accept. Unlike oc, an image with a single component keeps its
 * name when max_components is 0.
 */
int cluster_target_name(const struct reference *image, const struct reference *target,
			unsigned max_components, struct reference *result, struct error *err) MUST_CHECK;
