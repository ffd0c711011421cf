/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of referrers that clients keep where a registry does not: an OCI index under the tag
 * sha256-<hex> of the subject (distribution-spec "Pushing Manifests with Subject" and "Referrers
 * Tag Schema").
 *
 * Private to this module.
 */
#pragma once

#include "registry/manifest_put.h"

/* "sha256-<hex>"; the caller frees it. */
char *referrers_tag(const struct digest *subject);

/*
 * After a manifest was put: if it has a subject and the registry's answer does not say that it keeps
 * the list itself (OCI-Subject), the manifest is added to the list under the tag. Descriptors that are
 * there stay as they are; the list is sorted by digest. One process changes the list of a subject in
 * one thread at a time; against others it is read again once after it was written.
 */
int referrer_record(const struct access *access, const struct manifest_to_put *manifest,
		    const struct http_response *response, struct error *err) MUST_CHECK;
