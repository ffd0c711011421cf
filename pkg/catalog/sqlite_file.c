/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/sqlite_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* What SQLite allocates for an open file. */
struct open_file {
	sqlite3_file base;
	int fd;
};

static int close_database(sqlite3_file *file)
{
	(void)file;
	return SQLITE_OK;
}

static int read_database(sqlite3_file *file, void *data, int length, sqlite3_int64 offset)
{
	int fd = ((struct open_file *)file)->fd;
	char *at = data;

	while (length > 0) {
		ssize_t result = pread(fd, at, (size_t)length, offset);
		if (result < 0 && errno == EINTR)
			continue;
		if (result < 0)
			return SQLITE_IOERR_READ;
		if (!result) {
			memset(at, 0, (size_t)length);
			return SQLITE_IOERR_SHORT_READ;
		}
		at += result;
		length -= (int)result;
		offset += result;
	}
	return SQLITE_OK;
}

static int write_nothing(sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
	(void)file, (void)data, (void)length, (void)offset;
	return SQLITE_READONLY;
}

static int truncate_nothing(sqlite3_file *file, sqlite3_int64 size)
{
	(void)file, (void)size;
	return SQLITE_READONLY;
}

static int database_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct stat status;

	if (fstat(((struct open_file *)file)->fd, &status) < 0)
		return SQLITE_IOERR_FSTAT;
	*size = status.st_size;
	return SQLITE_OK;
}

/* Nobody else can have the file: locks and syncs have nothing to do. */
static int accept(sqlite3_file *file, int level)
{
	(void)file, (void)level;
	return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *result)
{
	(void)file;
	*result = 0;
	return SQLITE_OK;
}

static int control(sqlite3_file *file, int operation, void *argument)
{
	(void)file, (void)operation, (void)argument;
	return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *file)
{
	(void)file;
	return 4096;
}

static int characteristics(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_database,
	.xRead = read_database,
	.xWrite = write_nothing,
	.xTruncate = truncate_nothing,
	.xSync = accept,
	.xFileSize = database_size,
	.xLock = accept,
	.xUnlock = accept,
	.xCheckReservedLock = is_reserved,
	.xFileControl = control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

static int open_database(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	const struct sqlite_file *owner = vfs->pAppData;
	struct open_file *open = (struct open_file *)file;

	(void)name;
	*open = (struct open_file){.fd = owner->fd};
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN;
	open->base.pMethods = &methods;
	if (out_flags)
		*out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
	return SQLITE_OK;
}

static int delete_nothing(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs, (void)name, (void)sync;
	return SQLITE_OK;
}

static int find_nothing(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
	(void)vfs, (void)name, (void)flags;
	*result = 0;
	return SQLITE_OK;
}

static int keep_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	sqlite3_snprintf(size, out, "%s", name);
	return SQLITE_OK;
}

static int register_vfs(struct sqlite_file *file, struct error *err)
{
	const sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (!system)
		return error_set(err, ERROR_IO, "SQLite has no access to files");
	file->name = xasprintf("airlift-%d", file->fd);
	file->vfs = *system;
	file->vfs.iVersion = 1;
	file->vfs.szOsFile = (int)sizeof(struct open_file);
	file->vfs.pNext = NULL;
	file->vfs.zName = file->name;
	file->vfs.pAppData = file;
	file->vfs.xOpen = open_database;
	file->vfs.xDelete = delete_nothing;
	file->vfs.xAccess = find_nothing;
	file->vfs.xFullPathname = keep_name;
	if (sqlite3_vfs_register(&file->vfs, 0) == SQLITE_OK)
		return 0;
	free(steal(&file->name));
	return error_set(err, ERROR_IO, "SQLite does not take a file");
}

int sqlite_file_open(struct sqlite_file *file, int fd, struct error *err)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	*file = (struct sqlite_file){.fd = fd};
	if (register_vfs(file, err) < 0)
		return -1;
	if (sqlite3_open_v2("catalog", &file->database, flags, file->name) == SQLITE_OK)
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(sqlite3_errmsg(file->database));
	return error_set(err, ERROR_INVALID, "%s", shown);
}

void sqlite_file_release(struct sqlite_file *file)
{
	sqlite3_close(file->database);
	if (file->name)
		sqlite3_vfs_unregister(&file->vfs);
	free(file->name);
	*file = (struct sqlite_file){.fd = -1};
}
