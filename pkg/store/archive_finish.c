/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

	if (archive_write_header(writer, index, true, err) < 0)
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
			return error_set(err, ERROR_INVALID, "%s: blob %s has not been written", writer->store.name,
					 digest_format(&writer->layout.digests.digests[i], digest));
		if (make_absent(writer, i, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the tail */

struct completeness {
	const struct blob_store *store;
	bool is_complete;
};

static void check_blob(const struct digest *digest, uint64_t size, void *context)
{
	struct completeness *completeness = context;

	completeness->is_complete &= blob_store_has(completeness->store, digest, size);
}

static int is_complete(struct archive_writer *writer, const struct archive_image *image, bool *complete,
		       struct error *err)
{
	struct completeness completeness = {.store = &writer->store, .is_complete = true};
	struct error found = ERROR_INIT;

	int result = archive_reach(&writer->store, image, check_blob, &completeness, &found);
	*complete = result == 0 && completeness.is_complete;
	if (result < 0 && error_is(&found, ERROR_IO))
		return error_move(err, &found);
	error_clear(&found);
	return 0;
}

/* Every OCI tool reads index.json: it promises only what is there in full. */
static int format_index(struct archive_writer *writer, const struct archive_records *records,
			struct strbuf *out, struct error *err)
{
	CLEANUP(free_memory) struct store_image *images = xcalloc(records->n_images, sizeof(*images));
	size_t n_images = 0;

	for (size_t i = 0; i < records->n_images; i++) {
		const struct archive_image *image = &records->images[i];
		bool complete = false;
		if (image->type == MANIFEST_UNKNOWN)
			return error_set(err, ERROR_INVALID, "%s: image without a manifest type", writer->store.name);
		if (is_complete(writer, image, &complete, err) < 0)
			return -1;
		if (!complete)
			continue;
		/* Borrowed, all of it: `images` is only for the writing. */
		images[n_images++] = (struct store_image){
			.name = image->source,
			.descriptor = {.digest = image->digest, .size = image->size,
				       .media_type = (char *)manifest_type_name(image->type)},
		};
	}
	layout_index_format(out, images, n_images);
	return 0;
}

/* Both forms of the tail; `sidecar` receives the text of PATH.index.json. */
static int format_tail(struct archive_writer *writer, struct archive_records *records, struct strbuf *tail,
		       struct strbuf *sidecar, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf index = STRBUF_INIT;
	uint8_t end[ARCHIVE_END_LENGTH];
	struct archive_index index_record;

	if (format_index(writer, records, &index, err) < 0)
		return -1;
	if (!writer->with_records) {
		static const uint8_t zeros[2 * TAR_BLOCK_SIZE];
		archive_add_entry(tail, LAYOUT_INDEX_FILE, index.buf, index.len);
		strbuf_add(tail, zeros, sizeof(zeros));
		return 0;
	}
	index_record.size = index.len;
	digest_of(index.buf, index.len, &index_record.digest);
	archive_records_format(sidecar, records, &writer->layout, &index_record);
	if (sidecar->len > ARCHIVE_RECORDS_MAX_SIZE || index.len > LAYOUT_INDEX_MAX_SIZE)
		return error_set(err, ERROR_INVALID, "%s: has too many images and blobs for one archive; "
				 "mirror in several parts", writer->store.name);
	struct archive_trailer trailer = {
		.records_offset = writer->layout.end + TAR_BLOCK_SIZE, .records_size = sidecar->len,
	};
	digest_of(sidecar->buf, sidecar->len, &trailer.records_digest);
	archive_trailer_format(&trailer, end);
	archive_add_entry(tail, ARCHIVE_RECORDS_FILE, sidecar->buf, sidecar->len);
	archive_add_entry(tail, LAYOUT_INDEX_FILE, index.buf, index.len);
	strbuf_add(tail, end, sizeof(end));
	return 0;
}

static int write_tail(struct archive_writer *writer, const struct strbuf *tail, struct error *err)
{
	uint64_t end = writer->layout.end + tail->len;

	/* An interrupted run may have left a longer one. */
	if (ftruncate(writer->fd, (off_t)end) < 0)
		return error_set_errno(err, "%s: making it %" PRIu64 " bytes long", writer->partial_path, end);
	return file_pwrite_all(writer->fd, tail->buf, tail->len, writer->layout.end, writer->partial_path, err);
}

/* --- making it visible */

static int sync_directory(const char *path, struct error *err)
{
	CLEANUP(free_string) char *directory = xstrdup(path);
	char *slash = strrchr(directory, '/');

	if (slash)
		slash[slash == directory] = '\0';
	CLEANUP(close_file) int fd = directory_open(AT_FDCWD, slash ? directory : ".", err);
	if (fd < 0)
		return -1;
	/* Some file systems cannot sync a directory and say EINVAL. */
	if (fsync(fd) < 0 && errno != EINVAL)
		return error_set_errno(err, "%s", slash ? directory : ".");
	return 0;
}

static int publish_archive(struct archive_writer *writer, bool skip_sync, struct error *err)
{
	if (!skip_sync && fsync(writer->fd) < 0)
		return error_set_errno(err, "%s", writer->partial_path);
	if (rename(writer->partial_path, writer->path) < 0)
		return error_set_errno(err, "%s", writer->path);
	return skip_sync ? 0 : sync_directory(writer->path, err);
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
	if (unlink(writer->plan_path) < 0 && errno != ENOENT)
		return error_set_errno(err, "%s", writer->plan_path);
	return 0;
}

int archive_writer_finish(struct archive_writer *writer, struct archive_records *records, bool skip_sync,
			  struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf tail = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf sidecar = STRBUF_INIT;

	if (settle_slots(writer, err) < 0 || format_tail(writer, records, &tail, &sidecar, err) < 0 ||
	    write_tail(writer, &tail, err) < 0 || publish_archive(writer, skip_sync, err) < 0)
		return -1;
	return writer->with_records ? publish_sidecar(writer, &sidecar, skip_sync, err) : 0;
}
