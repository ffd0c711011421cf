/* SPDX-License-Identifier: Apache-2.0 */
/* The payload out of layers: one visitor over release-manifests/. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "layer/layer.h"
#include "release/release.h"
#include "release/update_keys.h"

#define LOCATION "release-manifests"

/* Of all manifests together that mention the keys: real payloads have one such manifest of a few KiB. */
#define MAX_PARSED RELEASE_MAX_MANIFEST_SIZE
#define MAX_WARNINGS 20

/* A manifest or another file; a layer may have it twice, and then the later one counts in its place. */
struct payload_file {
	bool is_manifest;
	bool is_replaced;
	bool has_keys; /* or the right to have some */
	struct strvec keyrings;
	char *warning; /* owned, or NULL */
};

struct payload_reader {
	struct payload_file **files; /* in the order of the tar */
	size_t count;
	size_t allocated;
	struct map by_path;       /* the file that counts */
	struct strbuf manifest;   /* the bytes of one */
	struct strbuf references; /* the bytes of image-references */
	struct strbuf metadata;
	bool has_references;
	bool has_metadata;
	size_t parsed_bytes;
};

#define PAYLOAD_READER_INIT \
	{ \
		.by_path = MAP_INIT, .manifest = STRBUF_INIT, .references = STRBUF_INIT, \
		.metadata = STRBUF_INIT \
	}

static void reader_release(struct payload_reader *reader)
{
	for (size_t i = 0; i < reader->count; i++) {
		strvec_release(&reader->files[i]->keyrings);
		free(reader->files[i]->warning);
		free(reader->files[i]);
	}
	free(reader->files);
	map_release(&reader->by_path);
	strbuf_release(&reader->manifest);
	strbuf_release(&reader->references);
	strbuf_release(&reader->metadata);
	*reader = (struct payload_reader)PAYLOAD_READER_INIT;
}

/* Borrowed; NULL with an error. */
static struct payload_file *add_file(struct payload_reader *reader, const char *name, struct error *err)
{
	struct payload_file *before = map_get(&reader->by_path, name);

	if (reader->count == RELEASE_MAX_FILES) {
		error_set(err, ERROR_INVALID, LOCATION "/: has more than %d files", RELEASE_MAX_FILES);
		return NULL;
	}
	if (before)
		before->is_replaced = true;
	struct payload_file *file = xcalloc(1, sizeof(*file));
	map_set(&reader->by_path, name, file);
	array_grow(reader->files, reader->count, reader->allocated);
	reader->files[reader->count++] = file;
	return file;
}

/* The caller has checked the size. */
static int read_bytes(struct layer_file *file, struct strbuf *out, struct error *err)
{
	size_t size = layer_file_size(file);

	strbuf_reset(out);
	strbuf_grow(out, size);
	while (out->len < size) {
		ssize_t length = layer_file_read(file, out->buf + out->len, size - out->len, err);
		if (length <= 0)
			return (int)length;
		strbuf_set_length(out, out->len + (size_t)length);
	}
	return 0;
}

static int read_small_file(struct layer_file *file, size_t limit, struct strbuf *out, struct error *err)
{
	if (layer_file_size(file) > limit)
		return error_set(err, ERROR_INVALID, "%s: is larger than %zu bytes", layer_file_path(file),
				 limit);
	return read_bytes(file, out, err);
}

static int read_manifest(struct payload_reader *reader, struct layer_file *layer_file, const char *name,
			 struct payload_file *file, struct error *err)
{
	CLEANUP(error_clear) struct error fault = ERROR_INIT;
	CLEANUP(free_string) char *shown = text_escaped(name);

	if (layer_file_size(layer_file) > RELEASE_MAX_MANIFEST_SIZE) {
		file->warning =
			xasprintf("%s: is larger than %zu bytes; update keys are not looked for in it", shown,
				  RELEASE_MAX_MANIFEST_SIZE);
		return 0;
	}
	if (read_bytes(layer_file, &reader->manifest, err) < 0)
		return -1;
	if (!update_keys_are_mentioned(reader->manifest.buf, reader->manifest.len))
		return 0;
	reader->parsed_bytes += reader->manifest.len;
	if (reader->parsed_bytes > MAX_PARSED)
		file->warning = xasprintf("%s: is one of too many manifests that mention update keys; they "
					  "are not looked for in it",
					  shown);
	else if (update_keys_parse(reader->manifest.buf, reader->manifest.len, &file->keyrings,
				   &file->has_keys, &fault) < 0)
		file->warning =
			xasprintf("%s: %s; update keys are not looked for in it", shown, fault.message);
	return 0;
}

