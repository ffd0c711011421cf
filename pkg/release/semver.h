/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions 2.0.0 as text (semver.org). */
#pragma once

#include <stdbool.h>

/* MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], strict: no leading zeros, no "v". */
bool semver_is_valid(const char *text);
/* Precedence (semver.org section 11); texts that are no versions come last, by their bytes. For qsort of
 * char *: semver_compare_items. */
int semver_compare(const char *a, const char *b);
int semver_compare_items(const void *a, const void *b);
