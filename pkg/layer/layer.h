/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chosen files out of the layers of an image (OCI image-spec layer.md), without unpacking it.
 *
 * Each layer is read once, from the top layer down; what a layer above has written or whited out is
 * skipped. A whiteout concerns the layers below its own only. Files come in the order of the tar, so a
 * directory's files may come in several portions, from several layers; if a layer has a path twice the
 * later one replaces the earlier (the second call for a path means that).
 *
 * Links are not followed. Those below the location are reported, and what they mean is the visitor's
 * business; a location that is reached through a symbolic link is an error.
 *
 * Bytes may be seen before the digest of their blob is checked (at the end of each layer): what was seen
 * counts only when layer_read has returned 0.
 *
 * Limits for each layer: layer/stream.h. A hostile layer gives ERROR_INVALID.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/progress.h"
#include "oci/manifest.h"
#include "store/store.h"

struct layer_file;

/* Clean path from the root of the image, without a leading slash; valid during the call. */
const char *layer_file_path(const struct layer_file *file);
/* As the header of the entry says; the bytes are exactly as many, or reading them fails. */
uint64_t layer_file_size(const struct layer_file *file);
/* The next bytes: 0 at the end, or -1. */
ssize_t layer_file_read(struct layer_file *file, void *data, size_t length, struct error *err) MUST_CHECK;

struct layer_visitor {
	/* A directory, whose files are visited with all that lies below it, or one file. "/" or "": all. */
	const char *location;
	/* A regular file. It need not be read. 0: go on; 1: seen enough, the rest is not visited; -1. */
	int (*file)(struct layer_file *file, void *context, struct error *err);
	/* A symbolic or a hard link at `path` to the clean path `target`. NULL: links are passed over. */
	int (*link)(const char *path, const char *target, void *context, struct error *err);
	void *context;
};

/* `layers`: bottom first, as in a manifest. `progress` (may be NULL) gets bytes_done, packed bytes. */
int layer_read(struct blob_store *store, const struct descriptor *layers, size_t n_layers,
	       const struct layer_visitor *visitor, struct progress *progress, struct error *err) MUST_CHECK;
