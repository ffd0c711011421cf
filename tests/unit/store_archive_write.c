/* SPDX-License-Identifier: Apache-2.0 */
/* Writing archives and reading them back. */
#include <pthread.h>

#include "base/parallel.h"
#include "store/chunks.h"
#include "tests/unit/store_fixture.h"

TEST(an_archive_gives_back_blobs_of_every_size)
{
	static const size_t sizes[] = {
		0,
		1,
		511,
		512,
		513,
		CHUNK_SIZE - 1,
		CHUNK_SIZE,
		CHUNK_SIZE + 1,
		3 * CHUNK_SIZE,
		3 * CHUNK_SIZE + 7,
	};
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct archive_verification verification;
	struct error err = ERROR_INIT;
	uint64_t total = 0;
	size_t n_blobs = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		fixture_add_random(&fixture, i, sizes[i]);
		total += sizes[i];
	}
	fixture_write(&fixture, path, true);
	EXPECT_OK(archive_open(&store, path, &err), &err);
	for (size_t i = 0; store && i < fixture.n_blobs; i++)
		fixture_expect_blob(store, &fixture.blobs[i]);
	EXPECT(store && archive_store_blob_bytes(store, &n_blobs) == total);
	EXPECT(n_blobs == fixture.n_blobs);
	EXPECT_OK(archive_verify(path, NULL, &verification, &err), &err);
	EXPECT(verification.n_damages == 0 && verification.n_blobs == fixture.n_blobs);
	archive_verification_release(&verification);
}

TEST(records_come_back_as_they_were_given)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *sidecar_path = fixture_path("a.tar.index.json");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	const struct fixture_blob *manifest = fixture_add_image(&fixture, "quay.io/a/b@sha256:1", 1, 1000);
	fixture_add_image(&fixture, "quay.io/a/b:sig", 2, 100);
	fixture.records.images[1].attached_to = xstrdup("quay.io/a/b@sha256:1");
	fixture.records.images[1].tag = xasprintf("sha256-%064d.sig", 1);
	strvec_push(&fixture.records.predecessors, "0123");
	fixture.records.roots = xcalloc(1, sizeof(*fixture.records.roots));
	fixture.records.roots[fixture.records.n_roots++] =
		(struct archive_root){.kind = xstrdup("catalog"), .source = xstrdup("quay.io/c\n\"d\":v1")};
	strvec_push(&fixture.records.roots[0].images, "quay.io/a/b@sha256:1");
	fixture.records.missing = xcalloc(1, sizeof(*fixture.records.missing));
	fixture.records.missing[fixture.records.n_missing++] =
		(struct archive_missing){.source = xstrdup("x"), .reason = xstrdup("not\nfound")};
	fixture_write(&fixture, path, true);

	EXPECT_OK(archive_open(&store, path, &err), &err);
	if (!store)
		return;
	const struct archive_records *records = archive_store_records(store);
	EXPECT_STRING(records->id, fixture.records.id);
	EXPECT_STRING(records->predecessors.items[0], "0123");
	EXPECT_STRING(records->roots[0].kind, "catalog");
	/* A name is never written as it must not be read. */
	EXPECT_STRING(records->roots[0].source, "quay.io/c\\x0a\"d\":v1");
	EXPECT_STRING(records->roots[0].images.items[0], "quay.io/a/b@sha256:1");
	EXPECT(records->n_images == 2 && records->images[0].type == MANIFEST_OCI_IMAGE);
	EXPECT(digest_equal(&records->images[0].digest, &manifest->digest));
	EXPECT_STRING(records->images[0].attached_to, NULL);
	EXPECT_STRING(records->images[1].attached_to, "quay.io/a/b@sha256:1");
	EXPECT_STRING(records->images[1].tag, fixture.records.images[1].tag);
	EXPECT_STRING(records->missing[0].reason, "not\nfound");
	size_t n_images;
	const struct store_image *images = blob_store_images(store, &n_images);
	EXPECT(n_images == 2);
	EXPECT_STRING(images[0].name, "quay.io/a/b@sha256:1");
	EXPECT_STRING(images[0].descriptor.media_type, MEDIA_TYPE_OCI_MANIFEST);
	EXPECT(fixture_exists(sidecar_path));
}

