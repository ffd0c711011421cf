/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

char *path_nearest_existing(const char *path)
{
	CLEANUP(free_string) char *nearest = xstrdup(path);

	while (access(nearest, F_OK) != 0) {
		char *slash = strrchr(nearest, '/');

		if (!slash)
			return xstrdup(".");
		if (slash == nearest)
			return xstrdup("/");
		*slash = '\0';
	}
	return steal(&nearest);
}

int file_open(int directory_fd, const char *path, struct error *err)
{
	int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "%s: no such file", path);
	return error_set_errno(err, "%s", path);
}

static int read_all(int fd, const char *path, size_t limit, struct strbuf *out, struct error *err)
{
	size_t start = out->len;

	for (;;) {
		strbuf_grow(out, 65536);
		ssize_t got = read(fd, out->buf + out->len, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "%s", path);
		if (!got)
			return 0;
		strbuf_set_length(out, out->len + (size_t)got);
		if (out->len - start > limit)
			return error_set(err, ERROR_INVALID, "%s: larger than %zu bytes", path, limit);
	}
}

int file_read(int directory_fd, const char *path, size_t limit, struct strbuf *out, struct error *err)
{
	CLEANUP(close_file) int fd = file_open(directory_fd, path, err);
	size_t start = out->len;

	if (fd < 0)
		return -1;
	if (read_all(fd, path, limit, out, err) == 0)
		return 0;
	strbuf_set_length(out, start);
	return -1;
}

int file_write_all(int fd, const void *data, size_t length, const char *name, struct error *err)
{
	const char *rest = data;

	while (length) {
		ssize_t written = write(fd, rest, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set_errno(err, "%s", name);
		rest += written;
		length -= (size_t)written;
	}
	return 0;
}

int file_pwrite_all(int fd, const void *data, size_t length, uint64_t offset, const char *name,
		    struct error *err)
{
	const char *rest = data;

	while (length) {
		ssize_t written = pwrite(fd, rest, length, (off_t)offset);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set_errno(err, "%s", name);
		rest += written;
		offset += (uint64_t)written;
		length -= (size_t)written;
	}
	return 0;
}

char *path_parent(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length && path[length - 1] != '/')
		length--;
	if (!length)
		return xstrdup(".");
	while (length > 1 && path[length - 1] == '/')
		length--;
	return xstrndup(path, length);
}

int directory_sync(int fd, const char *name, struct error *err)
{
	/* Some file systems cannot sync a directory, and need not. */
	if (fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP)
		return error_set_errno(err, "%s", name);
	return 0;
}

int directory_sync_parent(int directory_fd, const char *path, struct error *err)
{
	CLEANUP(free_string) char *parent = path_parent(path);
	CLEANUP(close_file) int fd = directory_open(directory_fd, parent, err);

	return fd < 0 ? -1 : directory_sync(fd, parent, err);
}

int file_replace(int directory_fd, const char *path, const void *data, size_t length, mode_t mode,
		 struct error *err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return error_set_errno(err, "random number");
	CLEANUP(free_string) char *temporary = xasprintf("%s.%016" PRIx64 ".tmp", path, number);
	CLEANUP(close_file) int fd =
		openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return error_set_errno(err, "%s", path);
	if (file_write_all(fd, data, length, path, err) < 0)
		goto remove;
	if (fsync(fd) < 0 || renameat(directory_fd, temporary, directory_fd, path) < 0) {
		error_set_errno(err, "%s", path);
		goto remove;
	}
	return directory_sync_parent(directory_fd, path, err);
remove:
	unlinkat(directory_fd, temporary, 0);
	return -1;
}

int directory_create_all(const char *path, mode_t mode, struct error *err)
{
	CLEANUP(free_string) char *partial = xstrdup(path);
	char *slash = *partial ? strchr(partial + 1, '/') : NULL;

	for (; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return error_set_errno(err, "%s", partial);
		*slash = '/';
	}
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return error_set_errno(err, "%s", path);
	struct stat status;
	if (stat(path, &status) < 0)
		return error_set_errno(err, "%s", path);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_IO, "%s: is not a directory", path);
	return 0;
}

int directory_open(int directory_fd, const char *path, struct error *err)
{
	int fd = openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "%s: no such directory", path);
	return error_set_errno(err, "%s", path);
}

static int remove_entries(int fd, const char *path, struct error *err)
{
	CLEANUP(close_directory) DIR *directory = fdopendir(fd);

	if (!directory) {
		close(fd);
		return error_set_errno(err, "%s", path);
	}
	for (struct dirent *entry; errno = 0, (entry = readdir(directory));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (directory_remove_all(dirfd(directory), entry->d_name, err) < 0)
			return error_wrap(err, "%s", path);
	}
	return errno ? error_set_errno(err, "%s", path) : 0;
}

int directory_remove_all(int directory_fd, const char *path, struct error *err)
{
	if (unlinkat(directory_fd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_set_errno(err, "%s", path);
	int fd = openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, "%s", path);
	if (remove_entries(fd, path, err) < 0)
		return -1;
	if (unlinkat(directory_fd, path, AT_REMOVEDIR) < 0)
		return error_set_errno(err, "%s", path);
	return 0;
}

int file_open_unnamed(const char *directory, struct error *err)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* Some file systems know no unnamed files: make one with a name and take the name away. */
	CLEANUP(free_string) char *name = xasprintf("%s/unnamed-XXXXXX", directory);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, "%s", directory);
	unlink(name);
	return fd;
}

int file_system_space(const char *path, uint64_t *free_bytes, struct error *err)
{
	struct statvfs status;

	if (statvfs(path, &status) < 0)
		return error_set_errno(err, "%s", path);
	if (__builtin_mul_overflow((uint64_t)status.f_bavail, (uint64_t)status.f_frsize, free_bytes))
		*free_bytes = UINT64_MAX;
	return 0;
}

int file_lock_take(struct file_lock *lock, const char *path, struct error *err)
{
	struct stat opened, named;

	/* Whoever held it may have removed the name between our open and our lock: then try anew. */
	for (int attempt = 0; attempt < 100; attempt++) {
		CLEANUP(close_file) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return error_set_errno(err, "%s", path);
		int locked = flock(fd, LOCK_EX | LOCK_NB);
		if (locked < 0 && errno == EWOULDBLOCK)
			return error_set(err, ERROR_BUSY, "%s: another run holds this lock", path);
		if (locked < 0 || fstat(fd, &opened) < 0)
			return error_set_errno(err, "%s", path);
		if (stat(path, &named) < 0 || opened.st_ino != named.st_ino || opened.st_dev != named.st_dev)
			continue;
		lock->fd = fd;
		fd = -1;
		lock->path = xstrdup(path);
		return 0;
	}
	return error_set(err, ERROR_BUSY, "%s: another run holds this lock", path);
}

void file_lock_release(struct file_lock *lock)
{
	if (lock->fd < 0)
		return;
	unlink(lock->path);
	close_file(&lock->fd);
	free(steal(&lock->path));
}
