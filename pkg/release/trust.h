/* SPDX-License-Identifier: Apache-2.0 */
/* What signature.c needs of a release_trust. Private to this module. */
#pragma once

#include "release/keyring.h"
#include "release/signature.h"

/* Borrowed. */
struct keyring *release_trust_keyring(const struct release_trust *trust);
