/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupted runs with other plans, and runs that were killed at the very end. */
#include "store/chunks.h"
#include "tests/unit/store_fixture.h"

/* A run that ends after the blobs `first` to `end` - 1. */
static void write_some(struct fixture *fixture, const char *path, size_t first, size_t end)
{
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(fixture_open(fixture, path, true, &writer, &err), &err);
	for (size_t i = first; writer && i < end; i++)
		EXPECT_OK(fixture_put(archive_writer_store(writer), &fixture->blobs[i], &err), &err);
}

static bool leftover_has(struct archive_writer *writer, const struct fixture_blob *blob)
{
	struct blob_store *leftover = archive_writer_leftover(writer);

	return leftover && blob_store_has(leftover, &blob->digest, blob->size);
}

static bool is_in_directory(const char *name)
{
	CLEANUP(free_string) char *path = fixture_path(name);

	return fixture_exists(path);
}

static void add_images(struct fixture *fixture)
{
	fixture_add_image(fixture, "x", 1, 1000);
	fixture_add_image(fixture, "y", 2, 2 * CHUNK_SIZE + 1);
}

TEST(another_plan_begins_anew_and_offers_what_was_finished)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, 0, 5);
	fixture_add_random(&fixture, 7, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++) {
		const struct fixture_blob *blob = &fixture.blobs[i];
		EXPECT(!blob_store_has(archive_writer_store(writer), &blob->digest, blob->size));
		EXPECT(leftover_has(writer, blob) == (i < 5));
		if (i < 5)
			fixture_expect_blob(archive_writer_leftover(writer), blob);
		EXPECT_OK(fixture_put(archive_writer_store(writer), blob, &err), &err);
	}
	struct blob_reader *reader = NULL;
	EXPECT_ERROR(blob_store_open_blob(archive_writer_leftover(writer), &fixture.blobs[6].digest, 10,
					  &reader, &err),
		     &err, ERROR_NOT_FOUND, "a.tar.partial.earlier: blob sha256:");
	EXPECT_ERROR(blob_store_open_blob(archive_writer_leftover(writer), &fixture.blobs[0].digest, 10,
					  &reader, &err),
		     &err, ERROR_DIGEST, "has 1000 bytes, should have 10");
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, false, &err), &err);
	EXPECT(!is_in_directory("a.tar.partial.earlier") && !is_in_directory("a.tar.plan.earlier"));
	EXPECT(!is_in_directory("a.tar.plan") && !is_in_directory("a.tar.partial"));
	EXPECT_OK(archive_open(&store, path, &err), &err);
}

TEST(what_was_finished_earlier_outlives_an_interruption_with_the_new_plan)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, 0, 4);
	fixture_add_random(&fixture, 7, 10);
	write_some(&fixture, path, 0, 1);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++) {
		const struct fixture_blob *blob = &fixture.blobs[i];
		EXPECT(leftover_has(writer, blob) == (i < 4));
		EXPECT(blob_store_has(archive_writer_store(writer), &blob->digest, blob->size) == (i < 1));
	}
}

TEST(of_several_interrupted_runs_the_one_that_had_more_is_kept)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, 0, 3);
	fixture_add_random(&fixture, 7, 10);
	write_some(&fixture, path, 0, 1);
	fixture_add_random(&fixture, 8, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT(leftover_has(writer, &fixture.blobs[2]) && !leftover_has(writer, &fixture.blobs[3]));
	archive_writer_free(steal(&writer));

	write_some(&fixture, path, 3, 4);
	fixture_add_random(&fixture, 9, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT(leftover_has(writer, &fixture.blobs[3]) && !leftover_has(writer, &fixture.blobs[2]));
	archive_writer_free(steal(&writer));

	/* A run in which nothing was finished takes nothing away. */
	fixture_add_random(&fixture, 10, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT(leftover_has(writer, &fixture.blobs[3]));
}

TEST(what_is_damaged_in_a_leftover_costs_only_itself)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, 0, fixture.n_blobs);
	fixture_read_file(partial, &bytes);
	char *place = memmem(bytes.buf, bytes.len, fixture.blobs[0].data, 64);
	EXPECT(place != NULL);
	if (!place)
		return;
	*place ^= 1;
	fixture_write_file(partial, bytes.buf, bytes.len);
	const struct fixture_blob *damaged = &fixture.blobs[0];
	fixture_add_random(&fixture, 7, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT(leftover_has(writer, damaged));
	EXPECT_ERROR(blob_store_read_blob(archive_writer_leftover(writer), &damaged->digest, damaged->size,
					  1 << 20, &out, &err),
		     &err, ERROR_DIGEST, "is damaged");
	fixture_expect_blob(archive_writer_leftover(writer), &fixture.blobs[1]);
}

TEST(what_a_leftover_has_lost_is_not_there)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;
	size_t n_there = 0;

	add_images(&fixture);
	write_some(&fixture, path, 0, fixture.n_blobs);
	EXPECT(truncate(partial, 3072 + 6 * 512) == 0);
	fixture_add_random(&fixture, 7, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++) {
		if (!leftover_has(writer, &fixture.blobs[i]))
			continue;
		fixture_expect_blob(archive_writer_leftover(writer), &fixture.blobs[i]);
		n_there++;
	}
	EXPECT(n_there > 0 && n_there < fixture.n_blobs - 1);
}

