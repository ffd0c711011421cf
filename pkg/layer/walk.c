/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "layer/path.h"

#define WHITEOUT_PREFIX ".wh."
/* Names that begin with this twice over are aufs's own; only the opaque marker means something. */
#define WHITEOUT_META_PREFIX ".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

struct layer_file {
	struct layer_stream *stream;
	const struct layer_entry *entry;
};

const char *layer_file_path(const struct layer_file *file)
{
	return file->entry->path;
}

uint64_t layer_file_size(const struct layer_file *file)
{
	return file->entry->size_bytes;
}

ssize_t layer_file_read(struct layer_file *file, void *data, size_t length, struct error *err)
{
	return layer_stream_read(file->stream, data, length, err);
}

int layer_walk_start(struct layer_walk *walk, const struct layer_visitor *visitor, struct error *err)
{
	walk->visitor = visitor;
	return layer_path_clean(&walk->location, visitor->location, err);
}

void layer_walk_release(struct layer_walk *walk)
{
	layer_hidden_release(&walk->above);
	free(steal(&walk->location));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* True if the entry is a whiteout, or a name that is reserved for them. */
static bool note_whiteout(struct layer_hidden *hidden, const char *path)
{
	const char *name = base_name(path);

	if (!text_starts_with(name, WHITEOUT_PREFIX))
		return false;
	CLEANUP(free_string) char *hidden_path = xstrdup(path);
	char *end = hidden_path + (name - path);
	if (!strcmp(name, WHITEOUT_OPAQUE)) {
		*(end > hidden_path ? end - 1 : end) = '\0';
		layer_hidden_add_opaque(hidden, hidden_path);
	} else if (!text_starts_with(name, WHITEOUT_META_PREFIX) && name[strlen(WHITEOUT_PREFIX)]) {
		const char *removed = name + strlen(WHITEOUT_PREFIX);
		memmove(end, removed, strlen(removed) + 1);
		layer_hidden_add_whiteout(hidden, hidden_path);
	}
	return true;
}

static int visit_file(struct layer_walk *walk, struct layer_stream *stream, const struct layer_entry *entry,
		      struct error *err)
{
	struct layer_file file = {.stream = stream, .entry = entry};

	if (entry->is_sparse) {
		CLEANUP(free_string) char *shown = text_escaped(entry->path);
		return error_set(err, ERROR_INVALID, "%s: is a sparse file, which layers should not have",
				 shown);
	}
	int result = walk->visitor->file(&file, walk->visitor->context, err);
	if (result > 0)
		walk->is_stopped = true;
	return result < 0 ? -1 : 0;
}

static int visit_link(struct layer_walk *walk, const struct layer_entry *entry, struct error *err)
{
	CLEANUP(free_string) char *target = NULL;

	if (!walk->visitor->link)
		return 0;
	if (entry->type == LAYER_SYMBOLIC_LINK)
		target = layer_path_resolve(entry->path, entry->target ? entry->target : "");
	else if (layer_path_clean(&target, entry->target ? entry->target : "", err) < 0)
		return -1;
	return walk->visitor->link(entry->path, target, walk->visitor->context, err);
}

/* An entry at the location itself, or at a directory above it. */
static int refuse_link(const struct layer_walk *walk, const struct layer_entry *entry, struct error *err)
{
	CLEANUP(free_string) char *location = text_escaped(walk->location);
	CLEANUP(free_string) char *path = text_escaped(entry->path);
	CLEANUP(free_string) char *target = text_escaped(entry->target ? entry->target : "");

	return error_set(err, ERROR_INVALID,
			 "/%s: is reached through the symbolic link /%s -> %s, which is not followed",
			 location, path, target);
}

static int visit_visible(struct layer_walk *walk, struct layer_stream *stream,
			 const struct layer_entry *entry, struct error *err)
{
	/* Otherwise it is below the location. */
	bool is_on_the_way = layer_path_is_within(walk->location, entry->path);

	if (is_on_the_way && entry->type == LAYER_SYMBOLIC_LINK)
		return refuse_link(walk, entry, err);
	if (!layer_path_is_within(entry->path, walk->location))
		return 0;
	switch (entry->type) {
	case LAYER_REGULAR:
		return visit_file(walk, stream, entry, err);
	case LAYER_SYMBOLIC_LINK:
	case LAYER_HARD_LINK:
		return visit_link(walk, entry, err);
	default:
		return 0;
	}
}

/* What is neither on the way to the location nor below it has no say; a whiteout has where it lies. */
static bool matters(const struct layer_walk *walk, const char *path)
{
	const char *name = base_name(path);

	if (layer_path_is_within(path, walk->location))
		return true;
	if (!text_starts_with(name, WHITEOUT_PREFIX))
		return layer_path_is_within(walk->location, path);
	CLEANUP(free_string) char *directory = xstrndup(path, name > path ? (size_t)(name - path - 1) : 0);
	return layer_path_is_within(walk->location, directory);
}

static int walk_entry(struct layer_walk *walk, struct layer_hidden *own, struct layer_stream *stream,
		      const struct layer_entry *entry, struct error *err)
{
	bool is_directory = entry->type == LAYER_DIRECTORY;

	if (!matters(walk, entry->path) || note_whiteout(own, entry->path))
		return 0;
	layer_hidden_add(own, entry->path, is_directory);
	if (is_directory || layer_hidden_covers(&walk->above, entry->path, is_directory))
		return 0;
	return visit_visible(walk, stream, entry, err);
}

int layer_walk_read(struct layer_walk *walk, const struct layer_source *source, struct error *err)
{
	CLEANUP(layer_stream_freep) struct layer_stream *stream = NULL;
	CLEANUP(layer_hidden_release) struct layer_hidden own = LAYER_HIDDEN_INIT;
	struct layer_entry entry;
	int result = 0;

	if (layer_stream_open(&stream, source, err) < 0)
		return -1;
	while (!walk->is_stopped && (result = layer_stream_next(stream, &entry, err)) > 0)
		if (walk_entry(walk, &own, stream, &entry, err) < 0)
			return -1;
	if (result < 0)
		return -1;
	layer_hidden_merge(&walk->above, &own);
	return layer_stream_finish(stream, err);
}
