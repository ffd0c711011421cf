/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "digest/digest_map.h"
#include "store/blob_store.h"
#include "store/layout_index.h"
#include "store/tar_list.h"

#define BLOB_PREFIX "blobs/sha256/"

struct place {
	uint64_t offset; /* of the data; 0: no such entry, since a header comes first */
	uint64_t size_bytes;
};

struct tar_store {
	struct blob_store store;
	struct volume_set *bytes;
	struct digest_map digests;
	struct place *places; /* by position in `digests` */
	size_t n_allocated;
	struct place layout, index;
	bool has_docker_manifest;
};

static void tar_free(struct blob_store *store)
{
	struct tar_store *tar = (struct tar_store *)store;

	volume_set_free(tar->bytes);
	digest_map_release(&tar->digests);
	free(tar->places);
	blob_store_release(store);
	free(tar);
}

static const struct place *find(const struct blob_store *store, const struct digest *digest)
{
	const struct tar_store *tar = (const struct tar_store *)store;
	uint32_t position = digest_map_find(&tar->digests, digest);

	return position == DIGEST_MAP_NONE ? NULL : &tar->places[position];
}

static bool tar_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
	const struct place *place = find(store, digest);

	return place && place->size_bytes == size;
}

static int tar_locate(struct blob_store *store, struct blob_reader *reader, struct error *err)
{
	const struct place *place = find(store, &reader->digest);

	if (!place)
		return blob_not_found(store, &reader->digest, err);
	if (place->size_bytes != reader->size)
		return blob_wrong_size(store, &reader->digest, place->size_bytes, reader->size, err);
	reader->bytes = ((struct tar_store *)store)->bytes;
	reader->base = place->offset;
	return 0;
}

static const struct blob_store_operations tar_operations = {
	.free = tar_free,
	.has = tar_has,
	.locate = tar_locate,
};

/* --- opening */

static int refuse_entry(const struct tar_store *tar, const char *name, const char *reason, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(name);

	return error_set(err, ERROR_INVALID, "%s: its entry %s %s", tar->store.name, shown, reason);
}

static int take_blob(struct tar_store *tar, const struct tar_entry *entry, const struct digest *digest,
		     struct error *err)
{
	bool is_new = false;
	size_t position = digest_map_add(&tar->digests, digest, &is_new);

	if (!is_new)
		return refuse_entry(tar, entry->name, "is there twice", err);
	array_grow(tar->places, position, tar->n_allocated);
	tar->places[position] = (struct place){entry->offset, entry->size_bytes};
	return 0;
}

/* Entries that a layout does not know are none of our business. */
static int take_entry(const struct tar_entry *entry, void *context, struct error *err)
{
	struct tar_store *tar = context;
	struct digest digest;
	bool is_blob = text_starts_with(entry->name, BLOB_PREFIX) &&
		       digest_parse_hex(&digest, entry->name + strlen(BLOB_PREFIX));
	struct place *place = !strcmp(entry->name, LAYOUT_FILE)         ? &tar->layout
			      : !strcmp(entry->name, LAYOUT_INDEX_FILE) ? &tar->index
									: NULL;

	tar->has_docker_manifest |= !strcmp(entry->name, "manifest.json");
	if (!is_blob && !place)
		return 0;
	if (entry->type != '0')
		return refuse_entry(tar, entry->name, "is not a regular file", err);
	if (is_blob)
		return take_blob(tar, entry, &digest, err);
	if (place->offset)
		return refuse_entry(tar, entry->name, "is there twice", err);
	*place = (struct place){entry->offset, entry->size_bytes};
	return 0;
}

static int check_compression(const struct volume_set *bytes, const char *path, struct error *err)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *tool;
	} formats[] = {
		{"\x1f\x8b", 2, "gzip"},
		{"\x28\xb5\x2f\xfd", 4, "zstd"},
		{"BZh", 3, "bzip2"},
		{"\xfd"
		 "7zXZ\0",
		 6, "xz"},
	};
	char start[8] = {0};

	if (volume_set_read(bytes, 0, start, sizeof(start), err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
		if (!memcmp(start, formats[i].magic, formats[i].length))
			return error_set(err, ERROR_INVALID,
					 "%s: is compressed with %s; unpack it first: %s -dc %s > NAME.tar",
					 path, formats[i].tool, formats[i].tool, path);
	return 0;
}

static int read_place(const struct tar_store *tar, const struct place *place, const char *name, size_t limit,
		      struct strbuf *out, struct error *err)
{
	if (place->size_bytes > limit)
		return error_set(err, ERROR_INVALID,
				 "%s: %s has %" PRIu64 " bytes, more than the limit of %zu", tar->store.name,
				 name, place->size_bytes, limit);
	strbuf_grow(out, (size_t)place->size_bytes);
	if (volume_set_read_all(tar->bytes, place->offset, out->buf, (size_t)place->size_bytes, err) < 0)
		return -1;
	strbuf_set_length(out, (size_t)place->size_bytes);
	return 0;
}

static int read_layout(struct tar_store *tar, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf layout = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf index = STRBUF_INIT;

	if (!tar->index.offset && tar->has_docker_manifest)
		return error_set(err, ERROR_INVALID,
				 "%s: is a docker-archive (docker save), not an OCI image layout; "
				 "convert it first: skopeo copy --all docker-archive:%s oci-archive:NAME.tar",
				 path, path);
	if (!tar->index.offset || !tar->layout.offset)
		return error_set(err, ERROR_INVALID, "%s: holds no OCI image layout: it has no entry %s",
				 path, tar->index.offset ? LAYOUT_FILE : LAYOUT_INDEX_FILE);
	if (read_place(tar, &tar->layout, LAYOUT_FILE, 4096, &layout, err) < 0 ||
	    layout_file_check(path, layout.buf, layout.len, err) < 0 ||
	    read_place(tar, &tar->index, LAYOUT_INDEX_FILE, LAYOUT_INDEX_MAX_SIZE, &index, err) < 0)
		return -1;
	return layout_index_parse(&tar->store.images, &tar->store.n_images, path, index.buf, index.len, err);
}

int tar_store_open(struct blob_store **store, const char *path, struct error *err)
{
	struct tar_store *tar = xcalloc(1, sizeof(*tar));
	CLEANUP(blob_store_freep) struct blob_store *opened = &tar->store;

	tar->store.operations = &tar_operations;
	tar->store.name = xasprintf("oci-archive:%s", path);
	if (volume_set_open(&tar->bytes, path, err) < 0 || check_compression(tar->bytes, path, err) < 0 ||
	    tar_list(tar->bytes, path, take_entry, tar, err) < 0 || read_layout(tar, path, err) < 0)
		return -1;
	*store = steal(&opened);
	return 0;
}
