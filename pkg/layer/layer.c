/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/layer.h"

#include "layer/walk.h"

struct blob_source {
	struct blob_reader *reader;
	struct progress *progress; /* may be NULL */
};

static ssize_t read_blob(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	struct blob_source *source = context;
	ssize_t result = blob_reader_read(source->reader, offset, data, length, err);

	if (result > 0 && source->progress)
		atomic_fetch_add(&source->progress->bytes_done, (uint_fast64_t)result);
	return result;
}

static int read_layer(struct layer_walk *walk, struct blob_store *store, const struct descriptor *layer,
		      struct progress *progress, struct error *err)
{
	CLEANUP(blob_reader_freep) struct blob_reader *reader = NULL;

	if (blob_store_open_blob(store, &layer->digest, layer->size, &reader, err) < 0)
		return -1;
	struct blob_source blob = {.reader = reader, .progress = progress};
	struct layer_source source = {.read = read_blob, .context = &blob, .size_bytes = layer->size};
	return layer_walk_read(walk, &source, err);
}

int layer_read(struct blob_store *store, const struct descriptor *layers, size_t n_layers,
	       const struct layer_visitor *visitor, struct progress *progress, struct error *err)
{
	CLEANUP(layer_walk_release) struct layer_walk walk = LAYER_WALK_INIT;

	if (layer_walk_start(&walk, visitor, err) < 0)
		return -1;
	for (size_t i = n_layers; i-- > 0 && !walk.is_stopped;) {
		char digest[DIGEST_TEXT_SIZE];
		if (read_layer(&walk, store, &layers[i], progress, err) < 0)
			return error_wrap(err, "layer %s", digest_format(&layers[i].digest, digest));
	}
	return 0;
}
