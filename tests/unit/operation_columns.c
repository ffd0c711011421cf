/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/columns.h"

#include "operation/timestamp.h"
#include "tests/tap.h"

TEST(columns_are_as_wide_as_their_widest_cell)
{
	static const char *const table[][2] = {
		{"", ""},
		{"a\n", "a\n"},
		{"a\tb\nccc\td\n", "a   b\nccc d\n"},
		{"a\tb\tc\nd\te\n\nlong\tx\n", "a b c\nd e\n\nlong x\n"},
		{"a\tb\tc\nd\teeee\nf\tg\th\n", "a b c\nd eeee\nf g h\n"},
		{"a\t\t\nb\tcc\t\n", "a    \nb cc \n"},
		{"\xC3\xA9\xC3\xA9\tb\nc\td\n", "\xC3\xA9\xC3\xA9 b\nc  d\n"},
		{"no end\tx", "no end x\n"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		columns_align(&out, table[i][0]);
		EXPECT_STRING(out.buf, table[i][1]);
	}
}

TEST(times_are_shown_in_utc)
{
	static const char *const table[][2] = {
		{"2022-08-10T00:00:00Z", "2022-08-10T00:00:00Z"},
		{"2022-08-10T00:00:00.999999999Z", "2022-08-10T00:00:00Z"},
		{"2022-08-10T00:00:00+02:30", "2022-08-09T21:30:00Z"},
		{"2024-02-29T23:59:59-00:01", "2024-03-01T00:00:59Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
	};
	static const char *const bad[] = {
		"",
		"2022-08-10",
		"2022-08-10 00:00:00Z",
		"2022-08-10T00:00:00",
		"2022-13-10T00:00:00Z",
		"2023-02-29T00:00:00Z",
		"2022-08-10T24:00:00Z",
		"2022-08-10T00:00:60Z",
		"2022-08-10T00:00:00.Z",
		"2022-08-10T00:00:00+0200",
		"2022-08-10T00:00:00Zx",
	};
	char text[TIMESTAMP_SIZE];
	int64_t seconds;

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		EXPECT(timestamp_parse(table[i][0], &seconds));
		EXPECT_STRING(timestamp_format(seconds, text), table[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		EXPECT(!timestamp_parse(bad[i], &seconds));
}

TEST(ages_have_one_unit)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} table[] = {
		{-2, "<invalid>"}, {-1, "0s"},         {0, "0s"},        {59, "59s"},
		{60, "1m"},        {3599, "59m"},      {3600, "1h"},     {86399, "23h"},
		{86400, "1d"},     {31535999, "364d"}, {31536000, "1y"}, {4 * 31536000L + 1, "4y"},
	};
	char text[TIMESTAMP_AGE_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		EXPECT_STRING(timestamp_format_age(table[i].seconds, text), table[i].text);
}
