/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/digest_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void digest_map_release(struct digest_map *map)
{
	free(map->digests);
	free(map->slots);
	*map = (struct digest_map)DIGEST_MAP_INIT;
}

/* Digests of real content are a hash already, but those in a manifest from outside need not belong to
 * any content: without a secret, ten thousand that start alike would make every search a long walk.
 * (NH: pairs of words plus random words, multiplied and summed; Black et al., UMAC, 1999; then
 * mixed so that the low bits depend on all.) */
static size_t hash_digest(const struct digest_map *map, const struct digest *digest)
{
	uint64_t words[4];
	unsigned __int128 sum = 0;

	memcpy(words, digest->bytes, sizeof(words));
	for (size_t i = 0; i < ARRAY_LENGTH(words); i += 2)
		sum += (unsigned __int128)(words[i] + map->seed[i]) * (words[i + 1] + map->seed[i + 1]);
	uint64_t hash = (uint64_t)(sum >> 64) ^ (uint64_t)sum;
	hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
	return (size_t)(hash ^ hash >> 29);
}

static size_t find_slot(const struct digest_map *map, const struct digest *digest)
{
	size_t slot = hash_digest(map, digest) & (map->n_slots - 1);

	while (map->slots[slot] != DIGEST_MAP_NONE && !digest_equal(&map->digests[map->slots[slot]], digest))
		slot = (slot + 1) & (map->n_slots - 1);
	return slot;
}

static void resize(struct digest_map *map, size_t n_slots)
{
	if (!map->n_slots && getrandom(map->seed, sizeof(map->seed), GRND_NONBLOCK) != sizeof(map->seed))
		map->seed[0] = (uintptr_t)map->seed;
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
