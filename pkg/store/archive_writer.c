/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the store that blobs are written to */

static struct archive_writer *of(struct blob_store *store)
{
	return (struct archive_writer *)store;
}

static bool writer_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
	return archive_layout_has(&((const struct archive_writer *)store)->layout, digest, size);
}

static int writer_locate(struct blob_store *store, struct blob_reader *reader, struct error *err)
{
	return archive_layout_locate(&of(store)->layout, of(store)->bytes, store, reader, err);
}

/* The slot is ours from here to commit or abandon. */
static int claim(struct archive_slot *slot, const struct blob_writer *blob, bool *was_filled,
		 struct error *err)
{
	unsigned char expected = SLOT_EMPTY;
	char digest[DIGEST_TEXT_SIZE];

	*was_filled = false;
	if (atomic_compare_exchange_strong(&slot->status, &expected, SLOT_WRITING))
		return 0;
	*was_filled = expected == SLOT_FILLED;
	if (*was_filled && atomic_compare_exchange_strong(&slot->status, &expected, SLOT_WRITING))
		return 0;
	return error_set(err, ERROR_INVALID, "%s: blob %s is being written already", blob->store->name,
			 digest_format(&blob->digest, digest));
}

static int writer_create(struct blob_store *store, struct blob_writer *blob, struct error *err)
{
	struct archive_writer *writer = of(store);
	struct archive_slot *slot = archive_layout_find(&writer->layout, &blob->digest);
	char digest[DIGEST_TEXT_SIZE];
	bool was_filled;

	if (!slot)
		return error_set(err, ERROR_INVALID, "%s: blob %s is not part of the plan", store->name,
				 digest_format(&blob->digest, digest));
	if (slot->size_bytes != blob->size)
		return error_set(err, ERROR_INVALID,
				 "%s: blob %s is planned with %" PRIu64 " bytes, not with %" PRIu64,
				 store->name, digest_format(&blob->digest, digest), slot->size_bytes,
				 blob->size);
	if (claim(slot, blob, &was_filled, err) < 0)
		return -1;
	blob->slot = (size_t)(slot - writer->layout.slots);
	if (was_filled && archive_clear_header(writer, blob->slot, err) < 0) {
		atomic_store(&slot->status, SLOT_EMPTY);
		return -1;
	}
	blob->fd = writer->fd;
	blob->base = slot->offset;
	size_t n_states = chunk_count_states(blob->size);
	blob->states = n_states ? xcalloc(n_states, sizeof(*blob->states)) : NULL;
	blob->hasher.record = blob->states;
	return 0;
}

static void writer_abandon(struct blob_store *store, struct blob_writer *blob)
{
	atomic_store(&of(store)->layout.slots[blob->slot].status, SLOT_EMPTY);
}

static int writer_commit(struct blob_store *store, struct blob_writer *blob, struct error *err)
{
	struct archive_writer *writer = of(store);
	struct archive_slot *slot = &writer->layout.slots[blob->slot];

	if (archive_writer_put_header(writer, blob->slot, false, err) < 0) {
		writer_abandon(store, blob);
		return -1;
	}
	free(slot->states);
	slot->states = steal(&blob->states);
	atomic_store(&slot->status, SLOT_FILLED);
	return 0;
}

static void writer_free(struct blob_store *store)
{
	struct archive_writer *writer = of(store);

	volume_set_free(writer->bytes);
	blob_store_free(writer->leftover);
	close_file(&writer->fd);
	file_lock_release(&writer->lock);
	archive_layout_release(&writer->layout);
	free(writer->path);
	free(writer->partial_path);
	free(writer->plan_path);
	blob_store_release(store);
	free(writer);
}

static const struct blob_store_operations writer_operations = {
	.free = writer_free,
	.has = writer_has,
	.locate = writer_locate,
	.create = writer_create,
	.commit = writer_commit,
	.abandon = writer_abandon,
};

