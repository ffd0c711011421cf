/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of files for the cluster, which appears whole or not at all.
 *
 * What is in it is the caller's: a list of names and bytes. Files have mode 0644 and directories 0755,
 * less the umask.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"

struct cluster_file {
	char *name; /* without '/' */
	struct strbuf bytes;
	bool is_absent; /* the directory must not have it: an old one is removed */
};

struct cluster_files {
	struct cluster_file *items;
	size_t count;
	size_t allocated;
};

#define CLUSTER_FILES_INIT {0}

void cluster_files_release(struct cluster_files *files);
/* A new file; the caller fills the buffer before it adds another. */
struct strbuf *cluster_files_add(struct cluster_files *files, const char *name);
/* One line each, sorted; without lines the file must not be there (missing.txt). */
void cluster_files_add_lines(struct cluster_files *files, const char *name, const struct strvec *lines);

/*
 * Makes "<stem>-<unix time>" in the directory `base`, by rename at the end; '/' in the stem
 * becomes '-'. If the newest one of the same stem has the same files with the same bytes, that one is
 * the result and *is_new false. *path (the caller frees it) is "<base>/<stem>-..."; without "./" in
 * front when base is ".". If the name is taken, the next second is used.
 */
int manifests_directory_create(const char *base, const char *stem, time_t now,
			       const struct cluster_files *files, char **path, bool *is_new,
			       struct error *err) MUST_CHECK;

/*
 * Fills a directory that the user has named. If it does not exist, it is made by rename, its parents
 * before it; if it exists, each file is replaced by itself (only where bytes differ) and files that
 * are not in the list stay. *is_changed: whether anything was written.
 */
int manifests_directory_fill(const char *path, const struct cluster_files *files, bool *is_changed,
			     struct error *err) MUST_CHECK;
