/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hidden.h"

#include "tests/tap.h"

TEST(a_file_hides_its_path_and_what_is_below)
{
	CLEANUP(layer_hidden_release) struct layer_hidden hidden = LAYER_HIDDEN_INIT;

	layer_hidden_add(&hidden, "a/b", false);
	EXPECT(layer_hidden_covers(&hidden, "a/b", false));
	EXPECT(layer_hidden_covers(&hidden, "a/b", true));
	EXPECT(layer_hidden_covers(&hidden, "a/b/c", false));
	EXPECT(!layer_hidden_covers(&hidden, "a/bc", false));
	EXPECT(!layer_hidden_covers(&hidden, "a/c", false));
}

TEST(a_directory_hides_a_file_but_not_a_directory)
{
	CLEANUP(layer_hidden_release) struct layer_hidden hidden = LAYER_HIDDEN_INIT;

	layer_hidden_add(&hidden, "a/b/c", false);
	EXPECT(layer_hidden_covers(&hidden, "a", false));
	EXPECT(layer_hidden_covers(&hidden, "a/b", false));
	EXPECT(!layer_hidden_covers(&hidden, "a/b", true));
	EXPECT(!layer_hidden_covers(&hidden, "a/b/d", false));
}

TEST(an_opaque_directory_hides_what_is_below_it)
{
	CLEANUP(layer_hidden_release) struct layer_hidden hidden = LAYER_HIDDEN_INIT;

	layer_hidden_add_opaque(&hidden, "a");
	EXPECT(layer_hidden_covers(&hidden, "a/b", false));
	EXPECT(layer_hidden_covers(&hidden, "a/b/c", true));
	EXPECT(!layer_hidden_covers(&hidden, "a", true));
	EXPECT(!layer_hidden_covers(&hidden, "b", false));
	layer_hidden_add_opaque(&hidden, "");
	EXPECT(layer_hidden_covers(&hidden, "b", false));
}

TEST(a_whiteout_hides_and_merging_keeps_everything)
{
	CLEANUP(layer_hidden_release) struct layer_hidden upper = LAYER_HIDDEN_INIT;
	CLEANUP(layer_hidden_release) struct layer_hidden lower = LAYER_HIDDEN_INIT;

	layer_hidden_add(&upper, "a", true);
	layer_hidden_add_whiteout(&lower, "a");
	layer_hidden_add_whiteout(&lower, "x/y");
	layer_hidden_merge(&upper, &lower);
	EXPECT(layer_hidden_covers(&upper, "a/b", false));
	EXPECT(layer_hidden_covers(&upper, "x/y", true));
	EXPECT(!layer_hidden_covers(&upper, "x/z", false));
}
