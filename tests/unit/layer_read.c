/* SPDX-License-Identifier: Apache-2.0 */
/* Layers out of a store: the digest of each is checked before what was seen counts. */
#include "layer/layer.h"

#include "base/file.h"
#include "tests/tap.h"
#include "tests/unit/layer_fixture.h"

static int count_file(struct layer_file *file, void *context, struct error *err)
{
	size_t *count = context;

	(void)file, (void)err;
	(*count)++;
	return 0;
}

static void put_layer(struct blob_store *store, const struct fixture_layer *layer,
		      struct descriptor *descriptor)
{
	struct error err = ERROR_INIT;

	*descriptor = (struct descriptor){.size = layer->length};
	digest_of(layer->bytes, layer->length, &descriptor->digest);
	EXPECT_OK(blob_store_put(store, &descriptor->digest, layer->bytes, layer->length, &err), &err);
}

TEST(layers_are_read_from_a_store)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(free_string) char *path = xasprintf("%s/store", test_directory());
	struct descriptor layers[2];
	struct progress progress = {.items_done = 0};
	size_t count = 0;
	struct layer_visitor visitor = {.location = "/c", .file = count_file, .context = &count};
	struct error err = ERROR_INIT;

	FIXTURE_ADD(&image, PACKING_GZIP, FILE_ENTRY("c/a", "1"), FILE_ENTRY("c/b", "1"));
	FIXTURE_ADD(&image, PACKING_ZSTD, FILE_ENTRY("c/.wh.a", ""), FILE_ENTRY("c/d", "1"));
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_CACHE, &err), &err);
	put_layer(store, &image.layers[0], &layers[0]);
	put_layer(store, &image.layers[1], &layers[1]);
	EXPECT_OK(layer_read(store, layers, 2, &visitor, &progress, &err), &err);
	EXPECT(count == 2);
	EXPECT(progress.bytes_done == layers[0].size + layers[1].size);
}

TEST(a_layer_that_is_not_there_is_named)
{
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(free_string) char *path = xasprintf("%s/store", test_directory());
	struct descriptor layer = {.size = 10};
	size_t count = 0;
	struct layer_visitor visitor = {.location = "/c", .file = count_file, .context = &count};
	struct error err = ERROR_INIT;

	digest_of("x", 1, &layer.digest);
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_CACHE, &err), &err);
	EXPECT_ERROR(layer_read(store, &layer, 1, &visitor, NULL, &err), &err, ERROR_NOT_FOUND,
		     "layer sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
}
