/* SPDX-License-Identifier: Apache-2.0 */
/* OCI image layouts in tars: our own through the eyes of others, and those of others through ours. */
#include <spawn.h>
#include <sys/wait.h>

#include "store/layout_index.h"
#include "store/tar_header.h"
#include "store/chunks.h"
#include "tests/unit/store_fixture.h"

extern char **environ;

/* The exit status of a program, its output in `log`; -1 if there is no such program. */
static int run(const char *log, char *const arguments[])
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	int failure = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failure || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

#define RUN(log, ...) run(log, (char *const[]){__VA_ARGS__, NULL})

TEST(gnu_tar_lists_and_unpacks_an_archive)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *log = fixture_path("log");
	CLEANUP(free_string) char *directory = fixture_path("unpacked");
	CLEANUP(strbuf_release) struct strbuf listing = STRBUF_INIT;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "quay.io/a/b:c", 1, CHUNK_SIZE + 100);
	fixture_write(&fixture, path, true);
	int status = RUN(log, (char *)"tar", (char *)"tvf", path);
	if (status < 0)
		TEST_SKIP("tar is not installed");
	EXPECT(status == 0);
	fixture_read_file(log, &listing);
	EXPECT(strstr(listing.buf, "-r--r--r-- 0/0") && strstr(listing.buf, "1970-01-01") &&
	       strstr(listing.buf, "airlift/trailer") && !strstr(listing.buf, "tar:"));
	EXPECT(mkdir(directory, 0755) == 0);
	EXPECT(RUN(log, (char *)"tar", (char *)"-xf", path, (char *)"-C", directory) == 0);
	EXPECT_OK(directory_store_open(&store, directory, DIRECTORY_READ, &err), &err);
	for (size_t i = 0; store && i < fixture.n_blobs; i++)
		fixture_expect_blob(store, &fixture.blobs[i]);
}

TEST(gnu_tar_reads_the_header_of_a_blob_of_8_gib)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *log = fixture_path("log");
	CLEANUP(strbuf_release) struct strbuf listing = STRBUF_INIT;
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct archive_blob large = {.size = TAR_LARGE_SIZE + 5, .kind = ARCHIVE_LAYER, .digest = {{0xab}}};
	struct error err = ERROR_INIT;

	/* It never comes: all of it is a hole. */
	EXPECT_OK(archive_writer_open(&writer, path, &large, 1, true, NULL, &err), &err);
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, true, &err), &err);
	EXPECT_OK(tar_store_open(&store, path, &err), &err);
	int status = RUN(log, (char *)"tar", (char *)"tvf", path);
	if (status < 0)
		TEST_SKIP("tar is not installed");
	EXPECT(status == 0);
	fixture_read_file(log, &listing);
	EXPECT(strstr(listing.buf, " 8589934597 ") && strstr(listing.buf, "airlift/absent/ab00"));
}

TEST(skopeo_reads_an_image_out_of_an_archive)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *log = fixture_path("log");
	CLEANUP(free_string) char *source = xasprintf("oci-archive:%s", path);
	CLEANUP(free_string) char *directory = fixture_path("copied");
	CLEANUP(free_string) char *target = xasprintf("oci:%s:x", directory);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	/* skopeo keeps notes in the home of its caller. */
	setenv("HOME", test_directory(), 1);
	unsetenv("XDG_DATA_HOME");
	const struct fixture_blob *manifest = fixture_add_image(&fixture, "quay.io/a/b:c", 1, 1000);
	fixture_write(&fixture, path, true);
	int status = RUN(log, (char *)"skopeo", (char *)"inspect", (char *)"--raw", source);
	if (status < 0)
		TEST_SKIP("skopeo is not installed");
	fixture_read_file(log, &text);
	EXPECT_STRING(status == 0 ? "" : text.buf, "");
	EXPECT(text.len == manifest->size && !memcmp(text.buf, manifest->data, text.len));
	status = RUN(log, (char *)"skopeo", (char *)"copy", (char *)"--insecure-policy",
		     (char *)"--preserve-digests", source, target);
	fixture_read_file(log, &text);
	EXPECT_STRING(status == 0 ? "" : text.buf, "");
	EXPECT_OK(directory_store_open(&store, directory, DIRECTORY_READ, &err), &err);
	for (size_t i = 0; store && i < fixture.n_blobs; i++)
		fixture_expect_blob(store, &fixture.blobs[i]);
}

/* --- tars of others */

static void make_layout(struct fixture *fixture, const char *path)
{
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	const struct fixture_blob *manifest = fixture_add_image(fixture, "x", 1, 1000);
	struct descriptor descriptor = {
		.digest = manifest->digest,
		.size = manifest->size,
		.media_type = (char *)MEDIA_TYPE_OCI_MANIFEST,
	};
	EXPECT_OK(directory_store_open(&store, path, DIRECTORY_WRITE, &err), &err);
	for (size_t i = 0; store && i < fixture->n_blobs; i++)
		EXPECT_OK(fixture_put(store, &fixture->blobs[i], &err), &err);
	EXPECT_OK(directory_store_add_image(store, "x", &descriptor, &err), &err);
}

