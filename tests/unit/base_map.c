/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "tests/tap.h"

static int freed;

static void count_free(void *value)
{
	freed++;
	free(value);
}

TEST(an_empty_map_has_nothing)
{
	struct map map = MAP_INIT;

	EXPECT(!map_get(&map, "a") && !map_contains(&map, "a") && !map_next(&map, NULL));
	map_remove(&map, "a");
	map_release(&map);
}

TEST(values_are_found_by_an_equal_key)
{
	struct map map = MAP_INIT;
	char key[] = "key";
	int value;

	map_set(&map, key, &value);
	key[0] = 'K';
	EXPECT(map_get(&map, "key") == &value && !map_get(&map, "Key") && !map_get(&map, ""));
	map_set(&map, "", NULL);
	EXPECT(map_contains(&map, "") && !map_get(&map, ""));
	EXPECT(map.count == 2);
	map_release(&map);
	EXPECT(map.count == 0 && !map_contains(&map, "key"));
}

TEST(an_owning_map_frees_what_is_replaced_removed_and_left)
{
	struct map map = MAP_INIT_FREEING(count_free);

	freed = 0;
	map_set(&map, "a", xstrdup("1"));
	map_set(&map, "a", xstrdup("2"));
	EXPECT(freed == 1 && map.count == 1);
	map_set(&map, "a", map_get(&map, "a"));
	EXPECT(freed == 1);
	EXPECT_STRING(map_get(&map, "a"), "2");
	map_remove(&map, "a");
	EXPECT(freed == 2 && map.count == 0);
	map_set(&map, "b", xstrdup("3"));
	map_release(&map);
	EXPECT(freed == 3);
}

static char *key_of(size_t number)
{
	return xasprintf("quay.io/repository/%zu", number);
}

static void *value_of(size_t number)
{
	return (void *)(number + 1);
}

/* Every key below `count` that is not a multiple of `gone` is there, and no other. */
static void expect_keys(const struct map *map, size_t count, size_t gone)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(free_string) char *key = key_of(i);
		EXPECT(map_get(map, key) == (i % gone ? value_of(i) : NULL));
	}
}

TEST(ten_thousand_entries_come_and_go)
{
	struct map map = MAP_INIT;
	size_t seen = 0, left = 0;

	for (size_t i = 0; i < 10000; i++) {
		CLEANUP(free_string) char *key = key_of(i);
		map_set(&map, key, value_of(i));
	}
	EXPECT(map.count == 10000);
	for (size_t i = 0; i < 10000; i += 3) {
		CLEANUP(free_string) char *key = key_of(i);
		map_remove(&map, key);
		map_remove(&map, key);
		left++;
	}
	EXPECT(map.count == 10000 - left);
	expect_keys(&map, 10000, 3);
	for (const struct map_entry *entry = map_next(&map, NULL); entry; entry = map_next(&map, entry))
		seen++;
	EXPECT(seen == map.count);
	map_release(&map);
}

TEST(a_full_turn_of_small_maps_keeps_chains_together)
{
	for (size_t round = 0; round < 200; round++) {
		struct map map = MAP_INIT;
		for (size_t i = 0; i < 12; i++) {
			CLEANUP(free_string) char *key = key_of(round * 100 + i);
			map_set(&map, key, value_of(i));
		}
		CLEANUP(free_string) char *removed = key_of(round * 100 + round % 12);
		map_remove(&map, removed);
		for (size_t i = 0; i < 12; i++) {
			CLEANUP(free_string) char *key = key_of(round * 100 + i);
			EXPECT(map_contains(&map, key) == (i != round % 12));
		}
		map_release(&map);
	}
}