static struct archive_release *new_release(const struct digest *digest)
{
	struct archive_release *release = xcalloc(1, sizeof(*release));

	release->version = xstrdup("4.14.1");
	release->architecture = xstrdup("x86_64");
	release->without_image = true;
	release->components = xcalloc(2, sizeof(*release->components));
	release->components[release->n_components++] =
		(struct archive_component){xstrdup("etcd"), xstrdup("quay.io/a/b@sha256:1")};
	release->components[release->n_components++] =
		(struct archive_component){xstrdup("cli"), xstrdup("quay.io/a/b@sha256:2")};
	release->signatures = xcalloc(1, sizeof(*release->signatures));
	release->signatures[release->n_signatures] =
		(struct archive_signature){.digest = *digest, .message = STRBUF_INIT};
	strbuf_add(&release->signatures[release->n_signatures++].message, "\xa3\x00\xff\n", 4);
	strvec_push(&release->previous, "4.13.9");
	return release;
}

TEST(a_release_comes_back_as_it_was_given)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct archive_root copy = {0};
	struct error err = ERROR_INIT;

	const struct fixture_blob *manifest = fixture_add_image(&fixture, "quay.io/r:1", 1, 100);
	fixture.records.roots = xcalloc(1, sizeof(*fixture.records.roots));
	fixture.records.roots[fixture.records.n_roots++] =
		(struct archive_root){.kind = xstrdup("release"),
				      .source = xstrdup("quay.io/r:1"),
				      .release = new_release(&manifest->digest)};
	fixture_write(&fixture, path, true);
	EXPECT_OK(archive_open(&store, path, &err), &err);
	if (!store)
		return;
	/* The copy has what the records have, and outlives them. */
	archive_root_copy(&copy, &archive_store_records(store)->roots[0]);
	blob_store_free(steal(&store));
	const struct archive_release *release = copy.release;
	EXPECT_STRING(release->version, "4.14.1");
	EXPECT_STRING(release->architecture, "x86_64");
	EXPECT(release->without_image && release->n_components == 2 && release->n_signatures == 1);
	EXPECT_STRING(release->components[0].name, "etcd");
	EXPECT_STRING(release->components[1].image, "quay.io/a/b@sha256:2");
	EXPECT(digest_equal(&release->signatures[0].digest, &manifest->digest));
	EXPECT(release->signatures[0].message.len == 4);
	EXPECT(!memcmp(release->signatures[0].message.buf, "\xa3\x00\xff\n", 4));
	EXPECT_STRING(release->previous.items[0], "4.13.9");
	archive_root_release(&copy);
}

TEST(blobs_stand_in_the_order_manifests_configs_layers)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 100); /* layer, config, manifest */
	fixture_write(&fixture, path, true);
	EXPECT_OK(archive_open(&store, path, &err), &err);
	if (!store)
		return;
	EXPECT(archive_store_offset(store, &fixture.blobs[2].digest) == 3072 + 512);
	EXPECT(archive_store_offset(store, &fixture.blobs[1].digest) > 3072 + 512);
	EXPECT(archive_store_offset(store, &fixture.blobs[0].digest) >
	       archive_store_offset(store, &fixture.blobs[1].digest));
	EXPECT(archive_store_offset(store, &(struct digest){{0}}) == UINT64_MAX);
}

struct parallel_put {
	struct fixture *fixture;
	struct blob_store *store;
	atomic_int failures;
};

