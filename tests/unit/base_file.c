/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parallel.h"
#include "tests/tap.h"

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", test_directory(), name);
}

static void write_file(const char *path, const char *text)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(file_replace(AT_FDCWD, path, text, strlen(text), 0644, &err), &err);
}

static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

TEST(a_missing_file_is_not_found_and_named)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *path = path_of("none");
	struct error err = ERROR_INIT;

	EXPECT_ERROR(file_open(AT_FDCWD, path, &err), &err, ERROR_NOT_FOUND, path);
	EXPECT_ERROR(file_read(AT_FDCWD, path, 10, &bytes, &err), &err, ERROR_NOT_FOUND, "no such file");
	EXPECT_ERROR(directory_open(AT_FDCWD, path, &err), &err, ERROR_NOT_FOUND, "no such directory");
}

TEST(reading_appends_up_to_the_limit)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *path = path_of("file");
	struct error err = ERROR_INIT;

	write_file(path, "12345");
	strbuf_add_string(&bytes, "0");
	EXPECT_OK(file_read(AT_FDCWD, path, 5, &bytes, &err), &err);
	EXPECT_STRING(bytes.buf, "012345");
	EXPECT_ERROR(file_read(AT_FDCWD, path, 4, &bytes, &err), &err, ERROR_INVALID, "larger than 4 bytes");
	EXPECT_STRING(bytes.buf, "012345");
	EXPECT_ERROR(file_read(AT_FDCWD, test_directory(), 4, &bytes, &err), &err, ERROR_IO, "directory");
	EXPECT_STRING(bytes.buf, "012345");
}

TEST(a_large_file_is_read_whole)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT, read = STRBUF_INIT;
	CLEANUP(free_string) char *path = path_of("large");
	struct error err = ERROR_INIT;

	for (unsigned i = 0; i < 500000; i++)
		strbuf_add_char(&bytes, (char)(i * 7 >> 3));
	EXPECT_OK(file_replace(AT_FDCWD, path, bytes.buf, bytes.len, 0600, &err), &err);
	EXPECT_OK(file_read(AT_FDCWD, path, 1 << 20, &read, &err), &err);
	EXPECT(read.len == bytes.len && !memcmp(read.buf, bytes.buf, bytes.len));
}

TEST(positions_are_kept_when_writing)
{
	struct error err = ERROR_INIT;
	char bytes[7] = "";
	CLEANUP(close_file) int fd = file_open_unnamed(test_directory(), &err);

	EXPECT(fd >= 0);
	EXPECT_OK(file_write_all(fd, "abcdef", 6, "x", &err), &err);
	EXPECT_OK(file_pwrite_all(fd, "XY", 2, 2, "x", &err), &err);
	EXPECT(pread(fd, bytes, sizeof(bytes), 0) == 6);
	EXPECT_STRING(bytes, "abXYef");
}

