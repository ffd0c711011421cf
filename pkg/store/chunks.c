/* SPDX-License-Identifier: Apache-2.0 */
#include "store/chunks.h"

#include <assert.h>

static_assert(CHUNK_SIZE % HASHER_BLOCK_SIZE == 0, "states exist between blocks only");

size_t chunk_count_states(uint64_t size_bytes)
{
	return size_bytes ? (size_t)((size_bytes - 1) / CHUNK_SIZE) : 0;
}

void chunk_hasher_init(struct chunk_hasher *hasher, uint64_t size_bytes)
{
	*hasher = (struct chunk_hasher){.hasher = hasher_new(), .size_bytes = size_bytes};
}

void chunk_hasher_release(struct chunk_hasher *hasher)
{
	hasher_free(steal(&hasher->hasher));
}

void chunk_hasher_reset(struct chunk_hasher *hasher)
{
	hasher_reset(hasher->hasher);
	hasher->length = 0;
}

/* At the end of a chunk that is not the last. */
static bool pass_boundary(struct chunk_hasher *hasher)
{
	size_t number = (size_t)(hasher->length / CHUNK_SIZE) - 1;
	struct digest state = {{0}};

	if (!hasher->record && !hasher->expected)
		return true;
	hasher_state(hasher->hasher, state.bytes);
	if (hasher->record)
		hasher->record[number] = state;
	return !hasher->expected || digest_equal(&state, &hasher->expected[number]);
}

bool chunk_hasher_update(struct chunk_hasher *hasher, const void *data, size_t length)
{
	const uint8_t *rest = data;

	while (length) {
		size_t portion = CHUNK_SIZE - (size_t)(hasher->length % CHUNK_SIZE);
		if (portion > length)
			portion = length;
		hasher_update(hasher->hasher, rest, portion);
		hasher->length += portion;
		rest += portion;
		length -= portion;
		if (hasher->length % CHUNK_SIZE == 0 && hasher->length < hasher->size_bytes &&
		    !pass_boundary(hasher))
			return false;
	}
	return true;
}

bool chunk_hasher_is(struct chunk_hasher *hasher, const struct digest *digest)
{
	struct digest computed;

	if (hasher->length != hasher->size_bytes)
		return false;
	hasher_finish(hasher->hasher, &computed);
	return digest_equal(&computed, digest);
}
