/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob_store.h"

#include <inttypes.h>
#include <stdlib.h>

static int damaged(struct blob_reader *reader, uint64_t first, uint64_t end, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	reader->is_damaged = true;
	digest_format(&reader->digest, digest);
	if (end - first == reader->size)
		return error_set(err, ERROR_DIGEST, "%s: blob %s is damaged: its bytes have another digest",
				 reader->store_name, digest);
	return error_set(err, ERROR_DIGEST,
			 "%s: blob %s is damaged between its bytes %" PRIu64 " and %" PRIu64
			 " (at byte %" PRIu64 " of the file)",
			 reader->store_name, digest, first, end - 1, reader->base + first);
}

/* An empty blob has no last portion whose reading could be refused. */
static int check_empty(struct blob_reader *reader, struct error *err)
{
	if (reader->size || chunk_hasher_is(&reader->hasher, &reader->digest))
		return 0;
	return damaged(reader, 0, 0, err);
}

int blob_store_open_blob(struct blob_store *store, const struct digest *digest, uint64_t size,
			 struct blob_reader **reader, struct error *err)
{
	CLEANUP(blob_reader_freep) struct blob_reader *opened = xcalloc(1, sizeof(*opened));

	opened->store_name = xstrdup(store->name);
	opened->digest = *digest;
	opened->size = size;
	chunk_hasher_init(&opened->hasher, size);
	if (store->operations->locate(store, opened, err) < 0 || check_empty(opened, err) < 0)
		return -1;
	*reader = steal(&opened);
	return 0;
}

void blob_reader_free(struct blob_reader *reader)
{
	if (!reader)
		return;
	chunk_hasher_release(&reader->hasher);
	if (reader->owns_bytes)
		volume_set_free(reader->bytes);
	free(reader->store_name);
	free(reader);
}

void blob_reader_freep(struct blob_reader **reader)
{
	blob_reader_free(*reader);
}

/* What has been read at `offset` goes through the hash as far as it is new to it. Reading from 0 begins
 * anew; after a jump forward the hash stays where it is and checks nothing. */
static int check_portion(struct blob_reader *reader, uint64_t offset, const uint8_t *data, size_t length,
			 struct error *err)
{
	struct chunk_hasher *hasher = &reader->hasher;

	if (offset == 0) {
		chunk_hasher_reset(hasher);
		reader->is_damaged = false;
	}
	/* The hash is used up: nothing may pass by being asked for a second time. */
	if (reader->is_damaged)
		return damaged(reader, 0, reader->size, err);
	if (offset > hasher->length || offset + length <= hasher->length)
		return 0;
	size_t known = (size_t)(hasher->length - offset);
	if (!chunk_hasher_update(hasher, data + known, length - known))
		return damaged(reader, hasher->length - CHUNK_SIZE, hasher->length, err);
	if (hasher->length < reader->size)
		return 0;
	uint64_t first = hasher->expected && reader->size ? (reader->size - 1) / CHUNK_SIZE * CHUNK_SIZE : 0;
	if (chunk_hasher_is(hasher, &reader->digest))
		return 0;
	return damaged(reader, first, reader->size, err);
}

ssize_t blob_reader_read(struct blob_reader *reader, uint64_t offset, void *data, size_t length,
			 struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	if (offset >= reader->size || !length)
		return error_set(err, ERROR_INVALID, "%s: blob %s has no byte %" PRIu64, reader->store_name,
				 digest_format(&reader->digest, digest), offset);
	if (length > reader->size - offset)
		length = (size_t)(reader->size - offset);
	ssize_t got = volume_set_read(reader->bytes, reader->base + offset, data, length, err);
	if (got < 0)
		return -1;
	if (!got)
		return error_set(err, ERROR_DIGEST, "%s: blob %s ends at its byte %" PRIu64 " of %" PRIu64,
				 reader->store_name, digest_format(&reader->digest, digest), offset,
				 reader->size);
	if (check_portion(reader, offset, data, (size_t)got, err) < 0)
		return -1;
	return got;
}
