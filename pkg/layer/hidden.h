/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: what layers hide from the layers below them (OCI image-spec layer.md,
 * "Applying Changesets" and "Whiteouts"), so that layers can be read from the top down.
 *
 * An entry that is no directory hides its own path and what lies below it; so does a whiteout. A
 * directory (also one that only exists because something is in it) hides what is no directory at its
 * path, and is merged with a directory there. An opaque whiteout hides what lies below its directory.
 */
#pragma once

#include <stdbool.h>

#include "base/map.h"

struct layer_hidden {
	struct map paths; /* clean path -> bits of enum hidden_flags, as a number in the pointer */
};

#define LAYER_HIDDEN_INIT {.paths = MAP_INIT}

void layer_hidden_release(struct layer_hidden *hidden);

/* An entry of the layer. */
void layer_hidden_add(struct layer_hidden *hidden, const char *path, bool is_directory);
/* `path` was removed by the layer. */
void layer_hidden_add_whiteout(struct layer_hidden *hidden, const char *path);
/* The layer starts the directory anew. */
void layer_hidden_add_opaque(struct layer_hidden *hidden, const char *directory);
/* Adds all of `other`. */
void layer_hidden_merge(struct layer_hidden *hidden, const struct layer_hidden *other);

/* Whether an entry of a lower layer is out of sight. */
bool layer_hidden_covers(const struct layer_hidden *hidden, const char *path, bool is_directory);