int archive_writer_put_header(struct archive_writer *writer, size_t slot, bool is_absent, struct error *err)
{
	uint8_t header[TAR_HEADER_MAX_LENGTH];
	size_t length = archive_slot_header(&writer->layout, slot, is_absent, header);

	return file_pwrite_all(writer->fd, header, length,
			       archive_slot_header_offset(&writer->layout.slots[slot]), writer->partial_path,
			       err);
}

int archive_clear_header(struct archive_writer *writer, size_t slot, struct error *err)
{
	static const uint8_t zeros[TAR_HEADER_MAX_LENGTH];
	const struct archive_slot *cleared = &writer->layout.slots[slot];

	return file_pwrite_all(writer->fd, zeros, tar_header_length(cleared->size_bytes),
			       archive_slot_header_offset(cleared), writer->partial_path, err);
}

/* --- opening */

uint64_t archive_planned_size(const struct archive_blob *blobs, size_t n_blobs)
{
	uint64_t total = ARCHIVE_START_LENGTH;

	for (size_t i = 0; i < n_blobs; i++)
		if (blobs[i].size > OCI_MAX_BLOB_SIZE ||
		    __builtin_add_overflow(
			    total, tar_header_length(blobs[i].size) + tar_padded(blobs[i].size), &total))
			return UINT64_MAX;
	return total;
}

static int compare_blobs(const void *a, const void *b)
{
	const struct archive_blob *first = a, *second = b;

	if (first->kind != second->kind)
		return first->kind < second->kind ? -1 : 1;
	return digest_compare(&first->digest, &second->digest);
}

static int lay_out(struct archive_layout *layout, const struct archive_blob *blobs, size_t n_blobs,
		   struct error *err)
{
	CLEANUP(free_memory) struct archive_blob *sorted = xcalloc(n_blobs, sizeof(*sorted));

	if (n_blobs)
		memcpy(sorted, blobs, n_blobs * sizeof(*sorted));
	qsort(sorted, n_blobs, sizeof(*sorted), compare_blobs);
	for (size_t i = 0; i < n_blobs; i++)
		if (archive_layout_add(layout, &sorted[i].digest, sorted[i].size, err) < 0)
			return -1;
	return 0;
}

