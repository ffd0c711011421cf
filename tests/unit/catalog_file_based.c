/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/file_based.h"

#include "base/cancel.h"
#include "tests/tap.h"
#include "tests/unit/layer_fixture.h"

static int read_image(struct fixture_image *image, const char *location, struct catalog *catalog,
		      struct error *err)
{
	struct catalog_source source = {.visit = fixture_visit, .context = image};

	return file_based_read(&source, location, catalog, err);
}

static void expect_images(struct fixture_image *image, size_t n_files, const char *want)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strbuf_release) struct strbuf joined = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(read_image(image, "/configs/", &catalog, &err), &err);
	strvec_sort_unique(&catalog.images);
	for (size_t i = 0; i < catalog.images.count; i++)
		strbuf_addf(&joined, "%s%s", i ? " " : "", catalog.images.items[i]);
	EXPECT_STRING(joined.buf, want);
	EXPECT(catalog.n_files == n_files);
}

static void expect_refused(struct fixture_image *image, const char *part)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(read_image(image, "/configs/", &catalog, &err), &err, ERROR_INVALID, part);
}

TEST(all_files_of_all_layers_count)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_GZIP, FILE_ENTRY("configs/a/catalog.json", "{\"image\":\"a\"}"),
		    FILE_ENTRY("configs/b/catalog.json", "{\"image\":\"old\"}"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/b/catalog.json", "image: b\n"),
		    FILE_ENTRY("configs/blank", " \n"), FILE_ENTRY("configs/empty", ""));
	expect_images(&image, 4, "a b");
}

TEST(a_later_entry_of_a_layer_replaces_the_earlier)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/a", "{]"), FILE_ENTRY("configs/a", "image: b"));
	expect_images(&image, 1, "b");
}

TEST(ignored_files_count_neither_with_images_nor_with_errors)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	/* The ignore files come after, and in another layer. */
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/README.md", "just words"),
		    FILE_ENTRY("configs/a/x.json", "{\"image\":\"x\"}"),
		    FILE_ENTRY("configs/a/y.json", "{\"image\":\"y\"}"),
		    FILE_ENTRY("configs/.indexignore", "README.md\n"));
	expect_images(&image, 2, "x y");
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/a/.indexignore", "*.json\n!y.json\n"));
	expect_images(&image, 1, "y");
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/.wh..indexignore", ""));
	expect_refused(&image, "configs/README.md: line 1: a document is a string, should be a mapping");
}

TEST(the_error_of_the_first_file_is_given)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/b", "{\"image\":\n}"),
		    FILE_ENTRY("configs/a/c", "\n\nimage: [x]\n"));
	for (int i = 0; i < 20; i++)
		expect_refused(&image, "configs/a/c: line 3: image is a list, should be a string");
}

TEST(links_between_files_of_the_catalog_are_followed)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/.indexignore", "real\n"),
		    FILE_ENTRY("configs/real/a", "image: a"), SYMBOLIC_LINK_ENTRY("configs/s", "./real/a"),
		    HARD_LINK_ENTRY("configs/h", "configs/s"));
	expect_images(&image, 2, "a");
}

TEST(links_to_anything_else_are_refused_unless_they_are_ignored)
{
	static const char *const targets[] = {"/etc/passwd", "missing", ".", "self", "../x"};

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
		FIXTURE_ADD(&image, PACKING_NONE, SYMBOLIC_LINK_ENTRY("configs/self", targets[i]),
			    FILE_ENTRY("configs/a", "image: a"));
		expect_refused(&image, "configs/self: is a link to /");
		FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/.indexignore", "self"));
		expect_images(&image, 1, "a");
	}
}

/* `count` documents of about 100 KiB each. */
static void add_documents(struct strbuf *text, const char *format, int first, int count)
{
	CLEANUP(free_memory) char *filling = xcalloc(100001, 1);

	memset(filling, 'x', 100000);
	for (int i = first; i < first + count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		strbuf_addf(text, format, i, filling);
#pragma GCC diagnostic pop
	}
}

static void expect_large_file(const char *format, const char *bad, const char *error)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(fixture_image_release) struct fixture_image bad_image = FIXTURE_IMAGE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	add_documents(&text, format, 0, 250);
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/index", text.buf));
	EXPECT_OK(read_image(&image, "configs", &catalog, &err), &err);
	strvec_sort_unique(&catalog.images);
	EXPECT(catalog.images.count == 250 && catalog.n_files == 1);
	strbuf_add_string(&text, bad);
	add_documents(&text, format, 250, 100);
	FIXTURE_ADD(&bad_image, PACKING_NONE, FILE_ENTRY("configs/index", text.buf));
	expect_refused(&bad_image, error);
}

TEST(a_large_json_file_is_read_in_pieces)
{
	expect_large_file("{\n\"image\": \"i%d\",\n\"x\": \"%s\"}\n", "{\"image\":1}\n",
			  "configs/index: line 751: image is a number");
}

TEST(a_large_yaml_file_is_read_in_pieces)
{
	expect_large_file("---\nimage: i%d\n\nx: %s\n", "---\nimage: {}\n",
			  "configs/index: line 1002: image is a mapping");
}

TEST(a_document_of_more_than_64_mib_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	const size_t size = CATALOG_MAX_DOCUMENT + (2u << 20);
	CLEANUP(free_memory) char *text = xmalloc(size);

	memset(text, ' ', size);
	memcpy(text, "{}\n{", 4);
	FIXTURE_ADD(&image, PACKING_NONE,
		    {.type = LAYER_REGULAR, .path = "configs/a", .text = text, .size_bytes = size},
		    FILE_ENTRY("configs/b", "image: b"));
	expect_refused(&image, "configs/a: line 1: a document of more than 64 MiB begins here");
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/.indexignore", "a"));
	expect_images(&image, 1, "b");
}

TEST(a_damaged_layer_ends_the_reading)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	struct fixture_layer *layer = FIXTURE_ADD(&image, PACKING_GZIP, FILE_ENTRY("configs/a", "image: a"),
						  FILE_ENTRY("configs/b", "image: b"));

	layer->source.size_bytes = layer->length / 2;
	expect_refused(&image, "truncated");
}

TEST(cancelling_ends_the_reading)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct error err = ERROR_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("configs/a", "image: a"));
	atomic_store(&cancel_flag, true);
	EXPECT_ERROR(read_image(&image, "configs", &catalog, &err), &err, ERROR_CANCELLED, "interrupted");
	atomic_store(&cancel_flag, false);
}

TEST(a_location_with_nothing_in_it_is_an_empty_catalog)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, DIRECTORY_ENTRY("configs"), FILE_ENTRY("etc/x", "image: x"));
	expect_images(&image, 0, "");
}
