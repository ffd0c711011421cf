/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that keep credentials: `docker-credential-NAME get`, the registry on its input, JSON on its
 * output (docker-credential-helpers, README "Development"). Run without a shell, found in PATH.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "registry/credentials.h"

/* [a-z0-9][a-z0-9._-]*: what may follow "docker-credential-". */
bool credential_helper_is_name(const char *name);

/* Fills an empty credential, or leaves it empty when the program has none. A program that is not installed
 * is warned about and has none. At most 64 KiB of output; it is killed after timeout_ms. Errors: it ended
 * with a failure, was too slow, answered nonsense; ERROR_CANCELLED. Its output is never in a message,
 * what it wrote to stderr is (escaped). */
int credential_helper_get(const char *name, const char *server, uint64_t timeout_ms, struct credential *found,
			  struct error *err) MUST_CHECK;
