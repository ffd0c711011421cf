/* SPDX-License-Identifier: Apache-2.0 */
/* Media with bad sectors: reading some offsets fails, as it does on a stick that is worn out. */
#include <errno.h>
#include <sys/syscall.h>

#include "store/volumes.h"
#include "tests/unit/store_fixture.h"

/* The bytes that cannot be read, in every file. */
static uint64_t bad_begin, bad_end;

/* In place of the C library's. Large files are the only kind here, so this is pread64 to the linker. */
ssize_t pread(int fd, void *data, size_t length, off_t offset)
{
	if ((uint64_t)offset < bad_end && (uint64_t)offset + length > bad_begin) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, data, length, offset);
}

static void damage(uint64_t begin, uint64_t end)
{
	bad_begin = begin;
	bad_end = end;
}

static void expect_unreadable(struct blob_store *store, const struct fixture_blob *blob, enum error_code code,
			      const char *message)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(blob_store_read_blob(store, &blob->digest, blob->size, SIZE_MAX, &out, &err), &err, code,
		     message);
}

TEST(an_archive_that_cannot_be_read_is_damaged)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct blob_store *other = NULL;
	struct archive_verification verification = {0};
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	fixture_write(&fixture, path, true);
	EXPECT_OK(archive_open(&store, path, &err), &err);
	uint64_t offset = archive_store_offset(store, &fixture.blobs[0].digest);
	damage(offset, offset + 1);
	CLEANUP(free_string)
	char *message =
		xasprintf("a.tar: cannot be read at byte %ju: Input/output error; the medium is damaged",
			  (uintmax_t)offset);
	expect_unreadable(store, &fixture.blobs[0], ERROR_DIGEST, message);
	fixture_expect_blob(store, &fixture.blobs[1]);
	EXPECT_OK(archive_verify(path, NULL, &verification, &err), &err);
	EXPECT(verification.n_damages == 1 && verification.damages[0].offset == offset);
	archive_verification_release(&verification);
	damage(0, UINT64_MAX / 2);
	EXPECT_ERROR(archive_open(&other, path, &err), &err, ERROR_DIGEST, "the medium is damaged");
	EXPECT_ERROR(tar_store_open(&other, path, &err), &err, ERROR_DIGEST, "the medium is damaged");
	damage(0, 0);
}

TEST(a_tar_or_a_layout_that_cannot_be_read_is_damaged)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *directory = fixture_path("layout");
	CLEANUP(blob_store_freep) struct blob_store *tar = NULL;
	CLEANUP(blob_store_freep) struct blob_store *writable = NULL;
	CLEANUP(blob_store_freep) struct blob_store *layout = NULL;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	const struct fixture_blob *blob = &fixture.blobs[0];
	fixture_write(&fixture, path, false);
	EXPECT_OK(tar_store_open(&tar, path, &err), &err);
	EXPECT_OK(directory_store_open(&writable, directory, DIRECTORY_WRITE, &err), &err);
	EXPECT_OK(fixture_put(writable, blob, &err), &err);
	EXPECT_OK(directory_store_open(&layout, directory, DIRECTORY_READ, &err), &err);
	damage(0, UINT64_MAX / 2);
	expect_unreadable(tar, blob, ERROR_DIGEST, "the medium is damaged");
	expect_unreadable(layout, blob, ERROR_DIGEST, "layout: cannot be read at byte 0");
	expect_unreadable(writable, blob, ERROR_IO, "reading at byte 0");
	damage(0, 0);
}

TEST(our_own_files_are_our_own_side)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *directory = fixture_path("spool");
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	CLEANUP(blob_store_freep) struct blob_store *spool = NULL;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "x", 1, 1000);
	const struct fixture_blob *blob = &fixture.blobs[0];
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	EXPECT_OK(fixture_put(archive_writer_store(writer), blob, &err), &err);
	EXPECT_OK(directory_store_open(&spool, directory, DIRECTORY_CACHE, &err), &err);
	EXPECT_OK(fixture_put(spool, blob, &err), &err);
	damage(0, UINT64_MAX / 2);
	expect_unreadable(archive_writer_store(writer), blob, ERROR_IO, "Input/output error");
	expect_unreadable(spool, blob, ERROR_IO, "Input/output error");
	archive_writer_free(steal(&writer));
	EXPECT_ERROR(fixture_open(&fixture, path, true, &writer, &err), &err, ERROR_IO, "Input/output error");
	damage(0, 0);

	/* What another plan has left is a help, not a need. */
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	archive_writer_free(steal(&writer));
	fixture_add_random(&fixture, 7, 10);
	EXPECT_OK(fixture_open(&fixture, path, true, &writer, &err), &err);
	fixture_expect_blob(archive_writer_leftover(writer), blob);
	damage(0, UINT64_MAX / 2);
	expect_unreadable(archive_writer_leftover(writer), blob, ERROR_DIGEST, "the medium is damaged");
	damage(0, 0);
}
