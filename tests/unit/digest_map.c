/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cancel.h"
#include "digest/digest_map.h"
#include "tests/tap.h"

static struct digest number_digest(uint32_t number)
{
	struct digest digest;

	digest_of(&number, sizeof(number), &digest);
	return digest;
}

TEST(an_empty_map_finds_nothing)
{
	struct digest_map map = DIGEST_MAP_INIT;
	struct digest digest = number_digest(1);

	EXPECT(digest_map_find(&map, &digest) == DIGEST_MAP_NONE);
	digest_map_release(&map);
}

TEST(positions_are_handed_out_in_order_and_stay)
{
	struct digest_map map = DIGEST_MAP_INIT;

	for (uint32_t i = 0; i < 30000; i++) {
		struct digest digest = number_digest(i);
		bool is_new = false;
		EXPECT(digest_map_add(&map, &digest, &is_new) == i && is_new);
		EXPECT(digest_map_add(&map, &digest, &is_new) == i && !is_new);
	}
	EXPECT(map.count == 30000);
	for (uint32_t i = 0; i < 30000; i++) {
		struct digest digest = number_digest(i);
		EXPECT(digest_map_find(&map, &digest) == i && digest_equal(&map.digests[i], &digest));
	}
	struct digest other = number_digest(30000);
	EXPECT(digest_map_find(&map, &other) == DIGEST_MAP_NONE);
	EXPECT(digest_map_add(&map, &other, NULL) == 30000);
	digest_map_release(&map);
	EXPECT(map.count == 0 && !map.digests && !map.slots);
}

TEST(the_digest_of_all_zeros_and_of_all_ones_are_digests)
{
	struct digest_map map = DIGEST_MAP_INIT;
	struct digest zeros = {{0}}, ones;

	memset(&ones, 0xFF, sizeof(ones));
	EXPECT(digest_map_add(&map, &zeros, NULL) == 0 && digest_map_add(&map, &ones, NULL) == 1);
	EXPECT(digest_map_find(&map, &zeros) == 0 && digest_map_find(&map, &ones) == 1);
	digest_map_release(&map);
}

/* Digests that somebody made up: equal but for four bytes, wherever those are. */
TEST(digests_that_start_or_end_alike_are_found_as_fast)
{
	for (size_t place = 0; place <= DIGEST_SIZE - sizeof(uint32_t); place += sizeof(uint32_t)) {
		struct digest_map map = DIGEST_MAP_INIT;
		uint64_t start_ms = clock_milliseconds();

		for (uint32_t i = 0; i < 30000; i++) {
			struct digest digest = {{0}};
			memcpy(digest.bytes + place, &i, sizeof(i));
			digest_map_add(&map, &digest, NULL);
		}
		EXPECT(map.count == 30000);
		/* A walk through all of them each time takes seconds. */
		EXPECT(clock_milliseconds() - start_ms < 1500);
		digest_map_release(&map);
	}
}
