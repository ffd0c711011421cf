/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/manifest_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "oci/manifest.h"

struct manifest_cache {
	int directory_fd;
	char *path;
};

int manifest_cache_open(struct manifest_cache **cache, const char *directory, struct error *err)
{
	CLEANUP(free_string) char *path = xasprintf("%s/manifests", directory);

	if (directory_create_all(path, 0700, err) < 0)
		return -1;
	int fd = directory_open(AT_FDCWD, path, err);
	if (fd < 0)
		return -1;
	*cache = xcalloc(1, sizeof(**cache));
	(*cache)->directory_fd = fd;
	(*cache)->path = steal(&path);
	return 0;
}

void manifest_cache_free(struct manifest_cache *cache)
{
	if (!cache)
		return;
	close_file(&cache->directory_fd);
	free(cache->path);
	free(cache);
}

void manifest_cache_freep(struct manifest_cache **cache)
{
	manifest_cache_free(*cache);
}

bool manifest_cache_read(struct manifest_cache *cache, const struct digest *digest, struct strbuf *bytes)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	char name[DIGEST_HEX_LENGTH + 1];
	size_t start = bytes->len;
	struct digest found;

	if (file_read(cache->directory_fd, digest_format_hex(digest, name), OCI_MAX_MANIFEST_SIZE, bytes,
		      &ignored) == 0) {
		digest_of(bytes->buf + start, bytes->len - start, &found);
		if (digest_equal(&found, digest))
			return true;
	}
	strbuf_set_length(bytes, start);
	return false;
}

/* Written under a name of this thread and renamed: a reader sees all or nothing. Not synced: what a
 * power cut leaves behind is found out by its digest. */
int manifest_cache_write(struct manifest_cache *cache, const struct digest *digest, const void *bytes,
			 size_t length, struct error *err)
{
	char name[DIGEST_HEX_LENGTH + 1];
	CLEANUP(free_string) char *temporary = xasprintf("%s.%d.%ld.tmp", digest_format_hex(digest, name),
							 (int)getpid(), (long)syscall(SYS_gettid));
	CLEANUP(close_file) int fd = openat(cache->directory_fd, temporary,
					    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_set_errno(err, "%s/%s", cache->path, temporary);
	if (file_write_all(fd, bytes, length, cache->path, err) < 0) {
		unlinkat(cache->directory_fd, temporary, 0);
		return -1;
	}
	if (renameat(cache->directory_fd, temporary, cache->directory_fd, name) < 0)
		return error_set_errno(err, "%s/%s", cache->path, name);
	return 0;
}
