/* SPDX-License-Identifier: Apache-2.0 */
#include "release/semver.h"

#include <stdlib.h>

#include "tests/tap.h"

TEST(versions_of_the_grammar_are_valid)
{
	static const char *const texts[] = {
		"0.0.4",
		"1.2.3",
		"10.20.30",
		"1.1.2-prerelease+meta",
		"1.1.2+meta",
		"1.0.0-alpha",
		"1.0.0-alpha.beta.1",
		"1.0.0-alpha0.valid",
		"1.0.0-0A.is.legal",
		"1.0.0---RC-SNAPSHOT.12.9.1--.12+788",
		"1.0.0+0.build.1-rc.10000aaa-kk-0.1",
		"99999999999999999999999.999999999999999999.99999999999999999",
		"4.12.0-0.nightly-2023-01-09-095104",
		"412.86.202301061548-0",
		"1.0.0+007",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		if (!semver_is_valid(texts[i]))
			test_fail(__FILE__, __LINE__, "%s", texts[i]);
}

TEST(other_texts_are_no_versions)
{
	static const char *const texts[] = {
		"",           "1",        "1.2",      "v1.2.3",    "1.2.3.4",        "01.1.1",
		"1.01.1",     "1.1.01",   "1.2.3-",   "1.2.3+",    "1.2.3-01",       "1.2.3-a.01",
		"1.2.3-a..b", "1.2.3-a.", "1.2.3+a.", "1.2.3+a+b", "1.2.3-a_b",      " 1.2.3",
		"1.2.3 ",     "1.2.3\n",  "-1.0.0",   "1.2.-3",    "1.2.3-\xC3\xA9", "a.b.c",
		"1..3",       "+1.2.3",   "1.2.3-+b", ".1.2",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		if (semver_is_valid(texts[i]))
			test_fail(__FILE__, __LINE__, "\"%s\"", texts[i]);
}

/* semver.org section 11, then what is no version at all. */
TEST(versions_are_ordered_by_precedence)
{
	static const char *const ordered[] = {
		"0.9.9",
		"1.0.0-1",
		"1.0.0-2",
		"1.0.0-10",
		"1.0.0-99999999999999999999",
		"1.0.0-100000000000000000000",
		"1.0.0--",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.1.0",
		"1.0.0-alpha.beta",
		"1.0.0-alpha-b",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0",
		"1.0.1",
		"1.2.0",
		"1.10.0",
		"2.0.0",
		"10.0.0",
		"18446744073709551616.0.0",
		"",
		"4.9",
		"not-a-version",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(ordered); i++)
		for (size_t j = 0; j < ARRAY_LENGTH(ordered); j++) {
			int got = semver_compare(ordered[i], ordered[j]);
			if ((got > 0) - (got < 0) != (i > j) - (i < j))
				test_fail(__FILE__, __LINE__, "%s and %s: %d", ordered[i], ordered[j], got);
		}
}

TEST(the_build_does_not_count_but_makes_an_order_of_its_own)
{
	const char *items[] = {"1.0.0+b", "x", "1.0.0", "0.1.0", "1.0.0+a"};

	EXPECT(semver_compare("1.0.0+a", "1.0.0+b") == 0);
	EXPECT(semver_compare("1.0.0-rc.1+z", "1.0.0-rc.1") == 0);
	qsort(items, ARRAY_LENGTH(items), sizeof(*items), semver_compare_items);
	EXPECT_STRING(items[0], "0.1.0");
	EXPECT_STRING(items[1], "1.0.0");
	EXPECT_STRING(items[2], "1.0.0+a");
	EXPECT_STRING(items[3], "1.0.0+b");
	EXPECT_STRING(items[4], "x");
}
