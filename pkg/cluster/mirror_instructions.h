/* SPDX-License-Identifier: Apache-2.0 */
/* What `oc adm release mirror` prints at its end: install-config.yaml's section, and a policy "example". */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"
#include "cluster/policy.h"

/* The entries of a policy, in their order, byte for byte as oc writes them. */
void mirror_instructions_text(enum policy_kind kind, const struct policy *policy, struct strbuf *out);

/* oc's policy for that: every source repository of the mapping, each with all repositories that the mapping's
 * images go to as mirrors: `first` (the target's repository) before the others. Into an empty policy. */
void mirror_instructions_policy(const struct mapping *mapping, const struct reference *first,
				struct policy *policy);
