/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob_store.h"

#include <inttypes.h>
#include <stdlib.h>

#include "store/layout_index.h"

void blob_store_release(struct blob_store *store)
{
	free(store->name);
	layout_images_release(store->images, store->n_images);
}

void blob_store_free(struct blob_store *store)
{
	if (store)
		store->operations->free(store);
}

void blob_store_freep(struct blob_store **store)
{
	blob_store_free(*store);
}

const char *blob_store_name(const struct blob_store *store)
{
	return store->name;
}

const struct store_image *blob_store_images(const struct blob_store *store, size_t *count)
{
	*count = store->n_images;
	return store->images;
}

bool blob_store_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
	return store->operations->has(store, digest, size);
}

int blob_not_found(const struct blob_store *store, const struct digest *digest, struct error *err)
{
	char text[DIGEST_TEXT_SIZE];

	return error_set(err, ERROR_NOT_FOUND, "%s: blob %s is not there", store->name,
			 digest_format(digest, text));
}

int blob_wrong_size(const struct blob_store *store, const struct digest *digest, uint64_t have, uint64_t want,
		    struct error *err)
{
	char text[DIGEST_TEXT_SIZE];

	return error_set(err, ERROR_DIGEST, "%s: blob %s has %" PRIu64 " bytes, should have %" PRIu64,
			 store->name, digest_format(digest, text), have, want);
}

int blob_store_read_blob(struct blob_store *store, const struct digest *digest, uint64_t size, size_t limit,
			 struct strbuf *out, struct error *err)
{
	CLEANUP(blob_reader_freep) struct blob_reader *reader = NULL;
	char text[DIGEST_TEXT_SIZE];
	size_t start = out->len;

	if (size > limit)
		return error_set(err, ERROR_INVALID,
				 "%s: blob %s has %" PRIu64 " bytes, more than the limit of %zu", store->name,
				 digest_format(digest, text), size, limit);
	if (blob_store_open_blob(store, digest, size, &reader, err) < 0)
		return -1;
	strbuf_grow(out, (size_t)size);
	for (uint64_t offset = 0; offset < size;) {
		ssize_t got = blob_reader_read(reader, offset, out->buf + start + offset,
					       (size_t)(size - offset), err);
		if (got < 0) {
			strbuf_set_length(out, start);
			return -1;
		}
		offset += (uint64_t)got;
	}
	strbuf_set_length(out, start + (size_t)size);
	return 0;
}

int blob_store_put(struct blob_store *store, const struct digest *digest, const void *data, size_t length,
		   struct error *err)
{
	CLEANUP(blob_writer_freep) struct blob_writer *writer = NULL;

	if (blob_store_create_blob(store, digest, length, &writer, err) < 0)
		return -1;
	if (length && blob_writer_write(writer, data, length, err) < 0)
		return -1;
	return blob_writer_commit(steal(&writer), err);
}
