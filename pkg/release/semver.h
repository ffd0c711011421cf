/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions 2.0.0 as text (semver.org). */
#pragma once

#include <stdbool.h>

/* MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], strict: no leading zeros, no "v". */
bool semver_is_valid(const char *text);
/* Precedence (semver.org section 11); texts that are no versions come last, by their bytes. */
int semver_compare(const char *a, const char *b);
/* For qsort of char *: the same, and what is equal by its bytes. */
int semver_compare_items(const void *a, const void *b);
