/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module and its tests: shell globs on names and paths, in time that no pattern can make
 * explode (fnmatch makes no such promise).
 *
 * '*' any characters, '?' one UTF-8 character, [a-z] and [^a-z] or [!a-z] classes of characters, '\' takes
 * the next character as it is. A pattern that is malformed matches nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The whole name; neither contains '/'. */
bool glob_match(const char *glob, size_t glob_length, const char *name, size_t name_length);

/*
 * A path, or a directory on the way to it, component by component; "**" as a whole component matches any
 * number of components. directory_only: a match of the whole path does not count.
 */
bool glob_match_path(const char *glob, const char *path, bool directory_only);