static int open_partial(struct archive_writer *writer, struct error *err)
{
	struct stat status;

	/* Whoever may write to the directory must not lead us to a file elsewhere. */
	writer->fd = open(writer->partial_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (writer->fd < 0 || fstat(writer->fd, &status) < 0)
		return error_set_errno(err, "%s", writer->partial_path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_IO, "%s: is not a regular file; move it away",
				 writer->partial_path);
	CLEANUP(close_file) int copy = fcntl(writer->fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return error_set_errno(err, "%s", writer->partial_path);
	writer->bytes = volume_set_of_file(copy, writer->layout.end, writer->partial_path, true);
	copy = -1;
	return 0;
}

/* The plan on disk; empty if there is none that could be one. */
static int read_plan(const struct archive_writer *writer, struct strbuf *plan, struct error *err)
{
	if (file_read(AT_FDCWD, writer->plan_path, ARCHIVE_PLAN_MAX_SIZE, plan, err) == 0)
		return 0;
	if (!error_is(err, ERROR_NOT_FOUND) && !error_is(err, ERROR_INVALID))
		return -1;
	error_clear(err);
	return 0;
}

/* Whether the file begins as one of this plan does. What was cut off before that holds no blob yet. */
static int has_start(const struct archive_writer *writer, bool *has, struct error *err)
{
	uint8_t expected[ARCHIVE_START_LENGTH], start[ARCHIVE_START_LENGTH];
	size_t length = archive_format_start(expected, writer->with_records);
	struct stat status;

	if (fstat(writer->fd, &status) < 0)
		return error_set_errno(err, "%s", writer->partial_path);
	*has = false;
	if ((uint64_t)status.st_size < length)
		return 0;
	if (volume_set_read_all(writer->bytes, 0, start, length, err) < 0)
		return -1;
	*has = !memcmp(start, expected, length);
	return 0;
}

static int resize(struct archive_writer *writer, uint64_t size_bytes, struct error *err)
{
	struct stat status;

	/* Truncating a file that is empty makes ext4 write all of it to the disk when it is closed. */
	if (fstat(writer->fd, &status) == 0 && (uint64_t)status.st_size == size_bytes)
		return 0;
	if (ftruncate(writer->fd, (off_t)size_bytes) < 0)
		return error_set_errno(err, "%s: making it %" PRIu64 " bytes long", writer->partial_path,
				       size_bytes);
	return 0;
}

/* The old bytes go before the new plan comes: a plan on disk always describes the file beside it. */
static int begin_anew(struct archive_writer *writer, const struct strbuf *plan, struct error *err)
{
	if (resize(writer, 0, err) < 0)
		return -1;
	if (writer->with_records)
		return file_replace(AT_FDCWD, writer->plan_path, plan->buf, plan->len, 0644, err);
	if (unlink(writer->plan_path) < 0 && errno != ENOENT)
		return error_set_errno(err, "%s", writer->plan_path);
	return 0;
}

/* Goes on with an unfinished file of the same plan, byte for byte; otherwise keeps what is in it under
 * another name and begins anew. */
static int prepare(struct archive_writer *writer, struct progress *progress, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf plan = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf before = STRBUF_INIT;
	uint8_t start[ARCHIVE_START_LENGTH];

	archive_plan_format(&writer->layout, &plan);
	if (read_plan(writer, &before, err) < 0)
		return -1;
	bool is_same =
		writer->with_records && before.len == plan.len && !memcmp(before.buf, plan.buf, plan.len);
	if (!is_same && archive_leftover_keep(writer, &before, err) < 0)
		return -1;
	if (open_partial(writer, err) < 0 || (is_same && has_start(writer, &is_same, err) < 0))
		return -1;
	if (!is_same && begin_anew(writer, &plan, err) < 0)
		return -1;
	if (resize(writer, writer->layout.end, err) < 0)
		return -1;
	size_t length = archive_format_start(start, writer->with_records);
	if (file_pwrite_all(writer->fd, start, length, 0, writer->partial_path, err) < 0)
		return -1;
	writer->leftover = archive_leftover_open(writer->path);
	return is_same ? archive_resume(writer, progress, err) : 0;
}

int archive_writer_open(struct archive_writer **writer, const char *path, const struct archive_blob *blobs,
			size_t n_blobs, bool with_records, struct progress *progress, struct error *err)
{
	CLEANUP(archive_writer_freep) struct archive_writer *opened = xcalloc(1, sizeof(*opened));
	CLEANUP(free_string) char *lock_path = xasprintf("%s.lock", path);

	opened->store.operations = &writer_operations;
	opened->store.name = xasprintf("%s:%s", with_records ? "archive" : "oci-archive", path);
	opened->path = xstrdup(path);
	opened->partial_path = xasprintf("%s.partial", path);
	opened->plan_path = xasprintf("%s.plan", path);
	opened->fd = -1;
	opened->lock.fd = -1;
	opened->with_records = with_records;
	archive_layout_init(&opened->layout, with_records);
	if (file_lock_take(&opened->lock, lock_path, err) < 0)
		return error_wrap(err, "%s", path);
	if (lay_out(&opened->layout, blobs, n_blobs, err) < 0)
		return error_wrap(err, "%s", path);
	if (prepare(opened, progress, err) < 0)
		return -1;
	*writer = steal(&opened);
	return 0;
}

struct blob_store *archive_writer_store(struct archive_writer *writer)
{
	return &writer->store;
}

struct blob_store *archive_writer_leftover(struct archive_writer *writer)
{
	return writer->leftover;
}

void archive_writer_free(struct archive_writer *writer)
{
	if (writer)
		writer_free(&writer->store);
}

void archive_writer_freep(struct archive_writer **writer)
{
	archive_writer_free(*writer);
}
