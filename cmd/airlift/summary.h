/* SPDX-License-Identifier: Apache-2.0 */
/* The last words of a run, on stderr: what was done, what is missing, what to do next. */
#pragma once

#include "operation/outcome.h"

void summary_print(const struct outcome *outcome, uint64_t elapsed_ms);
