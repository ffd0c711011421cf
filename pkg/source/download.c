/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a blob, first half: from where images are read into a store of ours.
 *
 * Only the commit shows whether the bytes were the right ones, so it is part of the attempt at a place: a
 * mirror that serves something else is left for the next one. A place that merely broke off has its good
 * beginning continued by the next.
 */
#include "source/private.h"

struct download {
	const struct descriptor *descriptor;
	struct blob_store *into;
	struct progress *progress;
	struct blob_writer *writer; /* NULL: nothing is there yet, or it was no good */
	struct blob_sink sink;
};

static int write_incoming(void *context, const void *data, size_t length, struct error *err)
{
	struct download *download = context;

	atomic_fetch_add_explicit(&download->progress->bytes_done, length, memory_order_relaxed);
	return blob_writer_write(download->writer, data, length, err);
}

static int restart_incoming(void *context, struct error *err)
{
	struct download *download = context;

	atomic_fetch_sub(&download->progress->bytes_done, download->sink.offset);
	return blob_writer_restart(download->writer, err);
}

static int begin(struct download *download, struct error *err)
{
	if (download->writer)
		return 0;
	download->sink =
		(struct blob_sink){.write = write_incoming, .restart = restart_incoming, .context = download};
	return blob_store_create_blob(download->into, &download->descriptor->digest,
				      download->descriptor->size, &download->writer, err);
}

static void forget(struct download *download)
{
	atomic_fetch_sub(&download->progress->bytes_done, download->sink.offset);
	download->sink.offset = 0;
	blob_writer_free(steal(&download->writer));
}

/* It is not our store that is wrong but what was sent. */
static void blame(const struct repository *repository, struct error *err)
{
	if (!error_is(err, ERROR_DIGEST))
		return;
	error_clear(err);
	error_set(err, ERROR_DIGEST,
		  "%s/%s: sent other bytes than its digest says; the registry or something before it changed "
		  "them",
		  repository->host, repository->path);
}

static int download_at(struct attempt *attempt, struct registry_session *session,
		       const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	struct download *download = attempt->context;

	(void)tag_or_digest;
	if (begin(download, err) < 0)
		return -1;
	if (registry_read_blob(session, repository, download->descriptor, &download->sink, err) == 0) {
		if (blob_writer_commit(steal(&download->writer), err) == 0)
			return 0;
		blame(repository, err);
	}
	if (!download->writer || error_is(err, ERROR_DIGEST) || error_is(err, ERROR_INVALID))
		forget(download);
	return -1;
}

static int copy_stored(struct blob_store *store, struct download *download, struct error *err)
{
	CLEANUP(blob_reader_freep) struct blob_reader *reader = NULL;
	const struct descriptor *descriptor = download->descriptor;
	const size_t portion = 512 << 10;

	if (blob_store_open_blob(store, &descriptor->digest, descriptor->size, &reader, err) < 0 ||
	    begin(download, err) < 0)
		return -1;
	CLEANUP(free_memory) char *buffer = xmalloc(portion);
	while (download->sink.offset < descriptor->size) {
		ssize_t got = blob_reader_read(reader, download->sink.offset, buffer, portion, err);
		if (got < 0 || write_incoming(download, buffer, (size_t)got, err) < 0)
			return -1;
		download->sink.offset += (uint64_t)got;
	}
	return blob_writer_commit(steal(&download->writer), err);
}

int source_copy_blob(struct blob_store *from, const struct descriptor *descriptor, struct blob_store *into,
		     struct progress *progress, struct error *err)
{
	struct download download = {.descriptor = descriptor, .into = into, .progress = progress};

	if (copy_stored(from, &download, err) == 0)
		return 0;
	forget(&download);
	return -1;
}

int source_download(struct source_session *session, struct source_image *image,
		    const struct descriptor *descriptor, struct blob_store *into, struct progress *progress,
		    struct error *err)
{
	struct download download = {.descriptor = descriptor, .into = into, .progress = progress};
	struct attempt attempt = {.run = download_at, .context = &download};

	if (!session->registry)
		return source_copy_blob(session->source->store, descriptor, into, progress, err);
	if (source_try_places(session, image, &attempt, err) == 0)
		return 0;
	forget(&download);
	return -1;
}
