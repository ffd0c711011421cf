/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from strings to pointers. Keys are copied; values are borrowed unless the map was
 * made with a function that frees them. Iteration order is undefined: sort before output.
 * The hash is seeded per process, so that names from the network cannot be made to collide.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
	char *key; /* NULL: a free slot */
	void *value;
};

struct map {
	struct map_entry *slots;
	size_t count;
	size_t n_slots; /* 0 or a power of two */
	void (*free_value)(void *value);
};

#define MAP_INIT {0}
#define MAP_INIT_FREEING(function) {.free_value = (function)}

void map_release(struct map *map);
/* The value, or NULL. */
void *map_get(const struct map *map, const char *key);
bool map_contains(const struct map *map, const char *key);
/* Adds or replaces (and then frees the old value, if the map owns values). */
void map_set(struct map *map, const char *key, void *value);
/* Drops the key, and its value if the map owns values. */
void map_remove(struct map *map, const char *key);

/* for (const struct map_entry *entry = map_next(map, NULL); entry; entry = map_next(map, entry)) */
const struct map_entry *map_next(const struct map *map, const struct map_entry *entry);
