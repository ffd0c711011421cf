/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/manifests_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cluster/catalog_source.h"

#define DIRECTORY_MODE 0755
#define FILE_MODE 0644
/* Seconds to go ahead when names are taken. */
#define MAX_NAMES_TRIED 1000

void cluster_files_release(struct cluster_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].name);
		strbuf_release(&files->items[i].bytes);
	}
	free(files->items);
	*files = (struct cluster_files)CLUSTER_FILES_INIT;
}

struct strbuf *cluster_files_add(struct cluster_files *files, const char *name)
{
	array_grow(files->items, files->count, files->allocated);
	struct cluster_file *file = &files->items[files->count++];
	*file = (struct cluster_file){.name = xstrdup(name), .bytes = STRBUF_INIT};
	return &file->bytes;
}

void cluster_files_add_lines(struct cluster_files *files, const char *name, const struct strvec *lines)
{
	CLEANUP(strvec_release) struct strvec sorted = STRVEC_INIT;
	struct strbuf *out = cluster_files_add(files, name);

	for (size_t i = 0; i < lines->count; i++)
		strvec_push(&sorted, lines->items[i]);
	strvec_sort_unique(&sorted);
	for (size_t i = 0; i < sorted.count; i++)
		strbuf_addf(out, "%s\n", sorted.items[i]);
	files->items[files->count - 1].is_absent = !sorted.count;
}

/* Whether a file has exactly these bytes; one that cannot be read has not. */
static bool has_bytes(int directory_fd, const struct cluster_file *file)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct stat status;

	/* Nothing but a regular file is opened: a named pipe would never answer. */
	if (fstatat(directory_fd, file->name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size != file->bytes.len)
		return false;
	return file_read(directory_fd, file->name, file->bytes.len, &bytes, &ignored) == 0 &&
	       bytes.len == file->bytes.len && memcmp(bytes.buf, file->bytes.buf, bytes.len) == 0;
}

static size_t count_present(const struct cluster_files *files)
{
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++)
		count += !files->items[i].is_absent;
	return count;
}

static bool count_entries(int directory_fd, size_t *count)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	CLEANUP(close_directory) DIR *directory = fdopendir(fd);
	if (!directory) {
		close(fd);
		return false;
	}

	*count = 0;
	for (const struct dirent *entry; (entry = readdir(directory));)
		*count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	return true;
}

/* Whether a directory holds the files, and nothing else. */
static bool directory_equals(const char *path, const struct cluster_files *files)
{
	CLEANUP(close_file) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t count = 0;

	if (fd < 0 || !count_entries(fd, &count) || count != count_present(files))
		return false;
	for (size_t i = 0; i < files->count; i++) {
		if (!files->items[i].is_absent && !has_bytes(fd, &files->items[i]))
			return false;
	}
	return true;
}

/* The number behind the prefix; false if there is anything else. */
static bool parse_suffix(const char *name, const char *prefix, uint64_t *number)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	return text_starts_with(name, prefix) &&
	       text_parse_number(name + strlen(prefix), INT64_MAX, number, &ignored) == 0;
}

/* The entry of `base` that has the prefix and the largest number; NULL if there is none. */
static int find_newest(const char *base, const char *prefix, char **newest, struct error *err)
{
	CLEANUP(close_directory) DIR *directory = opendir(base);
	CLEANUP(free_string) char *found = NULL;
	uint64_t largest = 0;

	if (!directory)
		return error_set_errno(err, "%s", base);
	for (const struct dirent *entry; (entry = readdir(directory));) {
		uint64_t number = 0;
		if (!parse_suffix(entry->d_name, prefix, &number) || (found && number <= largest))
			continue;
		free(found);
		found = xstrdup(entry->d_name);
		largest = number;
	}
	*newest = steal(&found);
	return 0;
}

static int write_files(int directory_fd, const struct cluster_files *files, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct cluster_file *file = &files->items[i];
		if (!file->is_absent && file_replace(directory_fd, file->name, file->bytes.buf,
						     file->bytes.len, FILE_MODE, err) < 0)
			return -1;
	}
	return 0;
}

/* The whole directory under a name of its own; what an interrupted run left there goes away. */
static int prepare(int base_fd, const char *temporary, const struct cluster_files *files, struct error *err)
{
	if (directory_remove_all(base_fd, temporary, err) < 0)
		return -1;
	if (mkdirat(base_fd, temporary, DIRECTORY_MODE) < 0)
		return error_set_errno(err, "%s", temporary);
	CLEANUP(close_file) int fd = directory_open(base_fd, temporary, err);
	if (fd < 0 || write_files(fd, files, err) < 0)
		return -1;
	return 0;
}

/* rename() that never replaces; a file system that cannot promise that is looked at first. Returns 0,
 * 1 if the name is taken, -1. */
