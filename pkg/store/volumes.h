/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of an archive as one row, whatever files hold them. Everything that reads an archive (or a
 * tar, or a single blob file) does it through this, so that several volumes can stand behind it.
 *
 * Any number of threads may read from one set.
 *
 * A file that was handed to us may lie on a medium with bad sectors: what cannot be read there is as
 * damaged as what reads wrong (ERROR_DIGEST), and costs no more than that. Our own files are another
 * matter: ERROR_IO.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct volume_set;

/* Opens a regular file for reading; a symbolic link to one is fine. ERROR_NOT_FOUND if there is none. */
int volume_set_open(struct volume_set **set, const char *path, struct error *err) MUST_CHECK;
/* Of an open file, whose descriptor it takes; `name` is for messages; is_own: we have written it, or may. */
struct volume_set *volume_set_of_file(int fd, uint64_t size_bytes, const char *name, bool is_own);
void volume_set_free(struct volume_set *set);

uint64_t volume_set_size(const struct volume_set *set);

/* Whether errno, after an attempt to open or read, tells of a damaged medium. */
bool volume_is_damage(int error_number);

/* Up to `length` bytes; 0 at the end. */
ssize_t volume_set_read(const struct volume_set *set, uint64_t offset, void *data, size_t length,
			struct error *err) MUST_CHECK;
/* Exactly `length` bytes; ERROR_DIGEST if the row ends before. */
int volume_set_read_all(const struct volume_set *set, uint64_t offset, void *data, size_t length,
			struct error *err) MUST_CHECK;
