/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `oc image mirror`, `oc adm catalog mirror` and `oc adm release mirror` write to file://: a tree "v2/"
 * with a directory for each repository. It is no archive of ours; people who change over have some.
 *
 * Private to this module.
 */
#pragma once

#include "oci/location.h"

/* ERROR_INVALID if an archive's path names such a tree (a directory with "v2" in it) or an image in the one
 * of the current directory. */
int oc_store_refuse(const struct location *location, struct error *err) MUST_CHECK;
