/* SPDX-License-Identifier: Apache-2.0 */
/* What one key of `auths` says (docker's config.json, types.AuthConfig). Private to this module. */
#pragma once

#include "document/document.h"
#include "registry/credentials.h"

/* Fills an empty credential from {"auth": base64("user:password")}, {"identitytoken"}, {"registrytoken"}
 * or {"username", "password"}, which are kept beside an identity token as well; the strings are wiped in
 * the document. NULL, or why the entry cannot be used. Neither credential nor reason: an empty object,
 * docker's mark for "in the credential store". */
const char *auth_entry_read(struct credential *credential, const struct node *node);
