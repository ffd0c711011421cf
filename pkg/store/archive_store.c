/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/layout_index.h"
#include "store/tar_list.h"

/* --- the interface of a store */

static struct archive_store *of(struct blob_store *store)
{
	return (struct archive_store *)store;
}

static void archive_free(struct blob_store *store)
{
	struct archive_store *archive = of(store);

	volume_set_free(archive->bytes);
	archive_records_release(&archive->records);
	archive_layout_release(&archive->layout);
	blob_store_release(store);
	free(archive);
}

void archive_store_freep(struct archive_store **archive)
{
	if (*archive)
		archive_free(&(*archive)->store);
}

static bool archive_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
	return archive_layout_has(&((const struct archive_store *)store)->layout, digest, size);
}

static int archive_locate(struct blob_store *store, struct blob_reader *reader, struct error *err)
{
	return archive_layout_locate(&of(store)->layout, of(store)->bytes, store, reader, err);
}

static const struct blob_store_operations archive_operations = {
	.free = archive_free,
	.has = archive_has,
	.locate = archive_locate,
};

static bool is_archive(const struct blob_store *store)
{
	return store->operations == &archive_operations;
}

const struct archive_records *archive_store_records(const struct blob_store *store)
{
	return is_archive(store) ? &((const struct archive_store *)store)->records : NULL;
}

uint64_t archive_store_offset(const struct blob_store *store, const struct digest *digest)
{
	if (!is_archive(store))
		return UINT64_MAX;
	const struct archive_slot *slot =
		archive_layout_find_filled(&((const struct archive_store *)store)->layout, digest);
	return slot ? slot->offset : UINT64_MAX;
}

uint64_t archive_store_blob_bytes(const struct blob_store *store, size_t *n_blobs)
{
	const struct archive_layout *layout = &((const struct archive_store *)store)->layout;
	uint64_t total = 0;

	*n_blobs = 0;
	for (size_t i = 0; i < layout->digests.count; i++) {
		if (layout->slots[i].status != SLOT_FILLED)
			continue;
		total += layout->slots[i].size_bytes;
		++*n_blobs;
	}
	return total;
}

/* --- what is it, if it has no trailer? */

struct contents {
	bool has_records;
	bool has_index;
};

static int look_at_entry(const struct tar_entry *entry, void *context, struct error *err)
{
	struct contents *contents = context;

	(void)err;
	contents->has_records |= text_starts_with(entry->name, "airlift/");
	contents->has_index |= !strcmp(entry->name, LAYOUT_INDEX_FILE);
	return 0;
}

/* Every archive of ours begins with the same bytes, as far as it goes. */
static bool begins_as_ours(const struct volume_set *bytes)
{
	uint8_t expected[ARCHIVE_START_LENGTH], start[ARCHIVE_START_LENGTH];
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	uint64_t size = volume_set_size(bytes);
	size_t length = size < sizeof(start) ? (size_t)size : sizeof(start);

	archive_format_start(expected, true);
	return volume_set_read_all(bytes, 0, start, length, &ignored) == 0 &&
	       !memcmp(start, expected, length);
}

static int explain(const struct volume_set *bytes, const char *path, struct error *err)
{
	CLEANUP(error_clear) struct error listing = ERROR_INIT;
	struct contents contents = {0};
	bool is_whole_tar = tar_list(bytes, path, look_at_entry, &contents, &listing) == 0;

	if (text_ends_with(path, ".partial"))
		return error_set(err, ERROR_DIGEST,
				 "%s: is an unfinished archive; run the mirror command again to finish it",
				 path);
	if (is_whole_tar && contents.has_index && !contents.has_records)
		return error_set(err, ERROR_DIGEST,
				 "%s: is an OCI image layout in a tar, not an airlift archive; "
				 "use oci-archive:%s",
				 path, path);
	if (contents.has_records || begins_as_ours(bytes))
		return error_set(err, ERROR_DIGEST,
				 "%s: is not the whole archive: its end is missing or damaged "
				 "(it has %" PRIu64 " bytes); copy it again",
				 path, volume_set_size(bytes));
	return error_set(err, ERROR_DIGEST, "%s: is not an airlift archive", path);
}

/* --- opening */

static int open_bytes(struct archive_store *archive, const char *path, struct error *err)
{
	CLEANUP(free_string) char *partial_path = xasprintf("%s.partial", path);

	if (volume_set_open(&archive->bytes, path, err) == 0)
		return 0;
	if (!error_is(err, ERROR_NOT_FOUND) || access(partial_path, F_OK) < 0)
		return -1;
	error_clear(err);
	return error_set(err, ERROR_DIGEST,
			 "%s: is not finished (%s is there); run the mirror command again to "
			 "finish it",
			 path, partial_path);
}

