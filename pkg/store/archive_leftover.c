/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run with another plan has finished. Its places are not those of this run, so the blobs are a
 * source to copy from, nearer than the registry. As every store for reading it checks digests while it is
 * read: neither the file nor its plan need be trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "store/archive_writer.h"

#define LEFTOVER_SUFFIX ".partial.earlier"
#define LEFTOVER_PLAN_SUFFIX ".plan.earlier"

struct leftover_store {
	struct blob_store store;
	struct volume_set *bytes;
	struct archive_layout layout;
	uint64_t filled_bytes; /* of the blobs that are there */
};

static struct leftover_store *of(struct blob_store *store)
{
	return (struct leftover_store *)store;
}

static void leftover_free(struct blob_store *store)
{
	volume_set_free(of(store)->bytes);
	archive_layout_release(&of(store)->layout);
	blob_store_release(store);
	free(store);
}

static bool leftover_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
	return archive_layout_has(&((const struct leftover_store *)store)->layout, digest, size);
}

static int leftover_locate(struct blob_store *store, struct blob_reader *reader, struct error *err)
{
	return archive_layout_locate(&of(store)->layout, of(store)->bytes, store, reader, err);
}

static const struct blob_store_operations leftover_operations = {
	.free = leftover_free,
	.has = leftover_has,
	.locate = leftover_locate,
};

/* --- opening: whatever is wrong with it, the worst is that something is fetched again */

static struct volume_set *open_bytes(const char *path)
{
	/* Whoever may write to the directory must not lead us to a file elsewhere, or make us wait. */
	CLEANUP(close_file) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	struct volume_set *bytes = volume_set_of_file(fd, (uint64_t)status.st_size, path, false);
	fd = -1;
	return bytes;
}

static void find_blobs(struct leftover_store *leftover)
{
	for (size_t i = 0; i < leftover->layout.digests.count; i++) {
		CLEANUP(error_clear) struct error ignored = ERROR_INIT;
		struct archive_slot *slot = &leftover->layout.slots[i];
		bool has = false;
		/* A plan's sizes are limited: no sum overflows. */
		if (slot->offset + slot->size_bytes > volume_set_size(leftover->bytes))
			break;
		if (archive_has_header(&leftover->layout, leftover->bytes, i, &has, &ignored) < 0 || !has)
			continue;
		slot->status = SLOT_FILLED;
		leftover->filled_bytes += slot->size_bytes;
	}
}

/* NULL if no blob is there. */
static struct blob_store *open_file(const char *path, const struct strbuf *plan)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct leftover_store *leftover = xcalloc(1, sizeof(*leftover));
	CLEANUP(blob_store_freep) struct blob_store *opened = &leftover->store;

	leftover->store.operations = &leftover_operations;
	leftover->store.name = xstrdup(path);
	archive_layout_init(&leftover->layout, true);
	leftover->bytes = open_bytes(path);
	if (!leftover->bytes || archive_plan_parse(&leftover->layout, plan, &ignored) < 0)
		return NULL;
	find_blobs(leftover);
	return leftover->filled_bytes ? steal(&opened) : NULL;
}

struct blob_store *archive_leftover_open(const char *path)
{
	CLEANUP(free_string) char *file_path = xasprintf("%s" LEFTOVER_SUFFIX, path);
	CLEANUP(free_string) char *plan_path = xasprintf("%s" LEFTOVER_PLAN_SUFFIX, path);
	CLEANUP(strbuf_release) struct strbuf plan = STRBUF_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	if (file_read(AT_FDCWD, plan_path, ARCHIVE_PLAN_MAX_SIZE, &plan, &ignored) < 0)
		return NULL;
	return open_file(file_path, &plan);
}

/* --- keeping and removing */

static void tell_given_up(const char *path, struct blob_store *given_up, struct blob_store *kept)
{
	char given_up_size[TEXT_SIZE_LENGTH], kept_size[TEXT_SIZE_LENGTH];

	log_warning("%s: %s that an interrupted run has finished are given up; %s of another one are kept",
		    path, text_format_size(of(given_up)->filled_bytes, given_up_size),
		    text_format_size(of(kept)->filled_bytes, kept_size));
}

int archive_leftover_keep(const struct archive_writer *writer, const struct strbuf *plan, struct error *err)
{
	CLEANUP(free_string) char *file_path = xasprintf("%s" LEFTOVER_SUFFIX, writer->path);
	CLEANUP(free_string) char *plan_path = xasprintf("%s" LEFTOVER_PLAN_SUFFIX, writer->path);
	CLEANUP(blob_store_freep) struct blob_store *left = open_file(writer->partial_path, plan);
	CLEANUP(blob_store_freep) struct blob_store *kept = archive_leftover_open(writer->path);

	if (!left)
		return 0;
	if (kept && of(kept)->filled_bytes > of(left)->filled_bytes) {
		tell_given_up(writer->path, left, kept);
		return 0;
	}
	if (kept)
		tell_given_up(writer->path, kept, left);
	if (file_replace(AT_FDCWD, plan_path, plan->buf, plan->len, 0644, err) < 0)
		return -1;
	if (rename(writer->partial_path, file_path) < 0)
		return error_set_errno(err, "%s", file_path);
	return 0;
}

int archive_leftover_remove(const char *path, struct error *err)
{
	static const char *const suffixes[] = {LEFTOVER_SUFFIX, LEFTOVER_PLAN_SUFFIX};

	for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
		CLEANUP(free_string) char *name = xasprintf("%s%s", path, suffixes[i]);
		if (unlink(name) < 0 && errno != ENOENT)
			return error_set_errno(err, "%s", name);
	}
	return 0;
}