static int rename_new(int base_fd, const char *from, const char *to, struct error *err)
{
	struct stat status;

	if (renameat2(base_fd, from, base_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return 1;
	if (errno != EINVAL && errno != ENOSYS)
		return error_set_errno(err, "%s", to);
	if (fstatat(base_fd, to, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (renameat(base_fd, from, base_fd, to) < 0)
		return error_set_errno(err, "%s", to);
	return 0;
}

static int publish(int base_fd, const char *temporary, const char *prefix, time_t now, char **name,
		   struct error *err)
{
	for (unsigned i = 0; i < MAX_NAMES_TRIED; i++) {
		CLEANUP(free_string) char *candidate = xasprintf("%s%" PRId64, prefix, (int64_t)now + i);
		int result = rename_new(base_fd, temporary, candidate, err);
		if (result < 0)
			return -1;
		if (result == 0) {
			*name = steal(&candidate);
			return 0;
		}
	}
	return error_set(err, ERROR_IO,
			 "%s%" PRId64 ": the names of this and the next %d seconds are "
			 "taken; remove old directories",
			 prefix, (int64_t)now, MAX_NAMES_TRIED);
}

static int prepare_and_publish(const char *base, const char *prefix, time_t now,
			       const struct cluster_files *files, char **name, struct error *err)
{
	CLEANUP(free_string) char *temporary = xasprintf(".%spartial", prefix);
	CLEANUP(close_file) int base_fd = directory_open(AT_FDCWD, base, err);
	if (base_fd < 0)
		return -1;

	if (prepare(base_fd, temporary, files, err) < 0 ||
	    publish(base_fd, temporary, prefix, now, name, err) < 0) {
		CLEANUP(error_clear) struct error ignored = ERROR_INIT;
		(void)!directory_remove_all(base_fd, temporary, &ignored);
		return -1;
	}
	return directory_sync(base_fd, base, err);
}

static char *join_path(const char *base, const char *name)
{
	return strcmp(base, ".") == 0 ? xstrdup(name) : xasprintf("%s/%s", base, name);
}

int manifests_directory_create(const char *base, const char *stem, time_t now,
			       const struct cluster_files *files, char **path, bool *is_new,
			       struct error *err)
{
	CLEANUP(free_string) char *safe_stem = cluster_object_name(stem);
	CLEANUP(free_string) char *prefix = xasprintf("%s-", safe_stem);
	CLEANUP(free_string) char *newest = NULL;
	CLEANUP(free_string) char *name = NULL;

	if (find_newest(base, prefix, &newest, err) < 0)
		return -1;
	if (newest) {
		CLEANUP(free_string) char *newest_path = join_path(base, newest);
		if (directory_equals(newest_path, files)) {
			*path = steal(&newest_path);
			*is_new = false;
			return 0;
		}
	}
	if (prepare_and_publish(base, prefix, now, files, &name, err) < 0)
		return error_wrap(err, "%s", base);
	*path = join_path(base, name);
	*is_new = true;
	return 0;
}

/* --- a directory that the user has named */

static int update_file(int fd, const struct cluster_file *file, bool *is_changed, struct error *err)
{
	if (file->is_absent) {
		if (unlinkat(fd, file->name, 0) == 0)
			*is_changed = true;
		else if (errno != ENOENT)
			return error_set_errno(err, "%s", file->name);
		return 0;
	}
	if (has_bytes(fd, file))
		return 0;
	*is_changed = true;
	return file_replace(fd, file->name, file->bytes.buf, file->bytes.len, FILE_MODE, err);
}

static int update_files(int fd, const struct cluster_files *files, bool *is_changed, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		if (update_file(fd, &files->items[i], is_changed, err) < 0)
			return -1;
	}
	return 0;
}

/* "a/b/c/" -> "c" */
static char *last_component(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	CLEANUP(free_string) char *trimmed = xstrndup(path, length);
	const char *slash = strrchr(trimmed, '/');
	return xstrdup(slash ? slash + 1 : trimmed);
}

static int make_named(const char *path, const struct cluster_files *files, struct error *err)
{
	CLEANUP(free_string) char *parent = path_parent(path);
	CLEANUP(free_string) char *name = last_component(path);

	if (directory_create_all(parent, DIRECTORY_MODE, err) < 0)
		return -1;
	CLEANUP(close_file) int base_fd = directory_open(AT_FDCWD, parent, err);
	if (base_fd < 0)
		return -1;

	CLEANUP(free_string) char *temporary = xasprintf(".%s.partial", name);
	int result =
		prepare(base_fd, temporary, files, err) < 0 ? -1 : rename_new(base_fd, temporary, name, err);
	if (result == 0)
		return directory_sync(base_fd, parent, err);
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	(void)!directory_remove_all(base_fd, temporary, &ignored);
	if (result > 0)
		return error_set(err, ERROR_IO,
				 "another run has made it at the same time; run the "
				 "command again");
	return -1;
}

int manifests_directory_fill(const char *path, const struct cluster_files *files, bool *is_changed,
			     struct error *err)
{
	CLEANUP(close_file) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*is_changed = false;
	if (fd < 0 && errno != ENOENT)
		return error_set_errno(err, "%s", path);
	if (fd < 0)
		*is_changed = true;
	int result = fd < 0 ? make_named(path, files, err) : update_files(fd, files, is_changed, err);
	return result < 0 ? error_wrap(err, "%s", path) : 0;
}
