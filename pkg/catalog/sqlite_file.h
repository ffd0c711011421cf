/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: SQLite on an open file.
 *
 * SQLite resolves names, so a file without one cannot be opened through /proc/self/fd (the link's text is
 * a name that no longer exists). Instead this gives it a VFS (sqlite.org/vfs.html) that knows one file,
 * reads it by its descriptor, and opens nothing else: no journal, no temporary file, no attachment.
 */
#pragma once

#include <sqlite3.h>

#include "base/error.h"

struct sqlite_file {
	sqlite3_vfs vfs; /* a copy of the default one with our functions; registered while this is open */
	char *name;
	int fd; /* borrowed */
	sqlite3 *database;
};

/* Opens the database for reading. Release it also after an error; the struct must not move. */
int sqlite_file_open(struct sqlite_file *file, int fd, struct error *err) MUST_CHECK;
void sqlite_file_release(struct sqlite_file *file);
