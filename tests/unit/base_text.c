/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/tap.h"

static void expect_escaped(const char *text, size_t length, const char *wanted)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	text_escape(&out, text, length, 1000);
	EXPECT_STRING(out.buf, wanted);
}

#define EXPECT_ESCAPED(text, wanted) expect_escaped(text, sizeof(text) - 1, wanted)

TEST(ordinary_text_stays_as_it_is)
{
	EXPECT_ESCAPED("", "");
	EXPECT_ESCAPED("quay.io/a/b:v1 (\"x\")", "quay.io/a/b:v1 (\"x\")");
	EXPECT_ESCAPED("gr\xc3\xb6\xc3\x9f"
		       "e \xe2\x82\xac \xf0\x9f\x9a\x80",
		       "gr\xc3\xb6\xc3\x9f"
		       "e \xe2\x82\xac \xf0\x9f\x9a\x80");
}

TEST(control_characters_are_shown_not_sent)
{
	EXPECT_ESCAPED("a\x1b[31mb", "a\\x1b[31mb");
	EXPECT_ESCAPED("one\ntwo\r\t", "one\\x0atwo\\x0d\\x09");
	EXPECT_ESCAPED("\x7f", "\\x7f");
	EXPECT_ESCAPED("a\0b", "a\\x00b");
	EXPECT_ESCAPED("\xc2\x9b"
		       "31m",
		       "\\u{9b}31m");
}

TEST(text_that_changes_direction_is_shown)
{
	EXPECT_ESCAPED("a\xe2\x80\xae"
		       "b",
		       "a\\u{202e}b");
	EXPECT_ESCAPED("\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}");
	EXPECT_ESCAPED("\xe2\x80\x8e\xe2\x80\x8f", "\\u{200e}\\u{200f}");
	EXPECT_ESCAPED("\xd8\x9c", "\\u{61c}");
	EXPECT_ESCAPED("\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}");
}

TEST(bytes_that_are_not_utf_8_are_shown)
{
	EXPECT_ESCAPED("\xff", "\\xff");
	EXPECT_ESCAPED("\x80", "\\x80");
	EXPECT_ESCAPED("\xc3", "\\xc3");
	EXPECT_ESCAPED("\xc3(", "\\xc3(");
	EXPECT_ESCAPED("\xe2\x82", "\\xe2\\x82");
	EXPECT_ESCAPED("\xc0\x80", "\\xc0\\x80");          /* overlong */
	EXPECT_ESCAPED("\xe0\x80\x80", "\\xe0\\x80\\x80"); /* overlong */
	EXPECT_ESCAPED("\xf0\x80\x80\x80", "\\xf0\\x80\\x80\\x80");
	EXPECT_ESCAPED("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
	EXPECT_ESCAPED("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	EXPECT_ESCAPED("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
}

TEST(long_text_is_cut)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	strbuf_add_string(&out, "before: ");
	text_escape(&out, "0123456789", 10, 4);
	EXPECT_STRING(out.buf, "before: 0123...");
	strbuf_reset(&out);
	text_escape(&out, "0123", 4, 4);
	EXPECT_STRING(out.buf, "0123");
	CLEANUP(free_string) char *large = xmalloc(5001);
	memset(large, 0x1b, 5000);
	large[5000] = '\0';
	CLEANUP(free_string) char *shown = text_escaped(large);
	EXPECT(strlen(shown) <= 1024 + 3 && text_ends_with(shown, "\\x1b..."));
}

TEST(beginnings_and_ends)
{
	EXPECT(text_starts_with("sha256:ab", "sha256:") && !text_starts_with("sha", "sha256:"));
	EXPECT(text_starts_with("x", "") && text_starts_with("", ""));
	EXPECT(text_ends_with("a.json", ".json") && !text_ends_with("json", ".json"));
	EXPECT(text_ends_with("x", "") && text_ends_with("", ""));
}

TEST(sizes_with_units)
{
	static const struct {
		const char *text;
		uint64_t size;
	} cases[] = {
		{"0", 0},
		{"1024", 1024},
		{"650M", 650000000},
		{"4G", 4000000000},
		{"25Gi", (uint64_t)25 << 30},
		{"1K", 1000},
		{"1Ki", 1024},
		{"3T", 3000000000000},
		{"2Ti", (uint64_t)2 << 40},
		{"0016", 16},
		{"18446744073709551615", UINT64_MAX},
		{"16777215Ti", (uint64_t)16777215 << 40},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		uint64_t size = 1;
		EXPECT_OK(text_parse_size(cases[i].text, &size, &err), &err);
		if (size != cases[i].size)
			test_fail(__FILE__, __LINE__, "%s is %llu", cases[i].text, (unsigned long long)size);
	}
}

TEST(what_is_no_size)
{
	static const char *const cases[] = {
		"",
		"K",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1.5G",
		"1k",
		"1g",
		"1Gib",
		"1GiB",
		"1GB",
		"1KK",
		"1i",
		"0x10",
		"1P",
		"1e3",
		"18446744073709551616",
		"16777216Ti",
		"18446744073709551615K",
		"99999999999999999999999999",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		uint64_t size = 7;
		EXPECT_ERROR(text_parse_size(cases[i], &size, &err), &err, ERROR_USAGE, "is not a size");
		EXPECT(size == 7);
	}
}

TEST(numbers)
{
	static const char *const wrong[] = {"", "-1", "1x", " 1", "101", "18446744073709551616", "1\n"};
	struct error err = ERROR_INIT;
	uint64_t number;

	EXPECT_OK(text_parse_number("100", 100, &number, &err), &err);
	EXPECT(number == 100);
	EXPECT_OK(text_parse_number("18446744073709551615", UINT64_MAX, &number, &err), &err);
	EXPECT(number == UINT64_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		EXPECT_ERROR(text_parse_number(wrong[i], 100, &number, &err), &err, ERROR_USAGE,
			     "is not a number from 0 to 100");
	EXPECT_ERROR(text_parse_number("\x1b", 100, &number, &err), &err, ERROR_USAGE, "\\x1b");
}

TEST(sizes_for_people)
{
	static const struct {
		uint64_t size;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{999, "999 B"},
		{1024, "1.00 KiB"},
		{1536, "1.50 KiB"},
		{10 * 1024, "10.0 KiB"},
		{825 << 20, "825 MiB"},
		{(uint64_t)25 << 30, "25.0 GiB"},
		{UINT64_MAX, "16384 PiB"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char text[TEXT_SIZE_LENGTH];
		EXPECT_STRING(text_format_size(cases[i].size, text), cases[i].text);
	}
}
