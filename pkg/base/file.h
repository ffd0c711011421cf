/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: whole reads and writes, appearing whole or not at all, locks.
 *
 * Paths are relative to a directory descriptor (AT_FDCWD for the current one). Every descriptor is
 * close-on-exec. Messages name the path.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

/* For CLEANUP: closes what an int variable holds, unless it is -1. */
void close_file(int *fd);
/* The same for a directory stream, unless it is NULL. */
void close_directory(DIR **directory);

/* The directory that a path is in, as dirname(3) says: "a/b/" -> "a", "a" -> ".", "/a" -> "/". The caller
 * frees it. */
char *path_parent(const char *path);

/* The path, or as much of it as is there; "." or "/" always is. The caller frees it. */
char *path_nearest_existing(const char *path);

/* Opens for reading; -1 with an error that names the path (ERROR_NOT_FOUND if it does not exist). */
int file_open(int directory_fd, const char *path, struct error *err) MUST_CHECK;

/* Appends a whole file of at most `limit` bytes; a larger one is ERROR_INVALID. `out` is as before
 * after an error. */
int file_read(int directory_fd, const char *path, size_t limit, struct strbuf *out,
	      struct error *err) MUST_CHECK;

/* All of it, whatever the kernel's portions; `name` is for the message. */
int file_write_all(int fd, const void *data, size_t length, const char *name, struct error *err) MUST_CHECK;
int file_pwrite_all(int fd, const void *data, size_t length, uint64_t offset, const char *name,
		    struct error *err) MUST_CHECK;

/* Replaces `path` by a file with these bytes: written under a temporary name beside it, synced,
 * renamed. A reader sees the old or the new file, never a part. */
int file_replace(int directory_fd, const char *path, const void *data, size_t length, mode_t mode,
		 struct error *err) MUST_CHECK;

/* mkdir -p; an existing directory is fine. */
int directory_create_all(const char *path, mode_t mode, struct error *err) MUST_CHECK;
/* Opens a directory for use with the *at functions; -1 with an error. */
int directory_open(int directory_fd, const char *path, struct error *err) MUST_CHECK;
/* Makes the names in a directory durable, after a rename; `name` is for the message. File systems that
 * cannot do that for a directory count as those that have. */
int directory_sync(int fd, const char *name, struct error *err) MUST_CHECK;
/* The same for the directory that `path` is in. */
int directory_sync_parent(int directory_fd, const char *path, struct error *err) MUST_CHECK;
/* rm -r; a missing path is fine. Follows no links. */
int directory_remove_all(int directory_fd, const char *path, struct error *err) MUST_CHECK;

/* An unnamed regular file in the directory that vanishes with its descriptor. */
int file_open_unnamed(const char *directory, struct error *err) MUST_CHECK;

/* Bytes that an unprivileged writer may still put on the file system of an existing path. */
int file_system_space(const char *path, uint64_t *free_bytes, struct error *err) MUST_CHECK;

/*
 * A lock between processes on `path`, which is created and removed again on release. It never
 * waits: when somebody else holds it the error is ERROR_BUSY.
 */
struct file_lock {
	int fd;
	char *path;
};
#define FILE_LOCK_INIT {.fd = -1}
int file_lock_take(struct file_lock *lock, const char *path, struct error *err) MUST_CHECK;
void file_lock_release(struct file_lock *lock);
