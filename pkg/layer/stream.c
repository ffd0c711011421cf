/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/text.h"
#include "layer/path.h"

#define BUFFER_SIZE (256u << 10)

struct layer_stream {
	const struct layer_source *source; /* borrowed */
	uint64_t offset;                   /* packed bytes that were read */
	struct archive *archive;
	char *path; /* of the current entry */
	unsigned n_entries;
	struct error source_error; /* set inside libarchive's callback, taken out behind it */
	unsigned char buffer[BUFFER_SIZE];
};

/* The next packed bytes into the buffer; 0 at the end. */
static ssize_t fill_buffer(struct layer_stream *stream, struct error *err)
{
	uint64_t left = stream->source->size_bytes - stream->offset;
	size_t length = left < BUFFER_SIZE ? (size_t)left : BUFFER_SIZE;

	if (!length)
		return 0;
	if (cancel_requested())
		return cancel_error(err);
	ssize_t result =
		stream->source->read(stream->source->context, stream->offset, stream->buffer, length, err);
	if (result > 0)
		stream->offset += (uint64_t)result;
	return result;
}

static la_ssize_t read_callback(struct archive *archive, void *context, const void **data)
{
	struct layer_stream *stream = context;
	ssize_t result = fill_buffer(stream, &stream->source_error);

	*data = stream->buffer;
	if (result < 0)
		archive_set_error(archive, EIO, "the layer cannot be read");
	return result < 0 ? ARCHIVE_FATAL : result;
}

static int stream_error(struct layer_stream *stream, struct error *err)
{
	if (stream->source_error.code != ERROR_NONE)
		return error_move(err, &stream->source_error);
	const char *text = archive_error_string(stream->archive);
	CLEANUP(free_string) char *shown = text_escaped(text ? text : "not a tar");
	return error_set(err, ERROR_INVALID, "%s; a layer is a tar, plain or compressed with gzip or zstd",
			 shown);
}

int layer_stream_open(struct layer_stream **result, const struct layer_source *source, struct error *err)
{
	CLEANUP(layer_stream_freep) struct layer_stream *stream = xcalloc(1, sizeof(*stream));

	stream->source = source;
	stream->archive = archive_read_new();
	if (!stream->archive)
		abort();
	archive_read_support_format_tar(stream->archive);
	archive_read_support_filter_gzip(stream->archive);
	archive_read_support_filter_zstd(stream->archive);
	if (archive_read_open(stream->archive, stream, NULL, read_callback, NULL) != ARCHIVE_OK)
		return stream_error(stream, err);
	*result = steal(&stream);
	return 0;
}

/* `more_bytes`: what the current entry is about to unpack. */
static int check_limits(struct layer_stream *stream, uint64_t more_bytes, struct error *err)
{
	la_int64_t position = archive_filter_bytes(stream->archive, 0);
	uint64_t output = position > 0 ? (uint64_t)position : 0;
	uint64_t total;

	if (__builtin_add_overflow(output, more_bytes, &total) || total > LAYER_MAX_OUTPUT)
		return error_set(err, ERROR_INVALID, "unpacks to more than 4 GiB, the limit of a layer");
	if (output > LAYER_RATIO_EXEMPT && output / LAYER_MAX_RATIO > stream->offset)
		return error_set(err, ERROR_INVALID,
				 "unpacks to more than %d times its size, the limit of a layer",
				 LAYER_MAX_RATIO);
	return 0;
}

static enum layer_entry_type type_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry))
		return LAYER_HARD_LINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return LAYER_REGULAR;
	case AE_IFDIR:
		return LAYER_DIRECTORY;
	case AE_IFLNK:
		return LAYER_SYMBOLIC_LINK;
	default:
		return LAYER_OTHER;
	}
}

static int take_path(struct layer_stream *stream, struct archive_entry *from, struct error *err)
{
	const char *path = archive_entry_pathname(from);

	if (!path)
		return error_set(err, ERROR_INVALID, "entry %u has no readable name", stream->n_entries);
	if (strlen(path) > LAYER_MAX_PATH)
		return error_set(err, ERROR_INVALID, "entry %u has a path of more than %d bytes",
				 stream->n_entries, LAYER_MAX_PATH);
	free_string(&stream->path);
	stream->path = NULL;
	return layer_path_clean(&stream->path, path, err);
}

int layer_stream_next(struct layer_stream *stream, struct layer_entry *entry, struct error *err)
{
	struct archive_entry *from;
	int result = archive_read_next_header(stream->archive, &from);

	if (result == ARCHIVE_EOF)
		return 0;
	/* A warning is about what does not matter here: a name that is not in the character set of the
	 * locale (its bytes are taken as they are), extended attributes. */
	if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
		return stream_error(stream, err);
	if (++stream->n_entries > LAYER_MAX_ENTRIES)
		return error_set(err, ERROR_INVALID, "more than %u entries, the limit of a layer",
				 LAYER_MAX_ENTRIES);
	if (take_path(stream, from, err) < 0)
		return -1;
	la_int64_t size = archive_entry_size(from);
	*entry = (struct layer_entry){
		.type = type_of(from),
		.path = stream->path,
		.size_bytes = size > 0 ? (uint64_t)size : 0,
		.is_sparse = archive_entry_sparse_count(from) > 0,
	};
	if (entry->type == LAYER_HARD_LINK)
		entry->target = archive_entry_hardlink(from);
	else if (entry->type == LAYER_SYMBOLIC_LINK)
		entry->target = archive_entry_symlink(from);
	return check_limits(stream, entry->size_bytes, err) < 0 ? -1 : 1;
}

ssize_t layer_stream_read(struct layer_stream *stream, void *data, size_t length, struct error *err)
{
	la_ssize_t result = archive_read_data(stream->archive, data, length);

	if (result < 0)
		return stream_error(stream, err);
	return check_limits(stream, 0, err) < 0 ? -1 : result;
}

int layer_stream_finish(struct layer_stream *stream, struct error *err)
{
	ssize_t result;

	do
		result = fill_buffer(stream, err);
	while (result > 0);
	return (int)result;
}

void layer_stream_free(struct layer_stream *stream)
{
	if (!stream)
		return;
	archive_read_free(stream->archive);
	error_clear(&stream->source_error);
	free(stream->path);
	free(stream);
}

void layer_stream_freep(struct layer_stream **stream)
{
	layer_stream_free(*stream);
}
