/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/splitter.h"

#include <string.h>

#include "tests/tap.h"

/* Where the text is cut last when it comes in portions of `step` bytes. */
static size_t boundary(enum piece_format format, const char *text, size_t step)
{
	struct splitter splitter = {.format = format};
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i += step)
		splitter_scan(&splitter, text, i + step < length ? i + step : length);
	return splitter.boundary;
}

static void expect_boundary(enum piece_format format, const char *text, size_t want)
{
	for (size_t step = 1; step <= strlen(text); step++)
		EXPECT(boundary(format, text, step) == want);
}

TEST(the_first_character_decides_the_format)
{
	char blanks[5000];

	memset(blanks, ' ', sizeof(blanks));
	EXPECT(piece_format_of(" \t\r\n{", 5) == PIECE_JSON);
	EXPECT(piece_format_of("\n[", 2) == PIECE_YAML);
	EXPECT(piece_format_of("--- {", 5) == PIECE_YAML);
	EXPECT(piece_format_of("", 0) == PIECE_UNKNOWN);
	EXPECT(piece_format_of(blanks, 4095) == PIECE_UNKNOWN);
	blanks[4096] = '{';
	EXPECT(piece_format_of(blanks, 4097) == PIECE_YAML);
}

TEST(json_is_cut_behind_values)
{
	expect_boundary(PIECE_JSON, "{}", 2);
	expect_boundary(PIECE_JSON, "{\"a\":[{}]}\n{\"b\":{", 10);
	expect_boundary(PIECE_JSON, "{\"}{\\\"}\":1", 0);
	expect_boundary(PIECE_JSON, "{\"a\":\"\\\\\"}{\"b", 10);
	expect_boundary(PIECE_JSON, "{}}", 3);
}

TEST(yaml_is_cut_in_front_of_separators)
{
	expect_boundary(PIECE_YAML, "---\na: b\n", 0);
	expect_boundary(PIECE_YAML, "a: b\n---\nc: d\n", 5);
	expect_boundary(PIECE_YAML, "a: b\n---  # text\r\nc: d\n---\t\r\ne", 23);
	expect_boundary(PIECE_YAML, "a: b\n--- c\n---x\n----\n", 0);
	expect_boundary(PIECE_YAML, "a: b\n---#x\n", 0);
	/* It might still go on. */
	expect_boundary(PIECE_YAML, "a: b\n---", 0);
}

TEST(scanning_goes_on_behind_a_cut)
{
	struct splitter splitter = {.format = PIECE_JSON};

	splitter_scan(&splitter, "{}{\"", 4);
	EXPECT(splitter.boundary == 2);
	splitter_cut(&splitter);
	EXPECT(splitter.boundary == 0 && splitter.scanned == 2);
	splitter_scan(&splitter, "{\"}\"}", 5);
	EXPECT(splitter.boundary == 5);
}
