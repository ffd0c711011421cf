/* SPDX-License-Identifier: Apache-2.0 */
#include "store/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct volume_set {
	int fd;
	uint64_t size_bytes;
	char *name;
	bool is_own;
};

struct volume_set *volume_set_of_file(int fd, uint64_t size_bytes, const char *name, bool is_own)
{
	struct volume_set *set = xmalloc(sizeof(*set));

	*set = (struct volume_set){
		.fd = fd,
		.size_bytes = size_bytes,
		.name = xstrdup(name),
		.is_own = is_own,
	};
	return set;
}

int volume_set_open(struct volume_set **set, const char *path, struct error *err)
{
	/* Without O_NONBLOCK the open of a named pipe would wait for a writer. */
	CLEANUP(close_file) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "%s: no such file", path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(err, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_INVALID, "%s: is not a regular file", path);
	*set = volume_set_of_file(fd, (uint64_t)status.st_size, path, false);
	fd = -1;
	return 0;
}

void volume_set_free(struct volume_set *set)
{
	if (!set)
		return;
	close_file(&set->fd);
	free(set->name);
	free(set);
}

uint64_t volume_set_size(const struct volume_set *set)
{
	return set->size_bytes;
}

/* A bad sector, or a file system whose own checksums are wrong (ext4: EBADMSG; xfs: EUCLEAN). */
bool volume_is_damage(int error_number)
{
	return error_number == EIO || error_number == EBADMSG || error_number == EUCLEAN;
}

static int explain_failure(const struct volume_set *set, uint64_t offset, struct error *err)
{
	int error_number = errno;
	char reason[128];

	if (set->is_own || !volume_is_damage(error_number))
		return error_set_errno(err, "%s: reading at byte %" PRIu64, set->name, offset);
	return error_set(err, ERROR_DIGEST,
			 "%s: cannot be read at byte %" PRIu64 ": %s; the medium is damaged", set->name,
			 offset, strerror_r(error_number, reason, sizeof(reason)));
}

ssize_t volume_set_read(const struct volume_set *set, uint64_t offset, void *data, size_t length,
			struct error *err)
{
	ssize_t got;

	if (offset >= set->size_bytes)
		return 0;
	if (length > set->size_bytes - offset)
		length = (size_t)(set->size_bytes - offset);
	do
		got = pread(set->fd, data, length, (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return explain_failure(set, offset, err);
	return got;
}

int volume_set_read_all(const struct volume_set *set, uint64_t offset, void *data, size_t length,
			struct error *err)
{
	char *rest = data;

	while (length) {
		ssize_t got = volume_set_read(set, offset, rest, length, err);
		if (got < 0)
			return -1;
		if (!got)
			return error_set(err, ERROR_DIGEST, "%s: ends at byte %" PRIu64 ", %zu bytes early",
					 set->name, offset, length);
		rest += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return 0;
}
