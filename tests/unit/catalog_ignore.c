/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/ignore.h"

#include <string.h>

#include "catalog/glob.h"
#include "catalog/walk_order.h"
#include "tests/tap.h"

static bool glob(const char *pattern, const char *name)
{
	return glob_match(pattern, strlen(pattern), name, strlen(name));
}

/* With one ignore file at the top. */
static bool is_ignored(const char *rules_text, const char *path)
{
	CLEANUP(ignore_rules_release) struct ignore_rules rules = IGNORE_RULES_INIT;

	ignore_rules_add(&rules, "", rules_text, strlen(rules_text));
	return ignore_rules_match(&rules, path);
}

TEST(a_glob_matches_a_whole_name)
{
	EXPECT(glob("a", "a") && !glob("a", "ab") && !glob("ab", "a"));
	EXPECT(glob("*", "") && glob("*", "abc") && glob("a*c", "abbc") && !glob("a*c", "abb"));
	EXPECT(glob("*.md", "README.md") && glob("*a*b", "xaxaxb") && !glob("*a*b", "xaxax"));
	EXPECT(glob("?b", "ab") && !glob("?", "") && glob("?", "\xc3\xa9") && !glob("??", "\xc3\xa9"));
	EXPECT(glob("\\*", "*") && !glob("\\*", "a"));
}

TEST(a_glob_has_classes)
{
	EXPECT(glob("[a-c]", "b") && !glob("[a-c]", "d"));
	EXPECT(glob("[^a-c]", "d") && !glob("[^a-c]", "b") && glob("[!a]", "b"));
	EXPECT(glob("[]a]", "]") && glob("[a-]", "-") && glob("[\\]]", "]"));
	EXPECT(glob("[\xc3\xa0-\xc3\xa9]", "\xc3\xa5"));
	EXPECT(!glob("[a", "a") && !glob("[", "[") && !glob("[a-", "a") && !glob("\\", "\\"));
}

TEST(a_glob_with_many_stars_takes_no_time)
{
	char pattern[2001], name[4001];

	for (size_t i = 0; i < 1000; i++)
		memcpy(pattern + 2 * i, "*a", 2);
	pattern[1999] = 'b';
	pattern[2000] = '\0';
	memset(name, 'a', 4000);
	name[4000] = '\0';
	EXPECT(!glob(pattern, name));
}

TEST(a_pattern_without_a_slash_is_tried_on_every_component)
{
	EXPECT(is_ignored("README.md", "README.md"));
	EXPECT(is_ignored("README.md", "a/b/README.md"));
	EXPECT(is_ignored("b", "a/b/c"));
	EXPECT(!is_ignored("b", "a/bc"));
	EXPECT(is_ignored("  *.md \r\n", "a/x.md"));
	EXPECT(!is_ignored("# a\n\n#\n", "a"));
}

TEST(a_slash_behind_means_directories_only)
{
	EXPECT(is_ignored("b/", "a/b/c"));
	EXPECT(!is_ignored("b/", "a/b"));
	EXPECT(is_ignored("/a/b/", "a/b/c"));
	EXPECT(!is_ignored("/a/b/", "a/b"));
}

TEST(a_pattern_with_a_slash_is_anchored)
{
	EXPECT(is_ignored("/a", "a") && is_ignored("/a", "a/b") && !is_ignored("/a", "b/a"));
	EXPECT(is_ignored("a/b", "a/b") && is_ignored("a/b", "a/b/c") && !is_ignored("a/b", "x/a/b"));
	EXPECT(is_ignored("a/*", "a/b") && !is_ignored("a/*", "a"));
	EXPECT(!is_ignored("*/c", "a/b/c") && is_ignored("*/c", "a/c"));
}

TEST(two_stars_are_any_number_of_components)
{
	EXPECT(is_ignored("**/c", "c") && is_ignored("**/c", "a/b/c") && !is_ignored("**/c", "a/bc"));
	EXPECT(is_ignored("a/**/c", "a/c") && is_ignored("a/**/c", "a/x/y/c") &&
	       !is_ignored("a/**/c", "x/c"));
	EXPECT(is_ignored("**/b/c", "b/x/b/c"));
	EXPECT(is_ignored("a/**", "a/b/c") && !is_ignored("a/**", "b"));
	EXPECT(is_ignored("**", "x"));
	EXPECT(is_ignored("**/a/**/b/**/c", "x/a/y/b/c") && !is_ignored("**/a/**/b/**/c", "x/b/y/a/c"));
}

TEST(the_last_pattern_that_matches_decides)
{
	EXPECT(!is_ignored("*.md\n!README.md\n", "README.md"));
	EXPECT(is_ignored("*.md\n!README.md\n", "x.md"));
	EXPECT(is_ignored("!README.md\n*.md\n", "README.md"));
	EXPECT(!is_ignored("!\n/\n", "a"));
}

TEST(patterns_count_below_the_directory_of_their_file)
{
	CLEANUP(ignore_rules_release) struct ignore_rules rules = IGNORE_RULES_INIT;

	ignore_rules_add(&rules, "", "*.md", 4);
	ignore_rules_add(&rules, "a/b", "/x\n!y.md", 8);
	EXPECT(ignore_rules_match(&rules, "a/b/x"));
	EXPECT(!ignore_rules_match(&rules, "a/x"));
	EXPECT(!ignore_rules_match(&rules, "a/b/y.md"));
	EXPECT(ignore_rules_match(&rules, "a/y.md"));
	EXPECT(!ignore_rules_match(&rules, "a/b"));
}

TEST(a_walk_finishes_a_directory_before_its_longer_neighbours)
{
	EXPECT(walk_order_compare("a/b", "a-b") < 0);
	EXPECT(walk_order_compare("a", "a/b") < 0);
	EXPECT(walk_order_compare("b", "a/b") > 0);
	EXPECT(walk_order_compare("a/\xc3\xa9", "a/z") > 0);
	EXPECT(walk_order_compare("a", "a") == 0);
}