/* In small pieces and backwards, so that threads and orders differ from those of fixture_write. */
static void put_one(size_t index, unsigned worker, void *context)
{
	struct parallel_put *put = context;
	const struct fixture_blob *blob = &put->fixture->blobs[put->fixture->n_blobs - 1 - index];
	CLEANUP(blob_writer_freep) struct blob_writer *writer = NULL;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	int result = blob_store_create_blob(put->store, &blob->digest, blob->size, &writer, &err);

	(void)worker;
	for (size_t done = 0; result == 0 && done < blob->size;) {
		size_t portion = blob->size - done < 70001 ? blob->size - done : 70001;
		result = blob_writer_write(writer, blob->data + done, portion, &err);
		done += portion;
	}
	if (result == 0)
		result = blob_writer_commit(steal(&writer), &err);
	put->failures += result < 0;
}

TEST(the_same_plan_gives_the_same_bytes_whoever_writes_first)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *first = fixture_path("first.tar");
	CLEANUP(free_string) char *second = fixture_path("second.tar");
	CLEANUP(strbuf_release) struct strbuf first_bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf second_bytes = STRBUF_INIT;
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < 12; i++)
		fixture_add_image(&fixture, i % 2 ? "x" : "y", i, i == 3 ? 2 * CHUNK_SIZE + 99 : 5000 * i);
	fixture_write(&fixture, first, true);
	EXPECT_OK(fixture_open(&fixture, second, true, &writer, &err), &err);
	struct parallel_put put = {.fixture = &fixture, .store = archive_writer_store(writer)};
	parallel_for(fixture.n_blobs, 4, put_one, &put);
	EXPECT(put.failures == 0);
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, true, &err), &err);
	fixture_read_file(first, &first_bytes);
	fixture_read_file(second, &second_bytes);
	EXPECT(first_bytes.len == second_bytes.len &&
	       !memcmp(first_bytes.buf, second_bytes.buf, first_bytes.len));
}

TEST(nothing_but_the_archive_and_its_index_is_left)
{
	static const char *const others[] = {"a.tar.partial", "a.tar.plan", "a.tar.lock"};
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");

	fixture_add_image(&fixture, "x", 1, 100);
	fixture_write(&fixture, path, true);
	EXPECT(fixture_exists(path));
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		CLEANUP(free_string) char *other = fixture_path(others[i]);
		EXPECT(!fixture_exists(other));
	}
}

TEST(a_second_writer_is_told_that_the_first_is_busy)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *first = NULL;
	struct archive_writer *second = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(fixture_open(&fixture, path, true, &first, &err), &err);
	EXPECT_ERROR(fixture_open(&fixture, path, true, &second, &err), &err, ERROR_BUSY, "a.tar");
}

TEST(wrong_bytes_never_become_a_blob)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct blob_writer *blob_writer = NULL;
	struct error err = ERROR_INIT;

	const struct fixture_blob *blob = fixture_add_random(&fixture, 1, 1000);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	struct blob_store *store = archive_writer_store(writer);
	uint8_t wrong[1000] = {0};
	EXPECT_ERROR(blob_store_put(store, &blob->digest, wrong, 1000, &err), &err, ERROR_DIGEST,
		     "another digest");
	EXPECT_ERROR(blob_store_put(store, &blob->digest, blob->data, 999, &err), &err, ERROR_INVALID,
		     "planned with 1000 bytes");
	EXPECT_OK(blob_store_create_blob(store, &blob->digest, 1000, &blob_writer, &err), &err);
	struct blob_writer *other = NULL;
	EXPECT_ERROR(blob_store_create_blob(store, &blob->digest, 1000, &other, &err), &err, ERROR_INVALID,
		     "being written already");
	EXPECT_OK(blob_writer_write(blob_writer, blob->data, 999, &err), &err);
	EXPECT_ERROR(blob_writer_write(blob_writer, blob->data, 2, &err), &err, ERROR_DIGEST, "longer");
	EXPECT_ERROR(blob_writer_commit(blob_writer, &err), &err, ERROR_DIGEST, "shorter");
	EXPECT(!blob_store_has(store, &blob->digest, 1000));
	struct digest unknown = {{1}};
	EXPECT_ERROR(blob_store_put(store, &unknown, wrong, 1, &err), &err, ERROR_INVALID,
		     "not part of the plan");

	EXPECT_OK(blob_store_create_blob(store, &blob->digest, 1000, &blob_writer, &err), &err);
	EXPECT_OK(blob_writer_write(blob_writer, wrong, 700, &err), &err);
	EXPECT_OK(blob_writer_restart(blob_writer, &err), &err);
	EXPECT_OK(blob_writer_write(blob_writer, blob->data, 1000, &err), &err);
	EXPECT_OK(blob_writer_commit(blob_writer, &err), &err);
	fixture_expect_blob(store, blob);
}

