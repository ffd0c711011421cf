/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"
#include "store/layout_index.h"
#include "tests/unit/store_fixture.h"

static char *blob_path(const char *directory, const struct fixture_blob *blob)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	return xasprintf("%s/blobs/sha256/%s", directory, digest_format_hex(&blob->digest, hex));
}

static struct descriptor descriptor_of(const struct fixture_blob *blob)
{
	return (struct descriptor){
		.digest = blob->digest,
		.size = blob->size,
		.media_type = (char *)MEDIA_TYPE_OCI_MANIFEST,
	};
}

TEST(a_directory_gives_back_what_was_put_into_it)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("deep/layout");
	struct error err = ERROR_INIT;
	size_t n_images = 0;

	fixture_add_random(&fixture, 1, 0);
	fixture_add_random(&fixture, 2, 100000);
	const struct fixture_blob *manifest = fixture_add_image(&fixture, "x", 3, 10);
	struct descriptor descriptor = descriptor_of(manifest);
	for (int round = 0; round < 2; round++) {
		CLEANUP(blob_store_freep) struct blob_store *store = NULL;
		EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
		for (size_t i = 0; store && i < fixture.n_blobs; i++)
			EXPECT_OK(fixture_put(store, &fixture.blobs[i], &err), &err);
		EXPECT_OK(directory_store_add_image(store, "name", &descriptor, &err), &err);
		EXPECT_OK(directory_store_add_image(store, NULL, &descriptor, &err), &err);
	}
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_READ, &err), &err);
	for (size_t i = 0; store && i < fixture.n_blobs; i++)
		fixture_expect_blob(store, &fixture.blobs[i]);
	const struct store_image *images = blob_store_images(store, &n_images);
	EXPECT(n_images == 2);
	EXPECT_STRING(images[0].name, "name");
	EXPECT_STRING(images[1].name, NULL);
	EXPECT(digest_equal(&images[0].descriptor.digest, &manifest->digest));
	EXPECT_ERROR(fixture_put(store, manifest, &err), &err, ERROR_INVALID, "open for reading");
}

TEST(a_cache_is_no_layout_and_blobs_can_be_taken_out)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("cache");
	CLEANUP(free_string) char *index = fixture_path("cache/index.json");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	const struct fixture_blob *blob = fixture_add_random(&fixture, 1, 100);
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_CACHE, &err), &err);
	EXPECT_OK(fixture_put(store, blob, &err), &err);
	fixture_expect_blob(store, blob);
	EXPECT(!fixture_exists(index));
	EXPECT_OK(directory_store_remove_blob(store, &blob->digest, &err), &err);
	EXPECT_OK(directory_store_remove_blob(store, &blob->digest, &err), &err);
	EXPECT(!blob_store_has(store, &blob->digest, 100));
}

TEST(nothing_wrong_or_unfinished_is_visible)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("layout");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct blob_writer *writer = NULL;
	struct error err = ERROR_INIT;
	uint8_t zeros[100] = {0};

	const struct fixture_blob *blob = fixture_add_random(&fixture, 1, 100);
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
	EXPECT_ERROR(blob_store_put(store, &blob->digest, zeros, 100, &err), &err, ERROR_DIGEST,
		     "another digest");
	EXPECT_OK(blob_store_create_blob(store, &blob->digest, 100, &writer, &err), &err);
	EXPECT_OK(blob_writer_write(writer, blob->data, 100, &err), &err);
	EXPECT(!blob_store_has(store, &blob->digest, 100));
	blob_writer_free(writer);
	CLEANUP(free_string) char *blobs = fixture_path("layout/blobs/sha256");
	EXPECT(rmdir(blobs) == 0); /* it is empty: no temporary file is left */
}

TEST(a_damaged_blob_is_noticed_and_can_be_replaced)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("layout");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	uint8_t zeros[101] = {0};

	const struct fixture_blob *blob = fixture_add_random(&fixture, 1, 100);
	CLEANUP(free_string) char *file = blob_path(path, blob);
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
	EXPECT_OK(fixture_put(store, blob, &err), &err);
	fixture_write_file(file, zeros, 100);
	EXPECT_ERROR(blob_store_read_blob(store, &blob->digest, 100, 1000, &out, &err), &err, ERROR_DIGEST,
		     "is damaged");
	EXPECT(out.len == 0);
	fixture_write_file(file, zeros, 101);
	EXPECT_ERROR(blob_store_read_blob(store, &blob->digest, 100, 1000, &out, &err), &err, ERROR_DIGEST,
		     "has 101 bytes, should have 100");
	EXPECT_ERROR(blob_store_read_blob(store, &blob->digest, 100, 99, &out, &err), &err, ERROR_INVALID,
		     "more than the limit");
	EXPECT_OK(fixture_put(store, blob, &err), &err);
	fixture_expect_blob(store, blob);
}

TEST(links_and_pipes_in_place_of_blobs_are_refused)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("layout");
	CLEANUP(free_string) char *elsewhere = fixture_path("elsewhere");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct blob_reader *reader = NULL;
	struct error err = ERROR_INIT;

	const struct fixture_blob *blob = fixture_add_random(&fixture, 1, 100);
	CLEANUP(free_string) char *file = blob_path(path, blob);
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
	fixture_write_file(elsewhere, blob->data, 100);
	EXPECT(symlink(elsewhere, file) == 0);
	EXPECT(!blob_store_has(store, &blob->digest, 100));
	EXPECT_ERROR(blob_store_open_blob(store, &blob->digest, 100, &reader, &err), &err, ERROR_INVALID,
		     "is a symbolic link");
	EXPECT(unlink(file) == 0 && mkfifo(file, 0600) == 0);
	EXPECT_ERROR(blob_store_open_blob(store, &blob->digest, 100, &reader, &err), &err, ERROR_INVALID,
		     "is not a regular file");
}

