/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"
#include "tests/tap.h"

TEST(a_platform_is_written_as_it_was_read)
{
	static const char *const texts[] = {"linux/amd64", "linux/arm64/v8", "windows/amd64",
					    "linux/ppc64le"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(platform_release) struct platform platform = {0};
		struct error err = ERROR_INIT;

		EXPECT_OK(platform_parse(&platform, texts[i], &err), &err);
		CLEANUP(free_string) char *text = platform_format(&platform);
		EXPECT_STRING(text, texts[i]);
	}
}

TEST(other_texts_are_no_platforms)
{
	static const char *const texts[] = {"",          "linux",        "linux/",           "/amd64",
					    "linux//v8", "linux/arm64/", "linux/arm64/v8/x", "linux /amd64",
					    "linux/.*",  "linux/amd64\n"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(platform_release) struct platform platform = {0};
		struct error err = ERROR_INIT;

		EXPECT_ERROR(platform_parse(&platform, texts[i], &err), &err, ERROR_USAGE,
			     "is not a platform; write os/arch");
		EXPECT(!platform.os);
	}
}

static bool matches(const char *have_text, const char *wanted_text)
{
	CLEANUP(platform_release) struct platform have = {0};
	CLEANUP(platform_release) struct platform wanted = {0};
	struct error err = ERROR_INIT;

	EXPECT_OK(platform_parse(&have, have_text, &err), &err);
	EXPECT_OK(platform_parse(&wanted, wanted_text, &err), &err);
	return platform_matches(&have, &wanted);
}

TEST(an_empty_variant_matches_any)
{
	EXPECT(matches("linux/amd64", "linux/amd64"));
	EXPECT(matches("linux/arm64/v8", "linux/arm64"));
	EXPECT(matches("linux/arm/v7", "linux/arm/v7"));
	EXPECT(!matches("linux/arm/v6", "linux/arm/v7"));
	EXPECT(matches("linux/arm64", "linux/arm64/v8"));
	EXPECT(!matches("linux/arm64", "linux/arm64/v9"));
	EXPECT(!matches("linux/arm", "linux/arm/v7"));
	EXPECT(!matches("linux/arm64", "linux/arm"));
	EXPECT(!matches("windows/amd64", "linux/amd64"));
}
