/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of stores share: blobs with contents that follow from a number, and small images. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/archive.h"
#include "store/store.h"
#include "tests/tap.h"

struct fixture_blob {
	uint8_t *data;
	size_t size;
	struct digest digest;
	enum archive_blob_kind kind;
};

struct fixture {
	struct fixture_blob blobs[64];
	size_t n_blobs;
	struct archive_records records;
};

static inline void fixture_release(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->n_blobs; i++)
		free(fixture->blobs[i].data);
	archive_records_release(&fixture->records);
}

static inline struct fixture_blob *fixture_add(struct fixture *fixture, enum archive_blob_kind kind,
					       const void *data, size_t size)
{
	struct fixture_blob *blob = &fixture->blobs[fixture->n_blobs++];

	*blob = (struct fixture_blob){.data = xmalloc(size), .size = size, .kind = kind};
	if (size)
		memcpy(blob->data, data, size);
	digest_of(data, size, &blob->digest);
	return blob;
}

/* Not compressible, not repeating, the same for the same seed. */
static inline struct fixture_blob *fixture_add_random(struct fixture *fixture, uint64_t seed, size_t size)
{
	uint8_t *data = xmalloc(size);
	uint64_t state = seed * 2 + 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		data[i] = (uint8_t)(state >> 56);
	}
	struct fixture_blob *blob = fixture_add(fixture, ARCHIVE_LAYER, data, size);
	free(data);
	return blob;
}

/* An OCI image with one layer; its manifest is the last blob. */
static inline struct fixture_blob *fixture_add_image(struct fixture *fixture, const char *source,
						     uint64_t seed, size_t layer_size)
{
	static const char config_format[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{"
					    "\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}";
	char text[1024], config_digest[DIGEST_TEXT_SIZE], layer_digest[DIGEST_TEXT_SIZE];

	const struct fixture_blob *layer = fixture_add_random(fixture, seed, layer_size);
	digest_format(&layer->digest, layer_digest);
	int length = snprintf(text, sizeof(text), config_format, layer_digest);
	const struct fixture_blob *config = fixture_add(fixture, ARCHIVE_CONFIG, text, (size_t)length);
	digest_format(&config->digest, config_digest);
	length = snprintf(
		text, sizeof(text),
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_OCI_MANIFEST
		"\",\"config\":{\"mediaType\":"
		"\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":["
		"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
		config_digest, config->size, layer_digest, layer->size);
	struct fixture_blob *manifest = fixture_add(fixture, ARCHIVE_MANIFEST, text, (size_t)length);

	struct archive_records *records = &fixture->records;
	records->images = xreallocarray(records->images, records->n_images + 1, sizeof(*records->images));
	records->images[records->n_images++] = (struct archive_image){
		.source = xstrdup(source),
		.digest = manifest->digest,
		.size = manifest->size,
		.type = MANIFEST_OCI_IMAGE,
	};
	return manifest;
}

/* The path of a file in the test's directory; the caller frees it. */
static inline char *fixture_path(const char *name)
{
	return xasprintf("%s/%s", test_directory(), name);
}

static inline int fixture_open(const struct fixture *fixture, const char *path, bool with_records,
			       struct archive_writer **writer, struct error *err)
{
	struct archive_blob plan[ARRAY_LENGTH(fixture->blobs)];

	for (size_t i = 0; i < fixture->n_blobs; i++)
		plan[i] = (struct archive_blob){
			.digest = fixture->blobs[i].digest,
			.size = fixture->blobs[i].size,
			.kind = fixture->blobs[i].kind,
		};
	return archive_writer_open(writer, path, plan, fixture->n_blobs, with_records, NULL, err);
}

static inline int fixture_put(struct blob_store *store, const struct fixture_blob *blob, struct error *err)
{
	return blob_store_put(store, &blob->digest, blob->data, blob->size, err);
}

/* A finished archive with every blob. */
static inline void fixture_write(struct fixture *fixture, const char *path, bool with_records)
{
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(fixture_open(fixture, path, with_records, &writer, &err), &err);
	if (!writer)
		return;
	for (size_t i = 0; i < fixture->n_blobs; i++)
		EXPECT_OK(fixture_put(archive_writer_store(writer), &fixture->blobs[i], &err), &err);
	EXPECT_OK(archive_writer_finish(writer, &fixture->records, false, &err), &err);
}

static inline void fixture_expect_blob(struct blob_store *store, const struct fixture_blob *blob)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT(blob_store_has(store, &blob->digest, blob->size));
	EXPECT_OK(blob_store_read_blob(store, &blob->digest, blob->size, SIZE_MAX, &out, &err), &err);
	EXPECT(out.len == blob->size && (!out.len || !memcmp(out.buf, blob->data, out.len)));
}

static inline void fixture_read_file(const char *path, struct strbuf *out)
{
	struct error err = ERROR_INIT;

	strbuf_reset(out);
	EXPECT_OK(file_read(AT_FDCWD, path, SIZE_MAX / 2, out, &err), &err);
}

static inline void fixture_write_file(const char *path, const void *data, size_t length)
{
	FILE *file = fopen(path, "w");

	EXPECT(file && fwrite(data, 1, length, file) == length);
	if (file)
		fclose(file);
}

static inline bool fixture_exists(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}