TEST(a_link_in_place_of_the_blobs_directory_is_refused)
{
	CLEANUP(free_string) char *path = fixture_path("layout");
	CLEANUP(free_string) char *blobs = fixture_path("layout/blobs");
	CLEANUP(free_string) char *victim = fixture_path("victim");
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	EXPECT(mkdir(path, 0755) == 0 && mkdir(victim, 0755) == 0 && symlink(victim, blobs) == 0);
	EXPECT_ERROR(directory_store_open(&store, path, DIRECTORY_CACHE, &err), &err, ERROR_IO,
		     "blobs/sha256");
}

TEST(other_directories_are_refused)
{
	CLEANUP(free_string) char *path = fixture_path("home");
	CLEANUP(free_string) char *file = fixture_path("home/letter");
	CLEANUP(free_string) char *layout = fixture_path("home/oci-layout");
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(directory_store_open(&store, path, DIRECTORY_READ, &err), &err, ERROR_NOT_FOUND,
		     "no such directory");
	EXPECT(mkdir(path, 0755) == 0);
	fixture_write_file(file, "x", 1);
	EXPECT_ERROR(directory_store_open(&store, path, DIRECTORY_READ, &err), &err, ERROR_INVALID,
		     "is not an OCI image layout");
	EXPECT_ERROR(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err, ERROR_INVALID,
		     "is neither empty nor");
	fixture_write_file(layout, "{\"imageLayoutVersion\":\"2.0\"}", 28);
	EXPECT_ERROR(directory_store_open(&store, path, DIRECTORY_READ, &err), &err, ERROR_INVALID,
		     "is not 1.0.0");
}

/* The entries of skopeo have no name when none was given; umoci and oc-mirror add members of their own. */
static const char others_index[] =
	"{\"schemaVersion\":2,\"custom\":{\"a\":[1,true,\"x\"]},\"manifests\":["
	"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	"\"digest\":\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"size\":7},"
	"{\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	"\"digest\":\"sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"size\":8,"
	"\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\",\"org.example\":\"kept\"}},"
	"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	"\"digest\":\"sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\",\"size\":9,"
	"\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"},"
	"\"annotations\":{\"org.opencontainers.image.ref.name\":\"other\",\"org.example\":\"kept too\"}}]}";

TEST(a_layout_of_another_tool_is_read_and_added_to)
{
	CLEANUP(free_string) char *path = fixture_path("layout");
	CLEANUP(free_string) char *index = fixture_path("layout/index.json");
	CLEANUP(free_string) char *layout = fixture_path("layout/oci-layout");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	size_t n_images = 0;

	EXPECT(mkdir(path, 0755) == 0);
	fixture_write_file(layout, LAYOUT_CONTENT, strlen(LAYOUT_CONTENT));
	fixture_write_file(index, others_index, strlen(others_index));
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
	const struct store_image *images = blob_store_images(store, &n_images);
	EXPECT(n_images == 3);
	EXPECT_STRING(images[0].name, NULL);
	EXPECT_STRING(images[1].name, "latest");
	struct descriptor descriptor = {
		.digest = {{0x11}},
		.size = 5,
		.media_type = (char *)MEDIA_TYPE_DOCKER_MANIFEST,
		.has_platform = true,
		.platform = {.os = (char *)"linux", .architecture = (char *)"arm", .variant = (char *)"v7"},
	};
	EXPECT_OK(directory_store_add_image(store, "latest", &descriptor, &err), &err);
	images = blob_store_images(store, &n_images);
	EXPECT(n_images == 3);
	EXPECT_STRING(images[1].descriptor.media_type, MEDIA_TYPE_DOCKER_MANIFEST);
	EXPECT_STRING(images[1].descriptor.platform.variant, "v7");
	EXPECT_STRING(images[2].descriptor.platform.architecture, "arm64");
	fixture_read_file(index, &text);
	EXPECT(strstr(text.buf, "kept too") && strstr(text.buf, "\"custom\"") &&
	       !strstr(text.buf, "\"kept\""));
}

struct adding {
	struct blob_store *store;
	atomic_int failures;
};

static void add_one(size_t index, unsigned worker, void *context)
{
	struct adding *adding = context;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char name[16];

	(void)worker;
	snprintf(name, sizeof(name), "image-%zu", index);
	struct descriptor descriptor = {
		.digest = {{(uint8_t)index}},
		.size = 5,
		.media_type = (char *)MEDIA_TYPE_OCI_MANIFEST,
	};
	adding->failures += directory_store_add_image(adding->store, name, &descriptor, &err) < 0;
}

TEST(several_threads_can_add_images)
{
	CLEANUP(free_string) char *path = fixture_path("layout");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;
	size_t n_images = 0;

	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
	struct adding adding = {.store = store};
	parallel_for(12, 4, add_one, &adding);
	EXPECT(adding.failures == 0);
	blob_store_images(store, &n_images);
	EXPECT(n_images == 12);
}