TEST(a_plan_with_a_blob_twice_is_refused)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	fixture_add_random(&fixture, 1, 10);
	fixture_add_random(&fixture, 1, 10);
	EXPECT_ERROR(fixture_open(&fixture, path, true, &writer, &err), &err, ERROR_INVALID, "twice");
}

TEST(an_image_whose_blob_failed_is_not_listed_and_its_place_is_zeros)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct blob_writer *blob_writer = NULL;
	struct archive_verification verification;
	struct error err = ERROR_INIT;
	size_t n_images = 0;

	fixture_add_image(&fixture, "good", 1, 1000);
	fixture_add_image(&fixture, "bad", 2, CHUNK_SIZE + 5000);
	const struct fixture_blob *failed = &fixture.blobs[3];
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	struct blob_store *target = archive_writer_store(writer);
	for (size_t i = 0; i < fixture.n_blobs; i++)
		if (i != 3)
			EXPECT_OK(fixture_put(target, &fixture.blobs[i], &err), &err);
	EXPECT_OK(blob_store_create_blob(target, &failed->digest, failed->size, &blob_writer, &err), &err);
	EXPECT_OK(blob_writer_write(blob_writer, failed->data, 4000, &err), &err);
	blob_writer_free(blob_writer);
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, false, &err), &err);

	EXPECT_OK(archive_open(&store, path, &err), &err);
	const struct store_image *images = blob_store_images(store, &n_images);
	EXPECT(n_images == 1);
	EXPECT_STRING(images[0].name, "good");
	EXPECT(archive_store_records(store)->n_images == 2);
	EXPECT(!blob_store_has(store, &failed->digest, failed->size));
	struct blob_reader *reader = NULL;
	EXPECT_ERROR(blob_store_open_blob(store, &failed->digest, failed->size, &reader, &err), &err,
		     ERROR_NOT_FOUND, "is not there");
	fixture_read_file(path, &bytes);
	EXPECT(!memmem(bytes.buf, bytes.len, failed->data, 64));
	EXPECT(memmem(bytes.buf, bytes.len, "airlift/absent/", 15) != NULL);
	EXPECT_OK(archive_verify(path, NULL, &verification, &err), &err);
	EXPECT(verification.n_damages == 0 && verification.n_blobs == 5);
	archive_verification_release(&verification);
}

TEST(a_plain_archive_has_nothing_of_ours_and_must_be_complete)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("plain.tar");
	CLEANUP(free_string) char *sidecar = fixture_path("plain.tar.index.json");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	EXPECT_OK(fixture_open(&fixture, path, false, &writer, &err), &err);
	EXPECT_ERROR(archive_writer_finish(writer, &fixture.records, false, &err), &err, ERROR_INVALID,
		     "has not been written");
	archive_writer_free(steal(&writer));
	fixture_write(&fixture, path, false);
	fixture_read_file(path, &bytes);
	EXPECT(!memmem(bytes.buf, bytes.len, "airlift", 7));
	EXPECT(!fixture_exists(sidecar));
	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_DIGEST, "use oci-archive:");
	EXPECT_OK(tar_store_open(&store, path, &err), &err);
	for (size_t i = 0; store && i < fixture.n_blobs; i++)
		fixture_expect_blob(store, &fixture.blobs[i]);
}

