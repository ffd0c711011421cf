/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module and its tests: `.indexignore`, which is gitignore's dialect.
 *
 * A line is a pattern; blank lines and those that begin with '#' are skipped. '!' in front takes back;
 * '/' behind means directories only. A pattern without another '/' is tried on every component below the
 * directory of its file; one with '/' is anchored there, and "**" as a whole component stands for any
 * number of them. A pattern that matches a directory matches all below it. *, ? and [...] do not cross
 * '/'. Of all patterns of all files the last one that matches decides.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ignore_pattern {
	char *directory; /* clean path of the directory of its file, "" for the top */
	char *glob;      /* without '!' and without '/' at the ends */
	bool takes_back;
	bool is_anchored;
	bool directories_only;
};

struct ignore_rules {
	struct ignore_pattern *patterns;
	size_t count;
	size_t allocated;
};

#define IGNORE_RULES_INIT {0}

void ignore_rules_release(struct ignore_rules *rules);
/* Adds the patterns of a file; files are added in the order of a directory walk. */
void ignore_rules_add(struct ignore_rules *rules, const char *directory, const char *text, size_t length);
/* Whether a regular file at this clean path, relative like `directory`, is ignored. */
bool ignore_rules_match(const struct ignore_rules *rules, const char *path);
