/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "tests/tap.h"

TEST(an_error_has_a_code_and_a_sentence)
{
	struct error err = ERROR_INIT;

	EXPECT(err.code == ERROR_NONE);
	EXPECT(error_set(&err, ERROR_INVALID, "%s: %d is too many", "list", 5) == -1);
	EXPECT(error_is(&err, ERROR_INVALID) && !error_is(&err, ERROR_IO));
	EXPECT_STRING(err.message, "list: 5 is too many");
	error_clear(&err);
	EXPECT(err.code == ERROR_NONE && !err.message);
	error_clear(&err);
}

TEST(errno_becomes_words_and_survives_the_formatting)
{
	struct error err = ERROR_INIT;

	errno = ENOSPC;
	EXPECT(error_set_errno(&err, "%s", "disk") == -1);
	EXPECT_STRING(err.message, "disk: No space left on device");
	EXPECT(err.code == ERROR_IO);
	error_clear(&err);
}

TEST(context_goes_in_front_and_advice_behind)
{
	struct error err = ERROR_INIT;

	error_set(&err, ERROR_NOT_FOUND, "no such tag");
	EXPECT(error_wrap(&err, "%s", "quay.io/a/b") == -1);
	EXPECT(error_advise(&err, "try %s", "v2") == -1);
	EXPECT_STRING(err.message, "quay.io/a/b: no such tag; try v2");
	EXPECT(err.code == ERROR_NOT_FOUND);
	error_clear(&err);
}

TEST(a_moved_error_leaves_nothing_behind)
{
	struct error from = ERROR_INIT, to = ERROR_INIT;

	error_set(&from, ERROR_DIGEST, "first");
	EXPECT(error_move(&to, &from) == -1);
	EXPECT(from.code == ERROR_NONE && !from.message);
	EXPECT_STRING(to.message, "first");
	error_set(&from, ERROR_IO, "second");
	EXPECT(error_move(&to, &from) == -1);
	EXPECT(from.code == ERROR_NONE && !from.message);
	EXPECT_STRING(to.message, "first");
	EXPECT(to.code == ERROR_DIGEST);
	error_clear(&to);
}
