/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that were interrupted. */
#include "base/cancel.h"
#include "store/chunks.h"
#include "tests/unit/store_fixture.h"

/* A run that ends after the first `count` blobs. */
static void write_some(struct fixture *fixture, const char *path, size_t count)
{
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(fixture_open(fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < count; i++)
		EXPECT_OK(fixture_put(archive_writer_store(writer), &fixture->blobs[i], &err), &err);
}

static void add_images(struct fixture *fixture)
{
	fixture_add_image(fixture, "x", 1, 1000);
	fixture_add_image(fixture, "y", 2, 2 * CHUNK_SIZE + 1);
}

static bool writer_has(struct archive_writer *writer, const struct fixture_blob *blob)
{
	return blob_store_has(archive_writer_store(writer), &blob->digest, blob->size);
}

TEST(what_an_interrupted_run_has_finished_is_kept)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *at_once_path = fixture_path("b.tar");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(strbuf_release) struct strbuf resumed = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf at_once = STRBUF_INIT;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, 4);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++) {
		EXPECT(writer_has(writer, &fixture.blobs[i]) == (i < 4));
		if (i >= 4)
			EXPECT_OK(fixture_put(archive_writer_store(writer), &fixture.blobs[i], &err), &err);
	}
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, false, &err), &err);
	fixture_write(&fixture, at_once_path, true);
	fixture_read_file(path, &resumed);
	fixture_read_file(at_once_path, &at_once);
	EXPECT(resumed.len == at_once.len && !memcmp(resumed.buf, at_once.buf, resumed.len));
}

TEST(a_blob_that_was_damaged_meanwhile_counts_as_not_there)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, fixture.n_blobs);
	fixture_read_file(partial, &bytes);
	char *place = memmem(bytes.buf, bytes.len, fixture.blobs[3].data, 64);
	EXPECT(place != NULL);
	if (!place)
		return;
	place[CHUNK_SIZE] ^= 1;
	fixture_write_file(partial, bytes.buf, bytes.len);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++)
		EXPECT(writer_has(writer, &fixture.blobs[i]) == (i != 3));
}

TEST(a_tail_that_was_begun_does_not_disturb)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct archive_verification verification;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, fixture.n_blobs);
	fixture_read_file(partial, &bytes);
	for (size_t i = 0; i < 50000; i++)
		strbuf_add_char(&bytes, 'x');
	fixture_write_file(partial, bytes.buf, bytes.len);
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, false, &err), &err);
	EXPECT_OK(archive_verify(path, NULL, &verification, &err), &err);
	EXPECT(verification.n_damages == 0 && verification.n_blobs == fixture.n_blobs);
	archive_verification_release(&verification);
}

TEST(an_archive_that_lacked_a_blob_when_it_stopped_can_be_completed)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	CLEANUP(free_string) char *plan = fixture_path("a.tar.plan");
	CLEANUP(free_string) char *kept = fixture_path("kept");
	struct error err = ERROR_INIT;

	/* Killed between the absent entries and the rename: the plan is there, and the finished file too. */
	add_images(&fixture);
	write_some(&fixture, path, 5);
	EXPECT(link(plan, kept) == 0);
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, false, &err), &err);
	archive_writer_free(steal(&writer));
	EXPECT(rename(path, partial) == 0 && rename(kept, plan) == 0);

	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++)
		EXPECT(writer_has(writer, &fixture.blobs[i]) == (i != 5));
	EXPECT_OK(fixture_put(archive_writer_store(writer), &fixture.blobs[5], &err), &err);
	EXPECT_OK(archive_writer_finish(writer, &fixture.records, false, &err), &err);
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	EXPECT_OK(archive_open(&store, path, &err), &err);
	for (size_t i = 0; store && i < fixture.n_blobs; i++)
		fixture_expect_blob(store, &fixture.blobs[i]);
}

TEST(an_unfinished_archive_is_told_from_a_missing_one)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_NOT_FOUND, "no such file");
	add_images(&fixture);
	write_some(&fixture, path, 1);
	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_DIGEST, "run the mirror command again");
	EXPECT_ERROR(archive_open(&store, partial, &err), &err, ERROR_DIGEST, "run the mirror command again");
}

TEST(verifying_what_is_there_can_be_interrupted_and_loses_nothing)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	add_images(&fixture);
	write_some(&fixture, path, fixture.n_blobs);
	cancel_flag = true;
	EXPECT_ERROR(fixture_open(&fixture, path, true, &writer, &err), &err, ERROR_CANCELLED, NULL);
	cancel_flag = false;
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	for (size_t i = 0; i < fixture.n_blobs; i++)
		EXPECT(writer_has(writer, &fixture.blobs[i]));
	archive_writer_free(writer);
}

TEST(a_link_in_place_of_the_unfinished_file_is_not_followed)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *partial = fixture_path("a.tar.partial");
	CLEANUP(free_string) char *victim = fixture_path("victim");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct archive_writer *writer = NULL;
	struct error err = ERROR_INIT;

	fixture_write_file(victim, "precious", 8);
	EXPECT(symlink(victim, partial) == 0);
	EXPECT_ERROR(fixture_open(&fixture, path, true, &writer, &err), &err, ERROR_IO, "a.tar.partial");
	fixture_read_file(victim, &bytes);
	EXPECT_STRING(bytes.buf, "precious");
}
