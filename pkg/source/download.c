/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a blob, first half: from where images are read into a store of ours. */
#include "source/source.h"

/* A writer behind a download's sink; adds to the progress what passes. */
struct incoming {
	struct blob_writer *writer;
	struct blob_sink *sink;
	struct progress *progress;
};

static int write_incoming(void *context, const void *data, size_t length, struct error *err)
{
	struct incoming *incoming = context;

	atomic_fetch_add_explicit(&incoming->progress->bytes_done, length, memory_order_relaxed);
	return blob_writer_write(incoming->writer, data, length, err);
}

static int restart_incoming(void *context, struct error *err)
{
	struct incoming *incoming = context;

	atomic_fetch_sub(&incoming->progress->bytes_done, incoming->sink->offset);
	return blob_writer_restart(incoming->writer, err);
}

int source_download(struct source_session *session, struct source_image *image,
		    const struct descriptor *descriptor, struct blob_store *into, struct progress *progress,
		    struct error *err)
{
	CLEANUP(blob_writer_freep) struct blob_writer *writer = NULL;

	if (blob_store_create_blob(into, &descriptor->digest, descriptor->size, &writer, err) < 0)
		return -1;
	struct incoming incoming = {.writer = writer, .progress = progress};
	struct blob_sink sink = {.write = write_incoming, .restart = restart_incoming, .context = &incoming};
	incoming.sink = &sink;
	if (source_read_blob(session, image, descriptor, &sink, err) == 0 &&
	    blob_writer_commit(steal(&writer), err) == 0)
		return 0;
	atomic_fetch_sub(&progress->bytes_done, sink.offset);
	return -1;
}