TEST(the_planned_size_is_what_the_blobs_take)
{
	struct archive_blob blobs[] = {
		{.size = 1}, {.size = UINT64_C(1) << 33}, {.size = OCI_MAX_BLOB_SIZE + 1}};

	EXPECT(archive_planned_size(NULL, 0) == 3072);
	EXPECT(archive_planned_size(blobs, 1) == 4096);
	EXPECT(archive_planned_size(blobs, 2) == 4096 + 1536 + (UINT64_C(1) << 33));
	EXPECT(archive_planned_size(blobs, 3) == UINT64_MAX);
}

TEST(a_reader_may_begin_again_and_sees_damage_before_the_last_byte)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(blob_reader_freep) struct blob_reader *reader = NULL;
	CLEANUP(free_memory) uint8_t *data = xmalloc(3 * CHUNK_SIZE);
	struct error err = ERROR_INIT;

	const struct fixture_blob *blob = fixture_add_random(&fixture, 1, 2 * CHUNK_SIZE + 10);
	fixture_write(&fixture, path, true);
	EXPECT_OK(archive_open(&store, path, &err), &err);
	EXPECT_OK(blob_store_open_blob(store, &blob->digest, blob->size, &reader, &err), &err);
	EXPECT(blob_reader_read(reader, 0, data, 1000, &err) == 1000);
	EXPECT(blob_reader_read(reader, 500, data, 1000, &err) == 1000); /* an overlap, as after a retry */
	EXPECT(blob_reader_read(reader, 0, data, 3 * CHUNK_SIZE, &err) == (ssize_t)blob->size);
	EXPECT(blob_reader_read(reader, blob->size - 10, data, 10, &err) == 10);
	EXPECT(blob_reader_read(reader, blob->size, data, 10, &err) < 0);
	error_clear(&err);

	int fd = open(path, O_WRONLY);
	off_t place = (off_t)archive_store_offset(store, &blob->digest) + CHUNK_SIZE + 100;
	EXPECT(pwrite(fd, "damage", 6, place) == 6);
	close(fd);
	EXPECT(blob_reader_read(reader, 0, data, CHUNK_SIZE, &err) == CHUNK_SIZE);
	EXPECT_ERROR((int)blob_reader_read(reader, CHUNK_SIZE, data, CHUNK_SIZE, &err), &err, ERROR_DIGEST,
		     "between its bytes 4194304 and 8388607");
	EXPECT_ERROR((int)blob_reader_read(reader, CHUNK_SIZE, data, CHUNK_SIZE, &err), &err, ERROR_DIGEST,
		     "is damaged");
	EXPECT_ERROR((int)blob_reader_read(reader, 2 * CHUNK_SIZE, data, 10, &err), &err, ERROR_DIGEST,
		     "is damaged");
}

/* docs/archive-format.md shows this archive byte by byte. */
TEST(the_example_of_the_documentation_is_right)
{
	static const char manifest[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_OCI_MANIFEST
		"\",\"config\":{\"mediaType\":"
		"\"application/vnd.oci.empty.v1+json\",\"digest\":"
		"\"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",\"size\":2},"
		"\"layers\":[]}";
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("example.tar");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	fixture_add(&fixture, ARCHIVE_CONFIG, "{}", 2);
	const struct fixture_blob *blob = fixture_add(&fixture, ARCHIVE_MANIFEST, manifest, strlen(manifest));
	fixture.records.images = xcalloc(1, sizeof(*fixture.records.images));
	fixture.records.images[fixture.records.n_images++] = (struct archive_image){
		.source = xstrdup("example.com/a:1"),
		.digest = blob->digest,
		.size = blob->size,
		.type = MANIFEST_OCI_IMAGE,
	};
	fixture_write(&fixture, path, true);
	fixture_read_file(path, &bytes);
	EXPECT(bytes.len == 9728);
	EXPECT_STRING(fixture.records.id, "d5f4adea5ecd2fb20c649a91a7e7e5e042f7821cb391a047e23572ab53360c67");
	EXPECT_STRING(bytes.buf + bytes.len - 1536,
		      "airlift-archive 1\noffset 5632\nsize 721\n"
		      "digest sha256:dac90d0fb8a2267c66c2aa71fddbaeca0e4b33754934d5d00a37ec0939105d3e\n");
}
