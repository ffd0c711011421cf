/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the tests of pkg/registry read. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/tap.h"

/* A file in the test directory; the directories above it are made. The caller frees the path. */
static inline char *write_file(const char *name, const char *text, mode_t mode)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char *path = xasprintf("%s/%s", test_directory(), name);
	CLEANUP(free_string) char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	EXPECT_OK(directory_create_all(parent, 0700, &err), &err);
	EXPECT_OK(file_replace(AT_FDCWD, path, text, strlen(text), mode, &err), &err);
	/* Whatever the umask is. */
	EXPECT(chmod(path, mode) == 0);
	return path;
}
