/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which token servers may be given credentials. The address of the token server comes from the
 * network: without a policy any registry could ask for the password of any other, or make us send
 * requests into a private network (CVE-2026-33540 and its relatives).
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* The token server must be on the registry's host, or a name in the same registrable domain, or one that
 * is known to belong to the registry; with http only if the registry itself is spoken to over http. On a
 * host that is an address or this machine, with http its port must be the registry's too, unless the user
 * called the registry insecure. ERROR_INVALID names both and says what is wrong. */
int realm_check(const char *registry_url, const char *realm_url, bool is_insecure,
		struct error *err) MUST_CHECK;
