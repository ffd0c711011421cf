/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of those who may sign updates, in a manifest of the payload (library-go pkg/verify): `data` of
 * a ConfigMap (core v1) with the annotation release.openshift.io/verification-config-map, whatever its
 * value is. Private to this module (and its fuzz target).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strvec.h"

/* Whether a text has the annotation at all; almost no manifest has, and the others need not be parsed. */
bool update_keys_are_mentioned(const void *bytes, size_t length);

/*
 * The values of verifier-public-key-* of the first such ConfigMap of a manifest (a stream of YAML documents;
 * JSON is one of them), into an empty list; *is_found also when it has none. What comes behind the ConfigMap
 * is not read. ERROR_INVALID "line 7: ...".
 */
int update_keys_parse(const void *bytes, size_t length, struct strvec *keyrings, bool *is_found,
		      struct error *err) MUST_CHECK;
