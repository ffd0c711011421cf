/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "oci/manifest.h"
#include "tests/tap.h"

static int parse(struct image_config *config, const char *text, struct error *err)
{
	return image_config_parse(config, text, strlen(text), err);
}

TEST(a_config_has_a_platform_a_date_and_labels)
{
	static const char text[] =
		"{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\",\"created\":"
		"\"2024-05-01T10:00:00Z\","
		"\"config\":{\"Env\":[\"PATH=/"
		"bin\"],\"Labels\":{\"io.openshift.release\":\"4.16.3\",\"empty\":\"\"}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
	CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(parse(&config, text, &err), &err);
	CLEANUP(free_string) char *platform = platform_format(&config.platform);
	EXPECT_STRING(platform, "linux/arm64/v8");
	EXPECT_STRING(config.created, "2024-05-01T10:00:00Z");
	EXPECT(config.n_labels == 2);
	EXPECT_STRING(image_config_label(&config, "io.openshift.release"), "4.16.3");
	EXPECT_STRING(image_config_label(&config, "empty"), "");
	EXPECT_STRING(image_config_label(&config, "other"), NULL);
}

TEST(all_of_a_config_is_optional)
{
	static const char *const texts[] = {
		"{}",
		"{\"config\":null}",
		"{\"config\":{}}",
		"{\"config\":{\"Labels\":null},\"created\":null}",
		"{\"config\":{\"Labels\":{}}}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(parse(&config, texts[i], &err), &err);
		EXPECT_STRING(config.platform.os, "");
		EXPECT_STRING(config.platform.architecture, "");
		EXPECT_STRING(config.created, NULL);
		EXPECT_STRING(image_config_label(&config, "x"), NULL);
	}
}

TEST(a_malformed_config_is_refused)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"", "image config: JSON is empty"},
		{"[]", "JSON is not an object"},
		{"{\"os\":1}", "os is not a string"},
		{"{\"created\":1}", "created is not a string"},
		{"{\"config\":[]}", "config is not an object"},
		{"{\"config\":{\"Labels\":[]}}", "Labels is not an object"},
		{"{\"config\":{\"Labels\":{\"a\":\"b\",\"\\u001b\":1}}}", "label '\\x1b' is not a string"},
		{"{\"os\":\"a\",\"os\":\"b\"}", "JSON is malformed"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
		struct error err = ERROR_INIT;

		EXPECT_ERROR(parse(&config, cases[i].text, &err), &err, ERROR_INVALID, cases[i].part);
		EXPECT(!config.platform.os && !config.labels);
	}
}