TEST(a_path_has_a_parent)
{
	static const char *const cases[][2] = {
		{"a", "."},  {"a/", "."},  {"a/b", "a"}, {"a/b/", "a"},  {"a//b//", "a"},
		{"/a", "/"}, {"/a/", "/"}, {"/", "/"},   {"//", "/"},    {"//a", "/"},
		{"", "."},   {".", "."},   {"./a", "."}, {"/a/b", "/a"}, {"a/b/c", "a/b"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(free_string) char *parent = path_parent(cases[i][0]);
		EXPECT_STRING(parent, cases[i][1]);
	}
}

TEST(a_directory_can_be_synced)
{
	CLEANUP(free_string) char *inside = path_of("some-file");
	CLEANUP(free_string) char *nowhere = path_of("none/some-file");
	struct error err = ERROR_INIT;

	EXPECT_OK(directory_sync_parent(AT_FDCWD, inside, &err), &err);
	EXPECT_ERROR(directory_sync_parent(AT_FDCWD, nowhere, &err), &err, ERROR_NOT_FOUND, "none");
	EXPECT_ERROR(directory_sync(-1, "stick", &err), &err, ERROR_IO, "stick: Bad file");
}

TEST(an_unnamed_file_leaves_nothing)
{
	struct error err = ERROR_INIT;
	CLEANUP(close_file) int fd = file_open_unnamed(test_directory(), &err);

	EXPECT(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	EXPECT(rmdir(test_directory()) == 0);
	EXPECT_ERROR(file_open_unnamed(test_directory(), &err), &err, ERROR_IO, test_directory());
}

TEST(write_errors_name_the_file)
{
	struct error err = ERROR_INIT;
	CLEANUP(close_file) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0)
		TEST_SKIP("no /dev/full");
	EXPECT_ERROR(file_write_all(full, "x", 1, "stick", &err), &err, ERROR_IO, "stick: No space left");
	EXPECT_ERROR(file_write_all(-1, "x", 1, "stick", &err), &err, ERROR_IO, "stick: Bad file");
	EXPECT_OK(file_write_all(-1, "", 0, "stick", &err), &err);
}

TEST(replacing_a_file_is_all_or_nothing)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *path = path_of("file");
	CLEANUP(free_string) char *inside = path_of("file/inside");
	struct error err = ERROR_INIT;
	struct stat status;

	write_file(path, "old");
	EXPECT_OK(file_replace(AT_FDCWD, path, "new!", 4, 0600, &err), &err);
	EXPECT_OK(file_read(AT_FDCWD, path, 10, &bytes, &err), &err);
	EXPECT_STRING(bytes.buf, "new!");
	EXPECT(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
	EXPECT_ERROR(file_replace(AT_FDCWD, inside, "x", 1, 0600, &err), &err, ERROR_IO, inside);
	EXPECT(unlink(path) == 0);
	/* Only empty directories can be removed: no temporary file was left. */
	EXPECT(rmdir(test_directory()) == 0);
}

TEST(a_directory_is_not_replaced_by_a_file)
{
	CLEANUP(free_string) char *path = path_of("directory");
	struct error err = ERROR_INIT;

	EXPECT(mkdir(path, 0755) == 0);
	EXPECT_ERROR(file_replace(AT_FDCWD, path, "x", 1, 0600, &err), &err, ERROR_IO, path);
	EXPECT(rmdir(path) == 0 && rmdir(test_directory()) == 0);
}

TEST(paths_are_relative_to_the_descriptor)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *path = path_of("name");
	struct error err = ERROR_INIT;
	CLEANUP(close_file) int directory = directory_open(AT_FDCWD, test_directory(), &err);

	EXPECT(directory >= 0);
	EXPECT_OK(file_replace(directory, "name", "x", 1, 0644, &err), &err);
	EXPECT(exists(path));
	EXPECT_OK(file_read(directory, "name", 1, &bytes, &err), &err);
	EXPECT_OK(directory_remove_all(directory, "name", &err), &err);
	EXPECT(!exists(path));
}

TEST(directories_are_made_with_their_parents)
{
	CLEANUP(free_string) char *path = path_of("a//b/c/");
	CLEANUP(free_string) char *file = path_of("a/file");
	CLEANUP(free_string) char *below = path_of("a/file/x");
	struct error err = ERROR_INIT;

	EXPECT_OK(directory_create_all(path, 0755, &err), &err);
	EXPECT_OK(directory_create_all(path, 0755, &err), &err);
	EXPECT_OK(directory_create_all("/", 0755, &err), &err);
	EXPECT(exists(path));
	write_file(file, "");
	EXPECT_ERROR(directory_create_all(file, 0755, &err), &err, ERROR_IO, "is not a directory");
	EXPECT_ERROR(directory_create_all(below, 0755, &err), &err, ERROR_IO, "Not a directory");
	EXPECT_ERROR(directory_create_all("", 0755, &err), &err, ERROR_IO, "No such file");
}

