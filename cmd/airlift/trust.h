/* SPDX-License-Identifier: Apache-2.0 */
/* The flags about release signatures: the same for release verify, release mirror and push. */
#pragma once

#include "operation/release_verifier.h"
#include "options.h"

/* Where signatures are looked for, and whose count. */
void trust_options_add_stores(struct option_table *table, struct trust_options *trust);
void trust_options_add_keys(struct option_table *table, struct trust_options *trust);
void trust_options_add_allow_unsigned(struct option_table *table, struct trust_options *trust);
