/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/cluster_directory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

int cluster_directory_check_path(const char *path, const char *flag, struct error *err)
{
	CLEANUP(free_string) char *place = path_nearest_existing(path ? path : ".");
	struct stat status;

	if (stat(place, &status) == 0 && !S_ISDIR(status.st_mode))
		return error_set(err, ERROR_IO, "%s: is not a directory; the cluster's files need one",
				 place);
	if (access(place, W_OK | X_OK) == 0)
		return 0;
	error_set_errno(err, "%s: the cluster's files cannot be written there",
			path ? path : "the current directory");
	return error_advise(err, "name another place with %s DIR", flag);
}

int cluster_directory_check(const struct naming_options *options, struct error *err)
{
	return cluster_directory_check_path(options->to_manifests, "--to-manifests", err);
}

int cluster_directory_write(const struct naming_options *options, const char *stem, const char *subdirectory,
			    const struct cluster_files *files, struct outcome *outcome, struct error *err)
{
	CLEANUP(free_string) char *path = NULL;
	bool is_new = false;

	if (options->to_manifests) {
		path = subdirectory ? xasprintf("%s/%s", options->to_manifests, subdirectory)
				    : xstrdup(options->to_manifests);
		if (manifests_directory_fill(path, files, &is_new, err) < 0)
			return -1;
	} else if (manifests_directory_create(".", stem, time(NULL), files, &path, &is_new, err) < 0) {
		return -1;
	}
	outcome_add_directory(outcome, path, !is_new);
	return 0;
}
