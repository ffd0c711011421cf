/* SPDX-License-Identifier: Apache-2.0 */
/* The index.json and oci-layout of an OCI image layout (OCI image-spec image-layout.md, image-index.md).
 * Private to this module. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "store/store.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_CONTENT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define LAYOUT_INDEX_FILE "index.json"
/* An archive with a large catalog has some ten thousand entries; this is far beyond. */
#define LAYOUT_INDEX_MAX_SIZE (256u << 20)

/* Appends the entries of an index.json; `name` is for messages. Names may be missing. */
int layout_index_parse(struct store_image **images, size_t *n_images, const char *name, const void *bytes,
		       size_t length, struct error *err) MUST_CHECK;
void layout_images_release(struct store_image *images, size_t n_images);

/* Writes an index.json with these images, in this order. */
void layout_index_format(struct strbuf *out, const struct store_image *images, size_t n_images);

/* Adds an image to the text of an index.json: in place of the first entry with this name (further ones are
 * dropped), else at the end. Everything else that stands there stays: other tools may have written it. */
int layout_index_add(struct strbuf *out, const char *name, const void *bytes, size_t length,
		     const char *image_name, const struct descriptor *descriptor,
		     struct error *err) MUST_CHECK;

/* Refuses an oci-layout file that is of another version than 1. */
int layout_file_check(const char *name, const void *bytes, size_t length, struct error *err) MUST_CHECK;
