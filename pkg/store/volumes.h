/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of an archive as one row, whatever files hold them. Everything that reads an archive (or a
 * tar, or a single blob file) does it through this, so that several volumes can stand behind it.
 *
 * Any number of threads may read from one set.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct volume_set;

/* Opens a regular file for reading; a symbolic link to one is fine. ERROR_NOT_FOUND if there is none. */
int volume_set_open(struct volume_set **set, const char *path, struct error *err) MUST_CHECK;
/* Of an open file, whose descriptor it takes; `name` is for messages. */
struct volume_set *volume_set_of_file(int fd, uint64_t size_bytes, const char *name);
void volume_set_free(struct volume_set *set);
void volume_set_freep(struct volume_set **set);

uint64_t volume_set_size(const struct volume_set *set);

/* Up to `length` bytes; 0 at the end. */
ssize_t volume_set_read(const struct volume_set *set, uint64_t offset, void *data, size_t length,
			struct error *err) MUST_CHECK;
/* Exactly `length` bytes; ERROR_DIGEST if the row ends before. */
int volume_set_read_all(const struct volume_set *set, uint64_t offset, void *data, size_t length,
			struct error *err) MUST_CHECK;
