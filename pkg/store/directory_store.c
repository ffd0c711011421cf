/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/text.h"
#include "store/blob_store.h"
#include "store/layout_index.h"

/* How long another process may hold index.json. */
#define LOCK_ATTEMPTS 200
#define LOCK_PAUSE_MS 50

struct directory_store {
	struct blob_store store;
	char *path;
	enum directory_mode mode;
	int fd;
	int blobs_fd;               /* blobs/sha256; -1: there is none (DIRECTORY_READ) */
	bool has_unnamed;           /* files without a name can be made and given one */
	pthread_mutex_t index_lock; /* for index.json and store.images */
};

static struct directory_store *of(struct blob_store *store)
{
	return (struct directory_store *)store;
}

static void directory_free(struct blob_store *store)
{
	struct directory_store *directory = of(store);

	close_file(&directory->fd);
	close_file(&directory->blobs_fd);
	pthread_mutex_destroy(&directory->index_lock);
	free(directory->path);
	blob_store_release(store);
	free(directory);
}

/* --- reading */

static bool directory_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
	const struct directory_store *directory = (const struct directory_store *)store;
	char name[DIGEST_HEX_LENGTH + 1];
	struct stat status;

	return directory->blobs_fd >= 0 &&
	       fstatat(directory->blobs_fd, digest_format_hex(digest, name), &status, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       S_ISREG(status.st_mode) && (uint64_t)status.st_size == size;
}

static int directory_locate(struct blob_store *store, struct blob_reader *reader, struct error *err)
{
	struct directory_store *directory = of(store);
	char name[DIGEST_HEX_LENGTH + 1];
	struct stat status;

	if (directory->blobs_fd < 0)
		return blob_not_found(store, &reader->digest, err);
	digest_format_hex(&reader->digest, name);
	/* A layout comes from outside: a link may lead anywhere, a pipe would block. */
	CLEANUP(close_file)
	int fd = openat(directory->blobs_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return blob_not_found(store, &reader->digest, err);
	if (fd < 0 && errno == ELOOP)
		return error_set(err, ERROR_INVALID, "%s: blob sha256:%s is a symbolic link", store->name,
				 name);
	if ((fd < 0 || fstat(fd, &status) < 0) && directory->mode == DIRECTORY_READ &&
	    volume_is_damage(errno))
		return error_set(err, ERROR_DIGEST,
				 "%s: blob sha256:%s cannot be opened; the medium is damaged", store->name,
				 name);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(err, "%s: blob sha256:%s", store->name, name);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_INVALID, "%s: blob sha256:%s is not a regular file", store->name,
				 name);
	if ((uint64_t)status.st_size != reader->size)
		return blob_wrong_size(store, &reader->digest, (uint64_t)status.st_size, reader->size, err);
	reader->bytes = volume_set_of_file(fd, reader->size, store->name, directory->mode != DIRECTORY_READ);
	reader->owns_bytes = true;
	fd = -1;
	return 0;
}

/* --- writing */

static char *temporary_name(const struct digest *digest, struct error *err)
{
	char name[DIGEST_HEX_LENGTH + 1];
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
		error_set_errno(err, "random number");
		return NULL;
	}
	return xasprintf(".%s.%016" PRIx64 ".tmp", digest_format_hex(digest, name), number);
}

