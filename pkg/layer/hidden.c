/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hidden.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum hidden_flags {
	IS_REPLACED = 1,  /* a file or a whiteout: the path and what is below it */
	IS_DIRECTORY = 2, /* what is no directory at this path */
	IS_OPAQUE = 4,    /* what is below the path */
};

void layer_hidden_release(struct layer_hidden *hidden)
{
	map_release(&hidden->paths);
}

static uintptr_t flags_of(const struct layer_hidden *hidden, const char *path)
{
	return (uintptr_t)map_get(&hidden->paths, path);
}

static void add_flags(struct layer_hidden *hidden, const char *path, uintptr_t flags)
{
	uintptr_t before = flags_of(hidden, path);

	if ((before | flags) != before)
		map_set(&hidden->paths, path, (void *)(before | flags));
}

/* Cuts the last component off; false if only the root ("") was left. */
static bool cut_to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (!*path)
		return false;
	*(slash ? slash : path) = '\0';
	return true;
}

static void add_parents(struct layer_hidden *hidden, const char *path)
{
	CLEANUP(free_string) char *parent = xstrdup(path);

	while (cut_to_parent(parent)) {
		/* Where this has been noted, it has been for all directories above. */
		if (flags_of(hidden, parent) & IS_DIRECTORY)
			return;
		add_flags(hidden, parent, IS_DIRECTORY);
	}
}

void layer_hidden_add(struct layer_hidden *hidden, const char *path, bool is_directory)
{
	add_flags(hidden, path, is_directory ? IS_DIRECTORY : IS_REPLACED);
	add_parents(hidden, path);
}

void layer_hidden_add_whiteout(struct layer_hidden *hidden, const char *path)
{
	add_flags(hidden, path, IS_REPLACED);
	add_parents(hidden, path);
}

void layer_hidden_add_opaque(struct layer_hidden *hidden, const char *directory)
{
	add_flags(hidden, directory, IS_OPAQUE | IS_DIRECTORY);
	add_parents(hidden, directory);
}

void layer_hidden_merge(struct layer_hidden *hidden, const struct layer_hidden *other)
{
	const struct map_entry *entry = NULL;

	while ((entry = map_next(&other->paths, entry)))
		add_flags(hidden, entry->key, (uintptr_t)entry->value);
}

bool layer_hidden_covers(const struct layer_hidden *hidden, const char *path, bool is_directory)
{
	uintptr_t flags = flags_of(hidden, path);

	if (flags & IS_REPLACED)
		return true;
	if ((flags & IS_DIRECTORY) && !is_directory)
		return true;
	CLEANUP(free_string) char *parent = xstrdup(path);
	while (cut_to_parent(parent))
		if (flags_of(hidden, parent) & (IS_REPLACED | IS_OPAQUE))
			return true;
	return false;
}
