/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that lie in a directory. */
#include "cluster/policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"

/* A cluster takes objects of about 1 MiB; a file may hold a few. */
#define MAX_FILE_SIZE_BYTES (16 * 1024 * 1024)
#define MAX_FILES 1000

static bool is_policy_file(const char *name)
{
	return name[0] != '.' && (text_ends_with(name, ".yaml") || text_ends_with(name, ".yml") ||
				  text_ends_with(name, ".json"));
}

static int list_files(const char *path, struct strvec *names, struct error *err)
{
	CLEANUP(close_directory) DIR *directory = opendir(path);
	if (!directory)
		return error_set_errno(err, "%s", path);

	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);
		if (!entry)
			break;
		if (!is_policy_file(entry->d_name))
			continue;
		if (names->count == MAX_FILES)
			return error_set(err, ERROR_INVALID, "%s: has more than %d policy files", path,
					 MAX_FILES);
		strvec_push(names, entry->d_name);
	}
	if (errno)
		return error_set_errno(err, "%s", path);
	strvec_sort_unique(names);
	return 0;
}

static int merge_file(struct policy *policy, enum policy_kind kind, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	/* JSON is YAML here: the reader takes both. */
	if (file_read(AT_FDCWD, path, MAX_FILE_SIZE_BYTES, &bytes, err) < 0 ||
	    document_parse_yaml(&document, path, bytes.buf, bytes.len, err) < 0)
		return -1;
	return policy_merge_document(policy, kind, document, err);
}

int policy_merge_directory(struct policy *policy, enum policy_kind kind, const char *path, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	if (list_files(path, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(free_string) char *file = xasprintf("%s/%s", path, names.items[i]);
		if (merge_file(policy, kind, file, err) < 0)
			return -1;
	}
	return 0;
}
