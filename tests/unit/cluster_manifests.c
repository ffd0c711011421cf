/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cluster/manifests.h"
#include "tests/tap.h"

#define DIGEST "@sha256:d134a9865524c29fcf75bbc4469013bc38d8a15cb5f41acfddb6b9e492f556e4"

static void add(struct cluster_files *files, const char *name, const char *text)
{
	strbuf_add_string(cluster_files_add(files, name), text);
}

static void expect_file(const char *directory, const char *name, const char *want)
{
	struct error err = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/%s", directory, name);

	EXPECT_OK(file_read(AT_FDCWD, path, 1 << 20, &bytes, &err), &err);
	EXPECT_STRING(bytes.buf, want);
}

static bool exists(const char *directory, const char *name)
{
	CLEANUP(free_string) char *path = xasprintf("%s/%s", directory, name);

	return access(path, F_OK) == 0;
}

static size_t count_entries(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count - 2;
}

static mode_t mode_of(const char *directory, const char *name)
{
	CLEANUP(free_string) char *path = xasprintf("%s/%s", directory, name);
	struct stat status = {0};

	EXPECT(stat(path, &status) == 0);
	return status.st_mode & 07777;
}

static void expect_created(const struct cluster_files *files, const char *stem, time_t now,
			   const char *want_name, bool want_new)
{
	struct error err = ERROR_INIT;
	CLEANUP(free_string) char *path = NULL;
	CLEANUP(free_string) char *want = xasprintf("%s/%s", test_directory(), want_name);
	CLEANUP(free_string) char *whole_stem = xasprintf("manifests-%s", stem);
	bool is_new = !want_new;

	EXPECT_OK(manifests_directory_create(test_directory(), whole_stem, now, files, &path, &is_new, &err),
		  &err);
	EXPECT_STRING(path, want);
	EXPECT(is_new == want_new);
}

TEST(a_directory_appears_whole_and_only_when_something_changed)
{
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;

	umask(022);
	add(&files, "mapping.txt", "a=b\n");
	add(&files, "imageDigestMirrorSet.yaml", "");
	expect_created(&files, "my/index", 1700000000, "manifests-my-index-1700000000", true);
	expect_created(&files, "my/index", 1700000009, "manifests-my-index-1700000000", false);
	EXPECT(count_entries(test_directory()) == 1);

	CLEANUP(free_string) char *made = xasprintf("%s/manifests-my-index-1700000000", test_directory());
	EXPECT(count_entries(made) == 2);
	expect_file(made, "mapping.txt", "a=b\n");
	expect_file(made, "imageDigestMirrorSet.yaml", "");
	EXPECT(mode_of(made, "mapping.txt") == 0644);
	EXPECT(mode_of(made, ".") == 0755);

	strbuf_add_string(&files.items[0].bytes, "c=d\n");
	expect_created(&files, "my/index", 1700000009, "manifests-my-index-1700000009", true);
	expect_created(&files, "my/index", 1700000010, "manifests-my-index-1700000009", false);
	EXPECT(count_entries(test_directory()) == 2);
}

TEST(the_newest_directory_counts_and_more_files_are_another_set)
{
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	CLEANUP(cluster_files_release) struct cluster_files more = CLUSTER_FILES_INIT;
	CLEANUP(cluster_files_release) struct cluster_files other = CLUSTER_FILES_INIT;

	add(&files, "a", "1");
	add(&more, "a", "1");
	add(&more, "b", "2");
	add(&other, "c", "1");
	expect_created(&files, "x", 99, "manifests-x-99", true);
	expect_created(&more, "x", 100, "manifests-x-100", true);
	/* Newest by number, not by name; equal to an older one does not count. */
	expect_created(&files, "x", 101, "manifests-x-101", true);
	expect_created(&other, "x", 102, "manifests-x-102", true);
	/* Another stem that starts with the same letters is another. */
	expect_created(&files, "x-7", 5, "manifests-x-7-5", true);
	expect_created(&other, "x", 103, "manifests-x-102", false);
}

TEST(a_name_that_is_taken_is_not_touched)
{
	struct error err = ERROR_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	CLEANUP(free_string) char *taken = xasprintf("%s/manifests-x-50", test_directory());
	CLEANUP(free_string) char *left = xasprintf("%s/.manifests-x-partial", test_directory());

	EXPECT_OK(directory_create_all(taken, 0755, &err), &err);
	EXPECT_OK(directory_create_all(left, 0755, &err), &err);
	CLEANUP(free_string) char *rest = xasprintf("%s/old", left);
	EXPECT_OK(file_replace(AT_FDCWD, rest, "x", 1, 0644, &err), &err);
	add(&files, "a", "1");
	expect_created(&files, "x", 50, "manifests-x-51", true);
	EXPECT(count_entries(taken) == 0);
	EXPECT(!exists(test_directory(), ".manifests-x-partial"));
	CLEANUP(free_string) char *made = xasprintf("%s/manifests-x-51", test_directory());
	EXPECT(count_entries(made) == 1);
}

TEST(a_missing_base_is_an_error)
{
	struct error err = ERROR_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	char *path = NULL;
	bool is_new = false;

	CLEANUP(free_string) char *base = xasprintf("%s/nowhere", test_directory());
	EXPECT_ERROR(manifests_directory_create(base, "x", 1, &files, &path, &is_new, &err), &err, ERROR_IO,
		     "/nowhere");
}

