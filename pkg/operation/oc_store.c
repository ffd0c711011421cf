/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/oc_store.h"

#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* "v2/olm/index" for "olm/index:v1". */
static char *repository_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return xasprintf("v2/%.*s%.*s", (int)(name - path), path, (int)strcspn(name, ":@"), name);
}

int oc_store_refuse(const struct location *location, struct error *err)
{
	if (location->type != LOCATION_ARCHIVE)
		return 0;
	CLEANUP(free_string) char *inside = repository_directory(location->path);
	CLEANUP(free_string) char *below = xasprintf("%s/v2", location->path);
	if (!is_directory(inside) && !is_directory(below))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(location->text);
	return error_set(err, ERROR_INVALID,
			 "%s: is a file store of oc (a v2/ tree), which airlift does not read; let oc send "
			 "it, or mirror from the registry with airlift into archive:PATH",
			 shown);
}
