/* SPDX-License-Identifier: Apache-2.0 */
/* Where the files for the cluster go: --to-manifests, or a directory made anew. Private to this module. */
#pragma once

#include "cluster/manifests_directory.h"
#include "operation/catalog_files.h"
#include "operation/outcome.h"

/* Before anything is moved: can they be written there? */
int cluster_directory_check(const struct naming_options *options, struct error *err) MUST_CHECK;

/* The same for another directory (NULL: the current one), which `flag` names. */
int cluster_directory_check_path(const char *path, const char *flag, struct error *err) MUST_CHECK;

/* Into --to-manifests (or the directory `subdirectory` of it, if that is not NULL), or else into
 * "<stem>-<unix time>" in the current directory. Adds the directory to the outcome. */
int cluster_directory_write(const struct naming_options *options, const char *stem, const char *subdirectory,
			    const struct cluster_files *files, struct outcome *outcome,
			    struct error *err) MUST_CHECK;
