/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/path.h"

#include "tests/tap.h"

static void expect_clean(const char *path, const char *want)
{
	CLEANUP(free_string) char *clean = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(layer_path_clean(&clean, path, &err), &err);
	EXPECT_STRING(clean, want);
}

static void expect_resolved(const char *link, const char *target, const char *want)
{
	CLEANUP(free_string) char *path = layer_path_resolve(link, target);

	EXPECT_STRING(path, want);
}

TEST(a_path_is_cleaned_as_text)
{
	expect_clean("configs/a", "configs/a");
	expect_clean("./configs//a/", "configs/a");
	expect_clean("/configs/./a", "configs/a");
	expect_clean("/", "");
	expect_clean(".", "");
	expect_clean("", "");
	expect_clean("..a/b..", "..a/b..");
}

TEST(a_path_that_climbs_is_refused)
{
	static const char *const paths[] = {"..", "../a", "a/../b", "a/..", "/..", "./.."};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct error err = ERROR_INIT;
		char *clean = NULL;
		EXPECT_ERROR(layer_path_clean(&clean, paths[i], &err), &err, ERROR_INVALID, "\"..\"");
	}
}

TEST(a_link_leads_from_its_directory_or_from_the_root)
{
	expect_resolved("configs/a/link", "b", "configs/a/b");
	expect_resolved("configs/a/link", "../b/./c", "configs/b/c");
	expect_resolved("configs/a/link", "/x/y", "x/y");
	expect_resolved("link", "../../../x", "x");
	expect_resolved("link", "", "");
}

TEST(within_a_directory_means_whole_components)
{
	EXPECT(layer_path_is_within("configs", "configs"));
	EXPECT(layer_path_is_within("configs/a", "configs"));
	EXPECT(!layer_path_is_within("configs2", "configs"));
	EXPECT(!layer_path_is_within("config", "configs"));
	EXPECT(layer_path_is_within("anything", ""));
}
