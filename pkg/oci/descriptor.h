/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of manifests, out of JSON (OCI image-spec descriptor.md, image-index.md).
 * Private to this module. */
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "oci/manifest.h"

/* Into an empty descriptor. ERROR_INVALID names the member that is wrong. */
int descriptor_from_json(struct descriptor *descriptor, const json_t *json, struct error *err) MUST_CHECK;

/* os, architecture and variant of an object, into an empty platform: "" where absent. */
int platform_from_json(struct platform *platform, const json_t *object, struct error *err) MUST_CHECK;
