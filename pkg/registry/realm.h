/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which token servers may be given credentials. The address of the token server comes from the
 * network: without a policy any registry could ask for the password of any other, or make us send
 * requests into a private network (CVE-2026-33540 and its relatives).
 */
#pragma once

#include "base/error.h"

/* The token server must be on the registry's host (any port), or a name in the same registrable
 * domain; with http only if the registry itself is spoken to over http. ERROR_INVALID names both. */
int realm_check(const char *registry_url, const char *realm_url, struct error *err) MUST_CHECK;