static int read_trailer(struct archive_store *archive, const char *path, struct error *err)
{
	uint64_t size = volume_set_size(archive->bytes);
	uint8_t end[ARCHIVE_END_LENGTH];

	if (size < ARCHIVE_START_LENGTH + ARCHIVE_END_LENGTH)
		return explain(archive->bytes, path, err);
	if (volume_set_read_all(archive->bytes, size - sizeof(end), end, sizeof(end), err) < 0)
		return -1;
	switch (archive_trailer_parse(&archive->trailer, end)) {
	case TRAILER_NONE:
		return explain(archive->bytes, path, err);
	case TRAILER_NEWER:
		return error_set(err, ERROR_DIGEST,
				 "%s: was written by a newer airlift; use that one to read it", path);
	case TRAILER_DAMAGED:
		return error_set(err, ERROR_DIGEST, "%s: is damaged in its last %d bytes; copy it again",
				 path, ARCHIVE_END_LENGTH);
	case TRAILER_GOOD:
		break;
	}
	if (archive->trailer.records_size <= ARCHIVE_RECORDS_MAX_SIZE &&
	    archive->trailer.records_offset < size - sizeof(end) &&
	    archive->trailer.records_size <= size - sizeof(end) - archive->trailer.records_offset)
		return 0;
	return error_set(err, ERROR_DIGEST, "%s: its trailer points outside of the file; copy it again",
			 path);
}

uint64_t archive_store_index_offset(const struct archive_store *archive)
{
	return archive->trailer.records_offset + tar_padded(archive->trailer.records_size) + TAR_BLOCK_SIZE;
}

/* The tail follows the last blob and the file ends behind it: no byte is unaccounted for. */
static int check_places(const struct archive_store *archive, const char *path, struct error *err)
{
	uint64_t end =
		archive_store_index_offset(archive) + tar_padded(archive->index.size) + ARCHIVE_END_LENGTH;

	if (archive->trailer.records_offset != archive->layout.end + TAR_BLOCK_SIZE)
		return error_set(err, ERROR_DIGEST,
				 "%s: its records stand at byte %" PRIu64 ", should stand at %" PRIu64
				 "; copy it again",
				 path, archive->trailer.records_offset, archive->layout.end + TAR_BLOCK_SIZE);
	if (end == volume_set_size(archive->bytes))
		return 0;
	return error_set(err, ERROR_DIGEST,
			 "%s: has %" PRIu64 " bytes, should have %" PRIu64 "; copy it again", path,
			 volume_set_size(archive->bytes), end);
}

/* A part of the tail whose digest is known: it is there whole, or damaged. */
static int read_part(const struct archive_store *archive, const char *name, uint64_t offset, size_t length,
		     const struct digest *expected, struct strbuf *text, struct error *err)
{
	struct digest digest;

	strbuf_grow(text, length);
	if (volume_set_read_all(archive->bytes, offset, text->buf, length, err) < 0)
		return -1;
	strbuf_set_length(text, length);
	digest_of(text->buf, length, &digest);
	if (digest_equal(&digest, expected))
		return 0;
	return error_set(err, ERROR_DIGEST, "%s is damaged (bytes %" PRIu64 " to %" PRIu64 "); copy it again",
			 name, offset, offset + length - 1);
}

static int read_records(struct archive_store *archive, const char *path, struct error *err)
{
	const struct archive_trailer *trailer = &archive->trailer;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(free_string) char *name = xasprintf("%s: " ARCHIVE_RECORDS_FILE, path);

	if (read_part(archive, name, trailer->records_offset, (size_t)trailer->records_size,
		      &trailer->records_digest, &text, err) < 0)
		return -1;
	return archive_records_parse(&archive->records, &archive->layout, &archive->index, name, &text, err);
}

int archive_store_open_records(struct archive_store **archive, const char *path, struct error *err)
{
	CLEANUP(archive_store_freep) struct archive_store *opened = xcalloc(1, sizeof(*opened));

	opened->store.operations = &archive_operations;
	opened->store.name = xasprintf("archive:%s", path);
	archive_layout_init(&opened->layout, true);
	if (open_bytes(opened, path, err) < 0 || read_trailer(opened, path, err) < 0 ||
	    read_records(opened, path, err) < 0 || check_places(opened, path, err) < 0)
		return -1;
	*archive = steal(&opened);
	return 0;
}

static int read_index(struct archive_store *archive, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(free_string) char *name = xasprintf("%s: " LAYOUT_INDEX_FILE, path);
	size_t length = (size_t)archive->index.size;

	if (length > LAYOUT_INDEX_MAX_SIZE)
		return error_set(err, ERROR_DIGEST, "%s has %zu bytes, more than the limit of 256 MiB", name,
				 length);
	if (read_part(archive, name, archive_store_index_offset(archive), length, &archive->index.digest,
		      &text, err) < 0)
		return -1;
	return layout_index_parse(&archive->store.images, &archive->store.n_images, name, text.buf, length,
				  err);
}

int archive_open(struct blob_store **store, const char *path, struct error *err)
{
	CLEANUP(archive_store_freep) struct archive_store *opened = NULL;

	if (archive_store_open_records(&opened, path, err) < 0 || read_index(opened, path, err) < 0)
		return -1;
	*store = &steal(&opened)->store;
	return 0;
}