TEST(a_leftover_whose_plan_is_lost_is_ignored_and_removed)
{
	static const char *const plans[] = {"", "airlift-plan 1\n", "airlift-plan 1\nblobs 0\nsha256 x\n"};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *plan = fixture_path("a.tar.plan.earlier");

	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
		CLEANUP(fixture_release) struct fixture fixture = {0};
		CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
		struct error err = ERROR_INIT;
		fixture_add_image(&fixture, "x", 1, 1000);
		write_some(&fixture, path, 0, 3);
		fixture_add_random(&fixture, 7, 10);
		write_some(&fixture, path, 0, 0);
		EXPECT(fixture_exists(plan));
		fixture_write_file(plan, plans[i], strlen(plans[i]));
		EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
		EXPECT(archive_writer_leftover(writer) == NULL);
		EXPECT_OK(archive_writer_finish(writer, &fixture.records, true, &err), &err);
		EXPECT(!is_in_directory("a.tar.partial.earlier"));
	}
}

TEST(a_plain_archive_at_the_same_path_takes_nothing_away)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	write_some(&fixture, path, 0, 2);
	EXPECT_OK(fixture_open(&fixture, path, false, &writer, &err), &err);
	EXPECT(leftover_has(writer, &fixture.blobs[1]) && !is_in_directory("a.tar.plan"));
	archive_writer_free(steal(&writer));
	fixture_write(&fixture, path, false);
	EXPECT(!is_in_directory("a.tar.partial.earlier") && !is_in_directory("a.tar.plan.earlier"));
}

/* --- killed between the archive and its index */

static void expect_same(const char *first_path, const char *second_path)
{
	CLEANUP(strbuf_release) struct strbuf first = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf second = STRBUF_INIT;

	fixture_read_file(first_path, &first);
	fixture_read_file(second_path, &second);
	EXPECT(first.len == second.len && !memcmp(first.buf, second.buf, first.len));
}

TEST(an_index_that_never_came_is_written_afterwards)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *sidecar = fixture_path("a.tar.index.json");
	CLEANUP(free_string) char *kept = fixture_path("kept");
	CLEANUP(free_string) char *plan = fixture_path("a.tar.plan");
	CLEANUP(free_string) char *leftover = fixture_path("a.tar.partial.earlier");
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	fixture_write(&fixture, path, true);
	EXPECT(rename(sidecar, kept) == 0);
	fixture_write_file(plan, "plan", 4);
	fixture_write_file(leftover, "blobs", 5);
	EXPECT_OK(archive_restore_index(path, &err), &err);
	expect_same(sidecar, kept);
	EXPECT(!fixture_exists(plan) && !fixture_exists(leftover) && !is_in_directory("a.tar.lock"));

	/* That of the archive which was there before. */
	fixture_write_file(sidecar, "{}", 2);
	EXPECT_OK(archive_restore_index(path, &err), &err);
	expect_same(sidecar, kept);
	EXPECT_OK(archive_restore_index(path, &err), &err);
	expect_same(sidecar, kept);
}

TEST(a_further_run_that_is_unfinished_keeps_its_plan)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	fixture_write(&fixture, path, true);
	write_some(&fixture, path, 0, 1);
	EXPECT_OK(archive_restore_index(path, &err), &err);
	EXPECT(is_in_directory("a.tar.plan") && is_in_directory("a.tar.partial"));
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	CLEANUP(free_string) char *sidecar = fixture_path("a.tar.index.json");
	EXPECT_OK(archive_restore_index(path, &err), &err);
	EXPECT(unlink(sidecar) == 0);
	EXPECT_ERROR(archive_restore_index(path, &err), &err, ERROR_BUSY, "a.tar");
}

TEST(there_must_be_an_archive_to_restore_its_index)
{
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	struct error err = ERROR_INIT;

	EXPECT_ERROR(archive_restore_index(path, &err), &err, ERROR_NOT_FOUND, "a.tar");
	fixture_write_file(path, "hello", 5);
	EXPECT_ERROR(archive_restore_index(path, &err), &err, ERROR_DIGEST, "is not an airlift archive");
	EXPECT(!is_in_directory("a.tar.index.json") && !is_in_directory("a.tar.lock"));
}