static int directory_create(struct blob_store *store, struct blob_writer *writer, struct error *err)
{
	struct directory_store *directory = of(store);

	if (directory->mode == DIRECTORY_READ)
		return error_set(err, ERROR_INVALID, "%s: is open for reading", store->name);
	if (directory->has_unnamed) {
		writer->fd = openat(directory->blobs_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
		if (writer->fd >= 0)
			return 0;
		if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
			return error_set_errno(err, "%s/blobs/sha256", directory->path);
	}
	CLEANUP(free_string) char *name = temporary_name(&writer->digest, err);
	if (!name)
		return -1;
	writer->fd = openat(directory->blobs_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (writer->fd < 0)
		return error_set_errno(err, "%s/blobs/sha256/%s", directory->path, name);
	writer->temporary = steal(&name);
	return 0;
}

static void directory_abandon(struct blob_store *store, struct blob_writer *writer)
{
	close_file(&writer->fd);
	if (writer->temporary)
		unlinkat(of(store)->blobs_fd, writer->temporary, 0);
}

/* Gives an unnamed file a name that is not taken. */
static int link_file(const struct directory_store *directory, int fd, const char *name)
{
	char source[32];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, source, directory->blobs_fd, name, AT_SYMLINK_FOLLOW);
}

static int publish(struct directory_store *directory, struct blob_writer *writer, struct error *err)
{
	char name[DIGEST_HEX_LENGTH + 1];

	digest_format_hex(&writer->digest, name);
	if (!writer->temporary) {
		if (link_file(directory, writer->fd, name) == 0)
			return 0;
		if (errno != EEXIST)
			return error_set_errno(err, "%s/blobs/sha256/%s", directory->path, name);
		/* What stands there was not verified by us; a link cannot replace it, a rename can. */
		CLEANUP(free_string) char *temporary = temporary_name(&writer->digest, err);
		if (!temporary)
			return -1;
		if (link_file(directory, writer->fd, temporary) < 0)
			return error_set_errno(err, "%s/blobs/sha256/%s", directory->path, temporary);
		writer->temporary = steal(&temporary);
	}
	if (renameat(directory->blobs_fd, writer->temporary, directory->blobs_fd, name) < 0)
		return error_set_errno(err, "%s/blobs/sha256/%s", directory->path, name);
	free(steal(&writer->temporary));
	return 0;
}

static int directory_commit(struct blob_store *store, struct blob_writer *writer, struct error *err)
{
	struct directory_store *directory = of(store);
	int result = 0;

	if (directory->mode == DIRECTORY_WRITE && fsync(writer->fd) < 0)
		result = error_set_errno(err, "%s", directory->path);
	if (result == 0)
		result = publish(directory, writer, err);
	directory_abandon(store, writer);
	return result;
}

int directory_store_remove_blob(struct blob_store *store, const struct digest *digest, struct error *err)
{
	struct directory_store *directory = of(store);
	char name[DIGEST_HEX_LENGTH + 1];

	digest_format_hex(digest, name);
	if (unlinkat(directory->blobs_fd, name, 0) < 0 && errno != ENOENT)
		return error_set_errno(err, "%s/blobs/sha256/%s", directory->path, name);
	return 0;
}

/* --- index.json */

static int read_index(struct directory_store *directory, struct strbuf *text, struct error *err)
{
	if (file_read(directory->fd, LAYOUT_INDEX_FILE, LAYOUT_INDEX_MAX_SIZE, text, err) < 0)
		return error_wrap(err, "%s", directory->path);
	return 0;
}

static int load_images(struct directory_store *directory, const struct strbuf *text, struct error *err)
{
	CLEANUP(free_string) char *name = xasprintf("%s/" LAYOUT_INDEX_FILE, directory->path);
	struct store_image *images = NULL;
	size_t n_images = 0;

	if (layout_index_parse(&images, &n_images, name, text->buf, text->len, err) < 0)
		return -1;
	layout_images_release(directory->store.images, directory->store.n_images);
	directory->store.images = images;
	directory->store.n_images = n_images;
	return 0;
}

static int take_lock(struct directory_store *directory, struct file_lock *lock, struct error *err)
{
	CLEANUP(free_string) char *path = xasprintf("%s/.airlift.lock", directory->path);

	for (int attempt = 1; file_lock_take(lock, path, err) < 0; attempt++) {
		if (!error_is(err, ERROR_BUSY) || attempt == LOCK_ATTEMPTS)
			return -1;
		error_clear(err);
		if (cancel_sleep(LOCK_PAUSE_MS, err) < 0)
			return -1;
	}
	return 0;
}

static int add_image_locked(struct directory_store *directory, const char *name,
			    const struct descriptor *descriptor, struct error *err)
{
	CLEANUP(file_lock_release) struct file_lock lock = FILE_LOCK_INIT;
	CLEANUP(strbuf_release) struct strbuf before = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf after = STRBUF_INIT;

	if (take_lock(directory, &lock, err) < 0 || read_index(directory, &before, err) < 0)
		return -1;
	if (layout_index_add(&after, directory->path, before.buf, before.len, name, descriptor, err) < 0)
		return -1;
	/* The blobs' names must be on the disk before anything points to them. */
	if (fsync(directory->blobs_fd) < 0 && errno != EINVAL)
		return error_set_errno(err, "%s/blobs/sha256", directory->path);
	if (load_images(directory, &after, err) < 0)
		return -1;
	if (file_replace(directory->fd, LAYOUT_INDEX_FILE, after.buf, after.len, 0644, err) < 0)
		return error_wrap(err, "%s", directory->path);
	return 0;
}

int directory_store_add_image(struct blob_store *store, const char *name, const struct descriptor *descriptor,
			      struct error *err)
{
	struct directory_store *directory = of(store);

	pthread_mutex_lock(&directory->index_lock);
	int result = add_image_locked(directory, name, descriptor, err);
	pthread_mutex_unlock(&directory->index_lock);
	return result;
}

/* --- opening */

static int open_subdirectory(int parent_fd, const char *name, bool create)
{
	if (create && mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_blobs(struct directory_store *directory, struct error *err)
{
	bool create = directory->mode != DIRECTORY_READ;
	CLEANUP(close_file) int parent_fd = open_subdirectory(directory->fd, "blobs", create);

	if (parent_fd >= 0)
		directory->blobs_fd = open_subdirectory(parent_fd, "sha256", create);
	if (directory->blobs_fd < 0 && (create || errno != ENOENT))
		return error_set_errno(err, "%s/blobs/sha256", directory->path);
	return 0;
}

static int check_empty(const struct directory_store *directory, struct error *err)
{
	int fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	bool is_empty = true;

	if (!entries) {
		error_set_errno(err, "%s", directory->path);
		close_file(&fd);
		return -1;
	}
	for (struct dirent *entry; is_empty && (entry = readdir(entries));)
		is_empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(entries);
	if (is_empty)
		return 0;
	return error_set(err, ERROR_INVALID,
			 "%s: is neither empty nor an OCI image layout; name another directory",
			 directory->path);
}

/* A new layout: index.json first, since the oci-layout file makes it one. */
static int make_layout(struct directory_store *directory, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf index = STRBUF_INIT;

	if (check_empty(directory, err) < 0)
		return -1;
	layout_index_format(&index, NULL, 0);
	if (file_replace(directory->fd, LAYOUT_INDEX_FILE, index.buf, index.len, 0644, err) < 0 ||
	    file_replace(directory->fd, LAYOUT_FILE, LAYOUT_CONTENT, strlen(LAYOUT_CONTENT), 0644, err) < 0)
		return error_wrap(err, "%s", directory->path);
	return 0;
}

static int check_layout(struct directory_store *directory, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (file_read(directory->fd, LAYOUT_FILE, 4096, &text, err) == 0)
		return layout_file_check(directory->path, text.buf, text.len, err);
	if (!error_is(err, ERROR_NOT_FOUND))
		return error_wrap(err, "%s", directory->path);
	error_clear(err);
	if (directory->mode == DIRECTORY_WRITE)
		return make_layout(directory, err);
	return error_set(err, ERROR_INVALID, "%s: is not an OCI image layout: it has no file " LAYOUT_FILE,
			 directory->path);
}

static int open_layout(struct directory_store *directory, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf index = STRBUF_INIT;

	if (directory->mode == DIRECTORY_CACHE)
		return 0;
	if (check_layout(directory, err) < 0 || read_index(directory, &index, err) < 0)
		return -1;
	return load_images(directory, &index, err);
}

static const struct blob_store_operations directory_operations = {
	.free = directory_free,
	.has = directory_has,
	.locate = directory_locate,
	.create = directory_create,
	.commit = directory_commit,
	.abandon = directory_abandon,
};

int directory_store_open(struct blob_store **store, const char *path, enum directory_mode mode,
			 struct error *err)
{
	struct directory_store *directory = xcalloc(1, sizeof(*directory));
	CLEANUP(blob_store_freep) struct blob_store *opened = &directory->store;

	*directory = (struct directory_store){
		.store = {.operations = &directory_operations,
			  .name = mode == DIRECTORY_CACHE ? xstrdup(path) : xasprintf("oci:%s", path)},
		.path = xstrdup(path),
		.mode = mode,
		.fd = -1,
		.blobs_fd = -1,
		.has_unnamed = access("/proc/self/fd", X_OK) == 0,
	};
	pthread_mutex_init(&directory->index_lock, NULL);
	if (mode != DIRECTORY_READ && directory_create_all(path, 0755, err) < 0)
		return -1;
	directory->fd = directory_open(AT_FDCWD, path, err);
	if (directory->fd < 0 || open_layout(directory, err) < 0 || open_blobs(directory, err) < 0)
		return -1;
	*store = steal(&opened);
	return 0;
}
