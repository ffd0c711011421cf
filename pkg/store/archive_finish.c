/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "store/archive_reach.h"
#include "store/archive_records.h"
#include "store/archive_writer.h"
#include "store/layout_index.h"

/* --- blobs that never came */

static int fill_with_zeros(struct archive_writer *writer, uint64_t offset, uint64_t length, struct error *err)
{
	static const uint8_t zeros[64 << 10];

	while (length) {
		size_t portion = length < sizeof(zeros) ? (size_t)length : sizeof(zeros);
		if (file_pwrite_all(writer->fd, zeros, portion, offset, writer->partial_path, err) < 0)
			return -1;
		offset += portion;
		length -= portion;
	}
	return 0;
}

/* What an abandoned download has left must not stay: zeros compress, and they are the same each time. */
static int make_absent(struct archive_writer *writer, size_t index, struct error *err)
{
	const struct archive_slot *slot = &writer->layout.slots[index];
	uint64_t length = tar_padded(slot->size_bytes);

	if (archive_writer_put_header(writer, index, true, err) < 0)
		return -1;
	if (!length || fallocate(writer->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)slot->offset,
				 (off_t)length) == 0)
		return 0;
	return fill_with_zeros(writer, slot->offset, length, err);
}

static int settle_slots(struct archive_writer *writer, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < writer->layout.digests.count; i++) {
		if (writer->layout.slots[i].status == SLOT_FILLED)
			continue;
		if (!writer->with_records)
			return error_set(err, ERROR_INVALID, "%s: blob %s has not been written",
					 writer->store.name,
					 digest_format(&writer->layout.digests.digests[i], digest));
		if (make_absent(writer, i, err) < 0)
			return -1;
	}
	return 0;
}

/* --- which images are complete */

struct completeness {
	struct archive_writer *writer;
	const struct archive_records *records;
	bool *is_complete;    /* by image */
	pthread_mutex_t lock; /* for err */
	struct error err;     /* the first that was ours */
};

struct image_check {
	const struct blob_store *store;
	bool is_complete;
};

static void check_blob(const struct digest *digest, uint64_t size, void *context)
{
	struct image_check *check = context;

	check->is_complete &= blob_store_has(check->store, digest, size);
}

static void check_image(size_t index, unsigned worker, void *context)
{
	struct completeness *completeness = context;
	struct image_check check = {.store = &completeness->writer->store, .is_complete = true};
	struct error err = ERROR_INIT;

	(void)worker;
	int result = archive_reach(&completeness->writer->store, &completeness->records->images[index],
				   check_blob, &check, &err);
	completeness->is_complete[index] = result == 0 && check.is_complete;
	if (result < 0 && error_is(&err, ERROR_IO)) {
		pthread_mutex_lock(&completeness->lock);
		error_move(&completeness->err, &err);
		pthread_mutex_unlock(&completeness->lock);
	}
	error_clear(&err);
}