TEST(a_named_directory_is_made_with_its_parents)
{
	struct error err = ERROR_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/a/b/out//", test_directory());
	CLEANUP(free_string) char *parent = xasprintf("%s/a/b", test_directory());
	bool is_changed = false;

	add(&files, "a", "1");
	EXPECT_OK(manifests_directory_fill(path, &files, &is_changed, &err), &err);
	EXPECT(is_changed);
	expect_file(path, "a", "1");
	EXPECT(count_entries(parent) == 1);
	EXPECT_OK(manifests_directory_fill(path, &files, &is_changed, &err), &err);
	EXPECT(!is_changed);
}

TEST(an_existing_named_directory_keeps_what_is_not_ours)
{
	struct error err = ERROR_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;
	CLEANUP(free_string) char *theirs = xasprintf("%s/theirs", test_directory());
	bool is_changed = false;

	EXPECT_OK(file_replace(AT_FDCWD, theirs, "x", 1, 0600, &err), &err);
	add(&files, "a", "1");
	strvec_push(&lines, "quay.io/b");
	strvec_push(&lines, "quay.io/a");
	cluster_files_add_lines(&files, "missing.txt", &lines);
	EXPECT_OK(manifests_directory_fill(test_directory(), &files, &is_changed, &err), &err);
	EXPECT(is_changed);
	expect_file(test_directory(), "missing.txt", "quay.io/a\nquay.io/b\n");
	EXPECT(count_entries(test_directory()) == 3);

	CLEANUP(cluster_files_release) struct cluster_files complete = CLUSTER_FILES_INIT;
	CLEANUP(strvec_release) struct strvec none = STRVEC_INIT;
	add(&complete, "a", "2");
	cluster_files_add_lines(&complete, "missing.txt", &none);
	EXPECT_OK(manifests_directory_fill(test_directory(), &complete, &is_changed, &err), &err);
	EXPECT(is_changed);
	EXPECT(!exists(test_directory(), "missing.txt"));
	expect_file(test_directory(), "a", "2");
	expect_file(test_directory(), "theirs", "x");
	EXPECT_OK(manifests_directory_fill(test_directory(), &complete, &is_changed, &err), &err);
	EXPECT(!is_changed);
}

TEST(a_named_path_that_is_a_file_is_refused)
{
	struct error err = ERROR_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/file", test_directory());
	bool is_changed = false;

	EXPECT_OK(file_replace(AT_FDCWD, path, "x", 1, 0600, &err), &err);
	EXPECT_ERROR(manifests_directory_fill(path, &files, &is_changed, &err), &err, ERROR_IO, "file");
}

static void build_mapping(struct mapping *mapping)
{
	struct error err = ERROR_INIT;
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	CLEANUP(reference_release) struct reference index = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference mirror = REFERENCE_INIT;

	strvec_push(&images, "quay.io/a/b" DIGEST);
	strvec_push(&images, "quay.io/a/c:v1");
	EXPECT_OK(reference_parse(&index, "quay.io/my/index:1", &err), &err);
	EXPECT_OK(reference_parse_with_host(&mirror, "reg.example.com/ns", &err), &err);
	EXPECT_OK(mapping_build(mapping, &images, &index, &mirror, 2, &images, &err), &err);
}

static const struct manifests_options usual_options = {
	.name = "index",
	.icsp_scope = POLICY_SCOPE_REPOSITORY,
	.idms_scope = POLICY_SCOPE_REGISTRY,
	.max_icsp_size_bytes = POLICY_DEFAULT_MAX_SIZE,
	.max_idms_size_bytes = POLICY_DEFAULT_MAX_SIZE,
};

TEST(the_set_for_a_catalog_has_all_files)
{
	static const char *const names[] = {
		"mapping.txt",
		"catalogSource.yaml",
		"imageContentSourcePolicy.yaml",
		"imageDigestMirrorSet.yaml",
		"missing.txt",
	};
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;

	build_mapping(&mapping);
	EXPECT_OK(manifests_build(&mapping, &usual_options, &files, &err), &err);
	EXPECT(files.count == ARRAY_LENGTH(names));
	for (size_t i = 0; i < files.count && i < ARRAY_LENGTH(names); i++)
		EXPECT_STRING(files.items[i].name, names[i]);
	EXPECT(files.items[4].is_absent);
	EXPECT(strstr(files.items[1].bytes.buf, "  image: reg.example.com/ns/my-index:1\n") != NULL);
	EXPECT(strstr(files.items[2].bytes.buf, "  name: index-0\n") != NULL);
	EXPECT(strstr(files.items[2].bytes.buf, "    source: quay.io/a/b\n") != NULL);
	EXPECT(strstr(files.items[3].bytes.buf, "    source: quay.io\n") != NULL);
}

TEST(merging_the_own_directory_changes_nothing)
{
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(cluster_files_release) struct cluster_files first = CLUSTER_FILES_INIT;
	CLEANUP(cluster_files_release) struct cluster_files second = CLUSTER_FILES_INIT;
	struct manifests_options options = usual_options;
	bool is_changed = false;

	build_mapping(&mapping);
	EXPECT_OK(manifests_build(&mapping, &options, &first, &err), &err);
	EXPECT_OK(manifests_directory_fill(test_directory(), &first, &is_changed, &err), &err);
	options.merge_directory = test_directory();
	EXPECT_OK(manifests_build(&mapping, &options, &second, &err), &err);
	EXPECT_OK(manifests_directory_fill(test_directory(), &second, &is_changed, &err), &err);
	EXPECT(!is_changed);
}

TEST(an_entry_that_does_not_fit_names_the_file)
{
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	struct manifests_options options = usual_options;

	build_mapping(&mapping);
	options.max_idms_size_bytes = 100;
	EXPECT_ERROR(manifests_build(&mapping, &options, &files, &err), &err, ERROR_INVALID,
		     "imageDigestMirrorSet.yaml: unable to add mirror {quay.io [reg.example.com] } to IDMS");
}
