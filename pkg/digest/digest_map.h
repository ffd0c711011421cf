/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From digests to positions in an array of the caller's, 40 bytes an entry: the way to keep tens of
 * thousands of digests once and refer to them by index.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest/digest.h"

#define DIGEST_MAP_NONE UINT32_MAX

struct digest_map {
	struct digest *digests; /* in the order of insertion: position i belongs to digests[i] */
	size_t count;
	size_t allocated;
	uint32_t *slots;  /* positions, or DIGEST_MAP_NONE */
	size_t n_slots;   /* 0 or a power of two */
	uint64_t seed[4]; /* of this map's hash: digests may come from someone who wants collisions */
};

#define DIGEST_MAP_INIT {0}

void digest_map_release(struct digest_map *map);
/* The position of a digest, or DIGEST_MAP_NONE. */
uint32_t digest_map_find(const struct digest_map *map, const struct digest *digest);
/* The position, after adding it (as the last) if it was not there. *is_new may be NULL. */
uint32_t digest_map_add(struct digest_map *map, const struct digest *digest, bool *is_new);
