/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob_store.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"

static void release_writer(struct blob_writer *writer)
{
	chunk_hasher_release(&writer->hasher);
	free(writer->states);
	free(writer->temporary);
	free(writer);
}

int blob_store_create_blob(struct blob_store *store, const struct digest *digest, uint64_t size,
			   struct blob_writer **writer, struct error *err)
{
	char text[DIGEST_TEXT_SIZE];

	if (!store->operations->create)
		return error_set(err, ERROR_INVALID, "%s: blob %s cannot be added: it is open for reading",
				 store->name, digest_format(digest, text));
	if (size > OCI_MAX_BLOB_SIZE)
		return error_set(err, ERROR_INVALID,
				 "%s: blob %s has %" PRIu64 " bytes, more than the limit of 1 TiB",
				 store->name, digest_format(digest, text), size);
	struct blob_writer *created = xcalloc(1, sizeof(*created));
	created->store = store;
	created->digest = *digest;
	created->size = size;
	created->fd = -1;
	chunk_hasher_init(&created->hasher, size);
	if (store->operations->create(store, created, err) < 0) {
		release_writer(created);
		return -1;
	}
	*writer = created;
	return 0;
}

static int wrong(const struct blob_writer *writer, const char *what, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	return error_set(err, ERROR_DIGEST, "%s: blob %s: what came %s", writer->store->name,
			 digest_format(&writer->digest, digest), what);
}

int blob_writer_write(struct blob_writer *writer, const void *data, size_t length, struct error *err)
{
	if (length > writer->size - writer->written)
		return wrong(writer, "is longer than it should be", err);
	if (file_pwrite_all(writer->fd, data, length, writer->base + writer->written, writer->store->name,
			    err) < 0)
		return -1;
	writer->written += length;
	chunk_hasher_update(&writer->hasher, data, length);
	return 0;
}

int blob_writer_restart(struct blob_writer *writer, struct error *err)
{
	(void)err;
	writer->written = 0;
	chunk_hasher_reset(&writer->hasher);
	return 0;
}

int blob_writer_commit(struct blob_writer *writer, struct error *err)
{
	const struct blob_store_operations *operations = writer->store->operations;
	int result = 0;

	if (writer->written < writer->size)
		result = wrong(writer, "is shorter than it should be", err);
	else if (!chunk_hasher_is(&writer->hasher, &writer->digest))
		result = wrong(writer, "has another digest", err);
	if (result < 0)
		operations->abandon(writer->store, writer);
	else
		result = operations->commit(writer->store, writer, err);
	release_writer(writer);
	return result;
}

void blob_writer_free(struct blob_writer *writer)
{
	if (!writer)
		return;
	writer->store->operations->abandon(writer->store, writer);
	release_writer(writer);
}

void blob_writer_freep(struct blob_writer **writer)
{
	blob_writer_free(*writer);
}
