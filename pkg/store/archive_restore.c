/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/archive_store.h"
#include "store/archive_writer.h"

struct leftovers {
	char *sidecar_path;
	char *partial_path;
	char *plan_path;
	bool is_sidecar_wrong;
	bool has_plan; /* of a file that has become the archive */
};

static void release_leftovers(struct leftovers *leftovers)
{
	free_string(&leftovers->sidecar_path);
	free_string(&leftovers->partial_path);
	free_string(&leftovers->plan_path);
}

static int read_text(const char *path, struct strbuf *text, struct error *err)
{
	CLEANUP(archive_store_freep) struct archive_store *archive = NULL;

	if (archive_store_open_records(&archive, path, err) < 0)
		return -1;
	const struct archive_trailer *trailer = &archive->trailer;
	size_t length = (size_t)trailer->records_size;
	strbuf_grow(text, length);
	if (volume_set_read_all(archive->bytes, trailer->records_offset, text->buf, length, err) < 0)
		return -1;
	strbuf_set_length(text, length);
	return 0;
}

static int look(struct leftovers *leftovers, const struct strbuf *text, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf sidecar = STRBUF_INIT;

	/* A longer one is another one. */
	int result = file_read(AT_FDCWD, leftovers->sidecar_path, text->len, &sidecar, err);
	if (result < 0 && !error_is(err, ERROR_NOT_FOUND) && !error_is(err, ERROR_INVALID))
		return -1;
	error_clear(err);
	leftovers->is_sidecar_wrong =
		result < 0 || sidecar.len != text->len || memcmp(sidecar.buf, text->buf, text->len) != 0;
	leftovers->has_plan =
		access(leftovers->plan_path, F_OK) == 0 && access(leftovers->partial_path, F_OK) < 0;
	return 0;
}

static int clear_up(const struct leftovers *leftovers, const char *path, const struct strbuf *text,
		    struct error *err)
{
	if (leftovers->is_sidecar_wrong &&
	    file_replace(AT_FDCWD, leftovers->sidecar_path, text->buf, text->len, 0644, err) < 0)
		return -1;
	if (!leftovers->has_plan)
		return 0;
	if (archive_leftover_remove(path, err) < 0)
		return -1;
	/* Last, since it is what tells that there is something to do. */
	if (unlink(leftovers->plan_path) < 0 && errno != ENOENT)
		return error_set_errno(err, "%s", leftovers->plan_path);
	return 0;
}

int archive_restore_index(const char *path, struct error *err)
{
	CLEANUP(free_string) char *lock_path = xasprintf("%s.lock", path);
	CLEANUP(file_lock_release) struct file_lock lock = FILE_LOCK_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(release_leftovers)
	struct leftovers leftovers = {
		.sidecar_path = xasprintf("%s.index.json", path),
		.partial_path = xasprintf("%s.partial", path),
		.plan_path = xasprintf("%s.plan", path),
	};

	if (read_text(path, &text, err) < 0 || look(&leftovers, &text, err) < 0)
		return -1;
	if (!leftovers.is_sidecar_wrong && !leftovers.has_plan)
		return 0;
	if (file_lock_take(&lock, lock_path, err) < 0)
		return error_wrap(err, "%s", path);
	/* Somebody may have finished meanwhile. */
	strbuf_reset(&text);
	if (read_text(path, &text, err) < 0 || look(&leftovers, &text, err) < 0)
		return -1;
	return clear_up(&leftovers, path, &text, err);
}
