/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/digest_map.h"

#include <stdlib.h>
#include <string.h>

void digest_map_release(struct digest_map *map)
{
	free(map->digests);
	free(map->slots);
	*map = (struct digest_map)DIGEST_MAP_INIT;
}

/* Digests are uniformly distributed: their first bytes are a hash already. */
static size_t find_slot(const struct digest_map *map, const struct digest *digest)
{
	size_t slot;

	memcpy(&slot, digest->bytes, sizeof(slot));
	slot &= map->n_slots - 1;
	while (map->slots[slot] != DIGEST_MAP_NONE &&
	       !digest_equal(&map->digests[map->slots[slot]], digest))
		slot = (slot + 1) & (map->n_slots - 1);
	return slot;
}

static void resize(struct digest_map *map, size_t n_slots)
{
	free(map->slots);
	map->slots = xreallocarray(NULL, n_slots, sizeof(*map->slots));
	memset(map->slots, 0xFF, n_slots * sizeof(*map->slots));
	map->n_slots = n_slots;
	for (size_t i = 0; i < map->count; i++)
		map->slots[find_slot(map, &map->digests[i])] = (uint32_t)i;
}

uint32_t digest_map_find(const struct digest_map *map, const struct digest *digest)
{
	return map->n_slots ? map->slots[find_slot(map, digest)] : DIGEST_MAP_NONE;
}

uint32_t digest_map_add(struct digest_map *map, const struct digest *digest, bool *is_new)
{
	uint32_t position = digest_map_find(map, digest);

	if (is_new)
		*is_new = position == DIGEST_MAP_NONE;
	if (position != DIGEST_MAP_NONE)
		return position;
	if (2 * (map->count + 1) > map->n_slots)
		resize(map, map->n_slots ? 2 * map->n_slots : 64);
	array_grow(map->digests, map->count, map->allocated);
	map->digests[map->count] = *digest;
	position = (uint32_t)map->count++;
	map->slots[find_slot(map, digest)] = position;
	return position;
}