static bool is_manifest_name(const char *name)
{
	return !strchr(name, '/') && (text_ends_with(name, ".yaml") || text_ends_with(name, ".yml") ||
				      text_ends_with(name, ".json"));
}

static int visit_file(struct layer_file *layer_file, void *context, struct error *err)
{
	struct payload_reader *reader = context;
	const char *name = layer_file_path(layer_file) + strlen(LOCATION);

	/* The location itself: a file where the directory should be. */
	if (!*name)
		return 0;
	name++;
	if (!strcmp(name, "image-references")) {
		reader->has_references = true;
		return read_small_file(layer_file, RELEASE_MAX_REFERENCES_SIZE, &reader->references, err);
	}
	if (!strcmp(name, "release-metadata")) {
		reader->has_metadata = true;
		return read_small_file(layer_file, RELEASE_MAX_METADATA_SIZE, &reader->metadata, err);
	}
	struct payload_file *file = add_file(reader, name, err);
	if (!file)
		return -1;
	file->is_manifest = is_manifest_name(name);
	return file->is_manifest ? read_manifest(reader, layer_file, name, file, err) : 0;
}

static int read_layers(struct payload_reader *reader, struct blob_store *store,
		       const struct descriptor *layers, size_t n_layers, struct progress *progress,
		       struct error *err)
{
	struct layer_visitor visitor = {.location = LOCATION, .file = visit_file, .context = reader};

	return layer_read(store, layers, n_layers, &visitor, progress, err);
}

/* Releases are made with all of it in the top layer, and layers below are those of an operating system. */
static int read_enough_layers(struct payload_reader *reader, struct blob_store *store,
			      const struct descriptor *layers, size_t n_layers, struct progress *progress,
			      struct error *err)
{
	if (n_layers > 1) {
		const struct descriptor *top = &layers[n_layers - 1];
		if (read_layers(reader, store, top, 1, progress, err) < 0)
			return -1;
		if (reader->has_references && reader->has_metadata)
			return 0;
		reader_release(reader);
		if (progress)
			atomic_fetch_sub(&progress->bytes_done, top->size);
	}
	return read_layers(reader, store, layers, n_layers, progress, err);
}

static void collect_warnings(struct payload_reader *reader, struct strvec *warnings)
{
	size_t n_more = 0;

	for (size_t i = 0; i < reader->count; i++) {
		struct payload_file *file = reader->files[i];
		if (file->is_replaced || !file->warning)
			continue;
		if (warnings->count < MAX_WARNINGS)
			strvec_push_take(warnings, steal(&file->warning));
		else
			n_more++;
	}
	if (n_more)
		strvec_pushf(warnings, "update keys are not looked for in %zu more manifests", n_more);
}

static void collect_files(struct payload_reader *reader, struct release_payload *payload)
{
	bool has_keys = false;

	for (size_t i = 0; i < reader->count; i++) {
		struct payload_file *file = reader->files[i];
		if (file->is_replaced)
			continue;
		*(file->is_manifest ? &payload->n_manifests : &payload->n_other_files) += 1;
		if (!file->has_keys || has_keys)
			continue;
		payload->keyrings = steal(&file->keyrings);
		has_keys = true;
	}
	collect_warnings(reader, &payload->warnings);
}

int release_payload_read(struct release_payload *payload, struct blob_store *store,
			 const struct descriptor *layers, size_t n_layers, struct progress *progress,
			 struct error *err)
{
	CLEANUP(reader_release) struct payload_reader reader = PAYLOAD_READER_INIT;
	CLEANUP(release_payload_release) struct release_payload found = RELEASE_PAYLOAD_INIT;

	if (read_enough_layers(&reader, store, layers, n_layers, progress, err) < 0)
		return -1;
	if (!reader.has_references)
		return error_set(err, ERROR_NOT_FOUND,
				 "unable to load image-references from release payload: /" LOCATION
				 "/image-references is not in the image; is this a release image?");
	if (release_parse_references(&found, reader.references.buf, reader.references.len, err) < 0)
		return -1;
	if (reader.has_metadata &&
	    release_parse_metadata(&found, reader.metadata.buf, reader.metadata.len, err) < 0)
		return -1;
	collect_files(&reader, &found);
	found.references = steal(&reader.references);
	found.metadata = steal(&reader.metadata);
	*payload = steal(&found);
	return 0;
}
