/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside an image, compared as text alone. For the modules that choose files too. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* The longest path that an entry may have, in bytes. */
#define LAYER_MAX_PATH 4096

/*
 * "./a//b/", "/a/b" and "a/b" become "a/b"; "/" and "." become "" (the root). A ".." is ERROR_INVALID
 * wherever it stands: no tool that makes layers writes one. The caller frees the result.
 */
int layer_path_clean(char **clean, const char *path, struct error *err) MUST_CHECK;

/*
 * Where a symbolic link leads, as a clean path: relative to the directory of the link's own clean path,
 * or from the root of the image if the text begins with '/'. Here ".." is allowed; what climbs above
 * the root stays there, as in a container. The caller frees the result.
 */
char *layer_path_resolve(const char *link, const char *target);

/* Whether a clean path is `directory` itself or lies below it; everything lies below "". */
bool layer_path_is_within(const char *path, const char *directory);
