/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunk sums for nothing: while a large blob is hashed, the intermediate state of SHA-256 after every
 * CHUNK_SIZE bytes is written down (or compared with what was written down). Between two states each
 * chunk can be checked by itself (docs/decisions/0003-chunk-sums-are-hash-states.md).
 *
 * A state has the size and the text form of a digest and is kept in one. State k is the one after
 * k + 1 chunks; the end of the blob has none, since the digest itself stands there.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest/digest.h"

#define CHUNK_SIZE (4u << 20) /* a multiple of HASHER_BLOCK_SIZE */

/* How many states a blob has; none up to one chunk. */
size_t chunk_count_states(uint64_t size_bytes);

struct chunk_hasher {
	struct hasher *hasher;
	uint64_t size_bytes;           /* of the whole blob */
	uint64_t length;               /* hashed so far */
	struct digest *record;         /* borrowed: where states go, or NULL */
	const struct digest *expected; /* borrowed: what states must be, or NULL */
};

void chunk_hasher_init(struct chunk_hasher *hasher, uint64_t size_bytes);
void chunk_hasher_release(struct chunk_hasher *hasher);
/* From the beginning again. */
void chunk_hasher_reset(struct chunk_hasher *hasher);
/* False when a state is not the expected one: the chunk that ends at `length` is damaged. */
bool chunk_hasher_update(struct chunk_hasher *hasher, const void *data, size_t length);
/* Whether all bytes have passed and have this digest. */
bool chunk_hasher_is(struct chunk_hasher *hasher, const struct digest *digest);
