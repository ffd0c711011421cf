/* SPDX-License-Identifier: Apache-2.0 */
/* The last words of a run: what was done, what is missing, what to do next. */
#pragma once

#include "base/strbuf.h"
#include "operation/outcome.h"

/* Lines, appended. */
void summary_write(const struct outcome *outcome, uint64_t elapsed_ms, struct strbuf *out);
/* Only what is missing: what even -q must say. */
void summary_write_missing(const struct outcome *outcome, struct strbuf *out);