TEST(removing_a_tree_follows_no_links)
{
	CLEANUP(free_string) char *tree = path_of("tree");
	CLEANUP(free_string) char *deep = path_of("tree/a/b/c");
	CLEANUP(free_string) char *file = path_of("tree/a/file");
	CLEANUP(free_string) char *outside = path_of("outside");
	CLEANUP(free_string) char *kept = path_of("outside/kept");
	CLEANUP(free_string) char *link = path_of("tree/a/link");
	struct error err = ERROR_INIT;

	EXPECT_OK(directory_create_all(deep, 0755, &err), &err);
	EXPECT_OK(directory_create_all(outside, 0755, &err), &err);
	write_file(file, "x");
	write_file(kept, "x");
	EXPECT(symlink(outside, link) == 0);
	EXPECT_OK(directory_remove_all(AT_FDCWD, tree, &err), &err);
	EXPECT(!exists(tree) && exists(kept));
	EXPECT_OK(directory_remove_all(AT_FDCWD, tree, &err), &err);
}

TEST(the_space_of_a_file_system_is_known)
{
	struct error err = ERROR_INIT;
	uint64_t space = 0;

	EXPECT_OK(file_system_space(test_directory(), &space, &err), &err);
	EXPECT(space > 0);
	EXPECT_ERROR(file_system_space("/nowhere/at/all", &space, &err), &err, ERROR_IO, "/nowhere/at/all");
}

TEST(a_lock_is_held_by_one)
{
	CLEANUP(free_string) char *path = path_of("lock");
	struct file_lock lock = FILE_LOCK_INIT, other = FILE_LOCK_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(file_lock_take(&lock, path, &err), &err);
	EXPECT_ERROR(file_lock_take(&other, path, &err), &err, ERROR_BUSY, path);
	file_lock_release(&other);
	file_lock_release(&lock);
	EXPECT(!exists(path) && lock.fd == -1);
	EXPECT_OK(file_lock_take(&other, path, &err), &err);
	file_lock_release(&other);
	file_lock_release(&other);
}

TEST(a_lock_left_by_a_dead_process_is_free)
{
	CLEANUP(free_string) char *path = path_of("lock");
	struct file_lock lock = FILE_LOCK_INIT;
	struct error err = ERROR_INIT;
	int status;

	pid_t child = fork();
	if (!child)
		_exit(file_lock_take(&lock, path, &err) < 0);
	EXPECT(waitpid(child, &status, 0) == child && status == 0);
	EXPECT(exists(path));
	EXPECT_OK(file_lock_take(&lock, path, &err), &err);
	file_lock_release(&lock);
}

TEST(a_lock_is_not_taken_through_a_link)
{
	CLEANUP(free_string) char *path = path_of("lock");
	struct file_lock lock = FILE_LOCK_INIT;
	struct error err = ERROR_INIT;

	EXPECT(symlink("/etc/passwd", path) == 0);
	EXPECT_ERROR(file_lock_take(&lock, path, &err), &err, ERROR_IO, path);
	EXPECT(lock.fd == -1);
}

struct contest {
	const char *path;
	atomic_int holders, most, won;
};

static void compete(size_t index, unsigned worker, void *context)
{
	struct contest *contest = context;
	struct file_lock lock = FILE_LOCK_INIT;
	struct error err = ERROR_INIT;

	(void)index;
	(void)worker;
	if (file_lock_take(&lock, contest->path, &err) < 0) {
		error_clear(&err);
		return;
	}
	int holders = atomic_fetch_add(&contest->holders, 1) + 1;
	if (holders > atomic_load(&contest->most))
		atomic_store(&contest->most, holders);
	atomic_fetch_add(&contest->won, 1);
	atomic_fetch_sub(&contest->holders, 1);
	file_lock_release(&lock);
}

TEST(locks_that_vanish_under_others_are_never_held_twice)
{
	CLEANUP(free_string) char *path = path_of("lock");
	struct contest contest = {.path = path};

	parallel_for(2000, 4, compete, &contest);
	EXPECT(contest.most == 1 && contest.won > 0);
}
