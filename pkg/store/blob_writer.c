/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Eight threads write to one archive, and a write locks its inode: 16 KiB at a time, as they come from
 * the network, they spend as much time with the lock as with the bytes. */
#define BUFFER_SIZE ((size_t)256 << 10)

static void release_writer(struct blob_writer *writer)
{
	chunk_hasher_release(&writer->hasher);
	free(writer->buffer);
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

static int write_out(struct blob_writer *writer, const void *data, size_t length, uint64_t offset,
		     struct error *err)
{
	return file_pwrite_all(writer->fd, data, length, writer->base + offset, writer->store->name, err);
}

static int flush(struct blob_writer *writer, struct error *err)
{
	size_t length = writer->n_buffered;

	writer->n_buffered = 0;
	return length ? write_out(writer, writer->buffer, length, writer->written - length, err) : 0;
}

/* Into the buffer; large portions, and blobs that come in one, go straight to the file. */
static int keep(struct blob_writer *writer, const void *data, size_t length, struct error *err)
{
	if (writer->n_buffered + length > BUFFER_SIZE && flush(writer, err) < 0)
		return -1;
	if (length >= BUFFER_SIZE || length == writer->size)
		return write_out(writer, data, length, writer->written, err);
	if (!writer->buffer)
		writer->buffer = xmalloc(writer->size < BUFFER_SIZE ? (size_t)writer->size : BUFFER_SIZE);
	memcpy(writer->buffer + writer->n_buffered, data, length);
	writer->n_buffered += length;
	return 0;
}

int blob_writer_write(struct blob_writer *writer, const void *data, size_t length, struct error *err)
{
	if (length > writer->size - writer->written)
		return wrong(writer, "is longer than it should be", err);
	if (keep(writer, data, length, err) < 0)
		return -1;
	writer->written += length;
	chunk_hasher_update(&writer->hasher, data, length);
	return 0;
}

int blob_writer_restart(struct blob_writer *writer, struct error *err)
{
	(void)err;
	writer->written = 0;
	writer->n_buffered = 0;
	chunk_hasher_reset(&writer->hasher);
	return 0;
}

int blob_writer_commit(struct blob_writer *writer, struct error *err)
{
	const struct blob_store_operations *operations = writer->store->operations;
	int result = flush(writer, err);

	if (result == 0 && writer->written < writer->size)
		result = wrong(writer, "is shorter than it should be", err);
	else if (result == 0 && !chunk_hasher_is(&writer->hasher, &writer->digest))
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
