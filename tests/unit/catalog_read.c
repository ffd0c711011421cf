/* SPDX-License-Identifier: Apache-2.0 */
/* From labels and stored layers to images. */
#include "catalog/catalog.h"

#include "tests/tap.h"
#include "tests/unit/layer_fixture.h"

static int locate(struct label *labels, size_t n_labels, enum catalog_format *format, char **location,
		  struct error *err)
{
	struct image_config config = {.labels = labels, .n_labels = n_labels};

	return catalog_location(&config, format, location, err);
}

TEST(the_label_of_file_based_catalogs_wins)
{
	struct label labels[] = {
		{.name = (char[]){CATALOG_LABEL_DATABASE}, .value = (char[]){"/database/index.db"}},
		{.name = (char[]){CATALOG_LABEL_CONFIGS}, .value = (char[]){"/configs"}},
	};
	CLEANUP(free_string) char *both = NULL, *one = NULL;
	enum catalog_format format;
	struct error err = ERROR_INIT;

	EXPECT_OK(locate(labels, 2, &format, &both, &err), &err);
	EXPECT(format == CATALOG_FILE_BASED);
	EXPECT_STRING(both, "/configs");
	EXPECT_OK(locate(labels, 1, &format, &one, &err), &err);
	EXPECT(format == CATALOG_SQLITE);
	EXPECT_STRING(one, "/database/index.db");
}

TEST(an_image_without_the_labels_is_no_catalog)
{
	struct label labels[] = {{.name = (char[]){CATALOG_LABEL_CONFIGS}, .value = (char[]){""}}};
	enum catalog_format format;
	char *location = NULL;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(locate(NULL, 0, &format, &location, &err), &err, ERROR_INVALID,
		     "not an operator catalog: neither label " CATALOG_LABEL_CONFIGS
		     " nor " CATALOG_LABEL_DATABASE);
	EXPECT_ERROR(locate(labels, 1, &format, &location, &err), &err, ERROR_INVALID, "is empty");
}

TEST(a_catalog_is_read_from_a_store)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/store", test_directory());
	struct progress progress = {.items_done = 0};
	struct error err = ERROR_INIT;

	FIXTURE_ADD(&image, PACKING_GZIP,
		    FILE_ENTRY("configs/a",
			       "{\"image\":\"b\",\"relatedImages\":[{\"image\":\"a\"},{\"image\":\"b\"}]}"));
	const struct fixture_layer *layer = &image.layers[0];
	struct descriptor descriptor = {.size = layer->length};
	digest_of(layer->bytes, layer->length, &descriptor.digest);
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_CACHE, &err), &err);
	EXPECT_OK(blob_store_put(store, &descriptor.digest, layer->bytes, layer->length, &err), &err);
	EXPECT_OK(catalog_read(store, &descriptor, 1, CATALOG_FILE_BASED, "/configs", test_directory(),
			       &progress, &catalog, &err),
		  &err);
	EXPECT(catalog.images.count == 2 && catalog.n_files == 1);
	EXPECT_STRING(catalog.images.items[0], "a");
	EXPECT_STRING(catalog.images.items[1], "b");
	EXPECT_STRING(catalog.location, "/configs");
	EXPECT(progress.bytes_done == layer->length && progress.bytes_total == layer->length);
}
