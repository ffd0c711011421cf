/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as image configs have them (OCI image-spec config.md: RFC 3339 section 5.6), and how long
 * ago that was. Private to this module. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "2022-08-10T00:00:00.123Z", "...+02:00": seconds since 1970, the fraction dropped. False: it is none. */
bool timestamp_parse(const char *text, int64_t *seconds);

/* "2022-08-10T00:00:00Z". Returns `out`. */
#define TIMESTAMP_SIZE 80
const char *timestamp_format(int64_t seconds, char out[TIMESTAMP_SIZE]);

/* "10s", "2m", "5h", "3d", "4y": as kubectl shows ages (ShortHumanDuration of k8s.io/apimachinery). */
#define TIMESTAMP_AGE_SIZE 32
const char *timestamp_format_age(int64_t seconds, char out[TIMESTAMP_AGE_SIZE]);