TEST(layouts_that_gnu_tar_has_packed_are_read)
{
	static const char *const formats[] = {"--format=ustar", "--format=gnu", "--format=posix"};
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *layout = fixture_path("layout");
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *log = fixture_path("log");
	struct error err = ERROR_INIT;
	size_t n_images = 0;

	make_layout(&fixture, layout);
	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
		CLEANUP(blob_store_freep) struct blob_store *store = NULL;
		int status = RUN(log, (char *)"tar", (char *)formats[i], (char *)"-C", layout, (char *)"-cf",
				 path, (char *)".");
		if (status < 0)
			TEST_SKIP("tar is not installed");
		EXPECT(status == 0);
		EXPECT_OK(tar_store_open(&store, path, &err), &err);
		for (size_t j = 0; store && j < fixture.n_blobs; j++)
			fixture_expect_blob(store, &fixture.blobs[j]);
		const struct store_image *images = store ? blob_store_images(store, &n_images) : NULL;
		EXPECT(n_images == 1);
		EXPECT_STRING(images ? images[0].name : NULL, "x");
	}
}

TEST(compressed_tars_are_told_how_to_become_readable)
{
	static const struct {
		const char *bytes, *message;
	} cases[] = {
		{"\x1f\x8b\x08 some", "gzip -dc"},
		{"\x28\xb5\x2f\xfd some", "zstd -dc"},
		{"BZh9 some", "bzip2 -dc"},
		{"\xfd"
		 "7zXZ\0 some",
		 "xz -dc"},
		{"not a tar", "is not a tar archive"},
	};
	CLEANUP(free_string) char *path = fixture_path("a.tar");

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct blob_store *store = NULL;
		struct error err = ERROR_INIT;
		char block[512] = {0};
		memcpy(block, cases[i].bytes, 8);
		fixture_write_file(path, block, sizeof(block));
		EXPECT_ERROR(tar_store_open(&store, path, &err), &err, ERROR_INVALID, cases[i].message);
	}
}

struct entry {
	const char *name, *data;
	char type;
};

static int open_entries(const struct entry *entries, struct blob_store **store, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf tar = STRBUF_INIT;
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	static const uint8_t zeros[2 * TAR_BLOCK_SIZE];

	for (; entries->name; entries++) {
		uint8_t block[TAR_HEADER_MAX_LENGTH];
		size_t length = entries->data ? strlen(entries->data) : 0;
		unsigned sum = 0;
		tar_header_format(block, entries->name, length);
		block[156] = (uint8_t)(entries->type ? entries->type : '0');
		memset(block + 148, ' ', 8);
		for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
			sum += block[i];
		snprintf((char *)block + 148, 8, "%06o", sum);
		strbuf_add(&tar, block, TAR_BLOCK_SIZE);
		strbuf_add(&tar, entries->data, length);
		strbuf_add(&tar, zeros, (size_t)(tar_padded(length) - length));
	}
	strbuf_add(&tar, zeros, sizeof(zeros));
	fixture_write_file(path, tar.buf, tar.len);
	return tar_store_open(store, path, err);
}

#define BLOB_NAME "blobs/sha256/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LAYOUT \
	{ \
		"oci-layout", LAYOUT_CONTENT, 0 \
	}
#define INDEX \
	{ \
		"index.json", "{\"schemaVersion\":2,\"manifests\":[]}", 0 \
	}

TEST(tars_that_are_no_layout_or_an_ambiguous_one_are_refused)
{
	static const struct {
		struct entry entries[5];
		const char *message;
	} cases[] = {
		{{{"manifest.json", "[]", 0}}, "is a docker-archive"},
		{{LAYOUT}, "has no entry index.json"},
		{{INDEX}, "has no entry oci-layout"},
		{{LAYOUT, INDEX, INDEX}, "index.json is there twice"},
		{{LAYOUT, INDEX, {BLOB_NAME, "a", 0}, {"./" BLOB_NAME, "b", 0}}, "is there twice"},
		{{LAYOUT, INDEX, {BLOB_NAME, NULL, '2'}}, "is not a regular file"},
		{{LAYOUT, INDEX, {BLOB_NAME, NULL, '1'}}, "is not a regular file"},
		{{LAYOUT, {"index.json", NULL, '2'}}, "is not a regular file"},
		{{LAYOUT, {"index.json", "[]", 0}}, "a.tar"},
		{{{"oci-layout", "{}", 0}, INDEX}, "imageLayoutVersion"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct blob_store *store = NULL;
		struct error err = ERROR_INIT;
		EXPECT_ERROR(open_entries(cases[i].entries, &store, &err), &err, ERROR_INVALID,
			     cases[i].message);
	}
}

TEST(names_outside_of_a_layout_are_none_of_our_business)
{
	static const struct entry entries[] = {
		LAYOUT, {"../../etc/passwd", "x", 0}, {"/etc/passwd", "x", 0}, INDEX, {.name = NULL},
	};
	static const struct entry hybrid[] = {LAYOUT, INDEX, {"manifest.json", "[]", 0}, {.name = NULL}};
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(blob_store_freep) struct blob_store *other = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(open_entries(entries, &store, &err), &err);
	EXPECT_OK(open_entries(hybrid, &other, &err), &err);
}

TEST(a_blob_with_other_content_than_its_name_is_noticed)
{
	static const struct entry entries[] = {LAYOUT, INDEX, {BLOB_NAME, "hello", 0}, {.name = NULL}};
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct digest digest;
	struct error err = ERROR_INIT;

	EXPECT_OK(open_entries(entries, &store, &err), &err);
	memset(&digest, 0xaa, sizeof(digest));
	EXPECT(blob_store_has(store, &digest, 5) && !blob_store_has(store, &digest, 6));
	EXPECT_ERROR(blob_store_read_blob(store, &digest, 5, 100, &out, &err), &err, ERROR_DIGEST,
		     "is damaged");
	EXPECT_ERROR(blob_store_read_blob(store, &digest, 6, 100, &out, &err), &err, ERROR_DIGEST,
		     "has 5 bytes");
}