static int find_complete(struct archive_writer *writer, const struct archive_records *records,
			 bool *is_complete, struct error *err)
{
	struct completeness completeness = {
		.writer = writer,
		.records = records,
		.is_complete = is_complete,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	parallel_for(records->n_images, parallel_cores(), check_image, &completeness);
	pthread_mutex_destroy(&completeness.lock);
	if (completeness.err.code != ERROR_NONE)
		return error_move(err, &completeness.err);
	return cancel_requested() ? cancel_error(err) : 0;
}

/* --- the tail */

/* Every OCI tool reads index.json: it promises only what is there in full. */
static int format_index(struct archive_writer *writer, const struct archive_records *records,
			struct strbuf *out, struct error *err)
{
	CLEANUP(free_memory) struct store_image *images = xcalloc(records->n_images, sizeof(*images));
	CLEANUP(free_memory) bool *is_complete = xcalloc(records->n_images, sizeof(*is_complete));
	size_t n_images = 0;

	if (find_complete(writer, records, is_complete, err) < 0)
		return -1;
	for (size_t i = 0; i < records->n_images; i++) {
		const struct archive_image *image = &records->images[i];
		if (image->type == MANIFEST_UNKNOWN)
			return error_set(err, ERROR_INVALID, "%s: image without a manifest type",
					 writer->store.name);
		if (!is_complete[i])
			continue;
		/* Borrowed, all of it: `images` is only for the writing. */
		images[n_images++] = (struct store_image){
			.name = image->source,
			.descriptor = {.digest = image->digest,
				       .size = image->size,
				       .media_type = (char *)manifest_type_name(image->type)},
		};
	}
	layout_index_format(out, images, n_images);
	if (out->len > LAYOUT_INDEX_MAX_SIZE)
		return error_set(err, ERROR_INVALID,
				 "%s: has too many images for one archive; mirror in several parts",
				 writer->store.name);
	return 0;
}

static int append(struct archive_writer *writer, uint64_t *offset, const void *data, size_t length,
		  struct error *err)
{
	if (file_pwrite_all(writer->fd, data, length, *offset, writer->partial_path, err) < 0)
		return -1;
	*offset += length;
	return 0;
}

static int append_entry(struct archive_writer *writer, uint64_t *offset, const char *name,
			const struct strbuf *text, struct error *err)
{
	static const uint8_t zeros[TAR_BLOCK_SIZE];
	uint8_t header[TAR_HEADER_MAX_LENGTH];

	if (append(writer, offset, header, tar_header_format(header, name, text->len), err) < 0 ||
	    append(writer, offset, text->buf, text->len, err) < 0)
		return -1;
	return append(writer, offset, zeros, (size_t)(tar_padded(text->len) - text->len), err);
}

/* airlift/index.json, index.json and the trailer; `text` receives the records. */
static int append_records(struct archive_writer *writer, struct archive_records *records,
			  const struct strbuf *index, uint64_t *offset, struct strbuf *text,
			  struct error *err)
{
	struct archive_trailer trailer = {.records_offset = *offset + TAR_BLOCK_SIZE};
	struct archive_index index_record = {.size = index->len};
	uint8_t end[ARCHIVE_END_LENGTH];

	digest_of(index->buf, index->len, &index_record.digest);
	archive_records_format(text, records, &writer->layout, &index_record);
	if (text->len > ARCHIVE_RECORDS_MAX_SIZE)
		return error_set(err, ERROR_INVALID,
				 "%s: has too many blobs for one archive; mirror in several parts",
				 writer->store.name);
	trailer.records_size = text->len;
	digest_of(text->buf, text->len, &trailer.records_digest);
	archive_trailer_format(&trailer, end);
	if (append_entry(writer, offset, ARCHIVE_RECORDS_FILE, text, err) < 0 ||
	    append_entry(writer, offset, LAYOUT_INDEX_FILE, index, err) < 0)
		return -1;
	return append(writer, offset, end, sizeof(end), err);
}

static int append_tail(struct archive_writer *writer, struct archive_records *records, struct strbuf *text,
		       struct error *err)
{
	static const uint8_t zeros[2 * TAR_BLOCK_SIZE];
	CLEANUP(strbuf_release) struct strbuf index = STRBUF_INIT;
	uint64_t offset = writer->layout.end;

	if (format_index(writer, records, &index, err) < 0)
		return -1;
	int result = writer->with_records ? append_records(writer, records, &index, &offset, text, err)
					  : append_entry(writer, &offset, LAYOUT_INDEX_FILE, &index, err);
	if (result == 0 && !writer->with_records)
		result = append(writer, &offset, zeros, sizeof(zeros), err);
	/* An interrupted run may have left a longer tail. */
	if (result == 0 && ftruncate(writer->fd, (off_t)offset) < 0)
		result = error_set_errno(err, "%s: making it %" PRIu64 " bytes long", writer->partial_path,
					 offset);
	return result;
}

/* --- making it visible */

static int publish_archive(struct archive_writer *writer, bool skip_sync, struct error *err)
{
	if (!skip_sync && fsync(writer->fd) < 0)
		return error_set_errno(err, "%s", writer->partial_path);
	if (rename(writer->partial_path, writer->path) < 0)
		return error_set_errno(err, "%s", writer->path);
	return skip_sync ? 0 : directory_sync_parent(AT_FDCWD, writer->path, err);
}

/* A plain write: file_replace would sync, and with it everything that the file system has to write. */
static int write_without_sync(const char *path, const struct strbuf *text, struct error *err)
{
	CLEANUP(close_file) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return error_set_errno(err, "%s", path);
	return file_write_all(fd, text->buf, text->len, path, err);
}

static int publish_sidecar(struct archive_writer *writer, const struct strbuf *text, bool skip_sync,
			   struct error *err)
{
	CLEANUP(free_string) char *path = xasprintf("%s.index.json", writer->path);

	if ((skip_sync ? write_without_sync(path, text, err)
		       : file_replace(AT_FDCWD, path, text->buf, text->len, 0644, err)) < 0)
		return -1;
	if (archive_leftover_remove(writer->path, err) < 0)
		return -1;
	/* Last: while it is there archive_restore_index knows that something is left to do. */
	if (unlink(writer->plan_path) < 0 && errno != ENOENT)
		return error_set_errno(err, "%s", writer->plan_path);
	return 0;
}

int archive_writer_finish(struct archive_writer *writer, struct archive_records *records, bool skip_sync,
			  struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (settle_slots(writer, err) < 0 || append_tail(writer, records, &text, err) < 0 ||
	    publish_archive(writer, skip_sync, err) < 0)
		return -1;
	return writer->with_records ? publish_sidecar(writer, &text, skip_sync, err)
				    : archive_leftover_remove(writer->path, err);
}
