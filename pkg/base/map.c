/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"

static uint64_t seed;

static void choose_seed(void)
{
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uintptr_t)&seed;
}

/* FNV-1a over the bytes from a random start, then mixed so that the low bits depend on all. */
static size_t hash_text(const char *text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, choose_seed);
	uint64_t hash = seed ^ 14695981039346656037u;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	hash ^= hash >> 32;
	return (size_t)(hash * 0x9E3779B97F4A7C15u >> 20);
}

static size_t find_slot(const struct map *map, const char *key)
{
	size_t slot = hash_text(key) & (map->n_slots - 1);

	while (map->slots[slot].key && strcmp(map->slots[slot].key, key) != 0)
		slot = (slot + 1) & (map->n_slots - 1);
	return slot;
}

static void resize(struct map *map, size_t n_slots)
{
	struct map old = *map;

	map->slots = xcalloc(n_slots, sizeof(*map->slots));
	map->n_slots = n_slots;
	for (size_t i = 0; i < old.n_slots; i++)
		if (old.slots[i].key)
			map->slots[find_slot(map, old.slots[i].key)] = old.slots[i];
	free(old.slots);
}

void map_release(struct map *map)
{
	for (size_t i = 0; i < map->n_slots; i++) {
		if (!map->slots[i].key)
			continue;
		free(map->slots[i].key);
		if (map->free_value)
			map->free_value(map->slots[i].value);
	}
	free(map->slots);
	map->slots = NULL;
	map->count = map->n_slots = 0;
}

bool map_contains(const struct map *map, const char *key)
{
	return map->n_slots && map->slots[find_slot(map, key)].key;
}

void *map_get(const struct map *map, const char *key)
{
	if (!map->n_slots)
		return NULL;
	return map->slots[find_slot(map, key)].value;
}

void map_set(struct map *map, const char *key, void *value)
{
	if (4 * (map->count + 1) > 3 * map->n_slots)
		resize(map, map->n_slots ? 2 * map->n_slots : 16);
	struct map_entry *entry = &map->slots[find_slot(map, key)];
	if (!entry->key) {
		entry->key = xstrdup(key);
		map->count++;
	} else if (map->free_value && entry->value != value) {
		map->free_value(entry->value);
	}
	entry->value = value;
}

void map_remove(struct map *map, const char *key)
{
	if (!map_contains(map, key))
		return;
	size_t slot = find_slot(map, key);
	free(map->slots[slot].key);
	if (map->free_value)
		map->free_value(map->slots[slot].value);
	map->slots[slot] = (struct map_entry){0};
	map->count--;
	/* Entries behind the hole may have been pushed along by the one that left: put them anew. */
	for (slot = (slot + 1) & (map->n_slots - 1); map->slots[slot].key;
	     slot = (slot + 1) & (map->n_slots - 1)) {
		struct map_entry moved = steal(&map->slots[slot]);
		map->slots[find_slot(map, moved.key)] = moved;
	}
}

const struct map_entry *map_next(const struct map *map, const struct map_entry *entry)
{
	size_t slot = entry ? (size_t)(entry - map->slots) + 1 : 0;

	for (; slot < map->n_slots; slot++)
		if (map->slots[slot].key)
			return &map->slots[slot];
	return NULL;
}
