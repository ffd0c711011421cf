/* SPDX-License-Identifier: Apache-2.0 */
/* strbuf and strvec. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/strvec.h"
#include "tests/tap.h"

TEST(an_empty_strbuf_is_a_string)
{
	struct strbuf string = STRBUF_INIT;

	EXPECT_STRING(string.buf, "");
	strbuf_reset(&string);
	strbuf_add(&string, "", 0);
	strbuf_set_length(&string, 0);
	EXPECT(string.len == 0 && string.allocated == 0);
	strbuf_release(&string);
	EXPECT_STRING(string.buf, "");
}

TEST(a_strbuf_grows_by_every_kind_of_piece)
{
	struct strbuf string = STRBUF_INIT;

	strbuf_add(&string, "abcdef", 3);
	strbuf_add_char(&string, 'd');
	strbuf_add_string(&string, "ef");
	strbuf_addf(&string, "-%03d-%s", 7, "x");
	EXPECT_STRING(string.buf, "abcdef-007-x");
	EXPECT(string.len == 12);
	strbuf_release(&string);
}

TEST(a_strbuf_may_hold_nul_bytes_and_ends_with_one)
{
	struct strbuf string = STRBUF_INIT;

	strbuf_add(&string, "a\0b", 3);
	EXPECT(string.len == 3 && !memcmp(string.buf, "a\0b", 4));
	strbuf_release(&string);
}

TEST(a_strbuf_of_a_megabyte_of_single_characters)
{
	struct strbuf string = STRBUF_INIT;

	for (size_t i = 0; i < 1000000; i++)
		strbuf_add_char(&string, (char)('a' + i % 26));
	EXPECT(string.len == 1000000 && string.buf[999999] == 'a' + 999999 % 26 && !string.buf[1000000]);
	EXPECT(string.allocated < 2000000);
	strbuf_release(&string);
}

TEST(room_can_be_written_directly)
{
	struct strbuf string = STRBUF_INIT;

	strbuf_grow(&string, 10);
	memcpy(string.buf, "0123456789", 10);
	strbuf_set_length(&string, 10);
	EXPECT_STRING(string.buf, "0123456789");
	strbuf_set_length(&string, 4);
	EXPECT_STRING(string.buf, "0123");
	strbuf_release(&string);
}

TEST(a_reset_strbuf_keeps_its_storage)
{
	struct strbuf string = STRBUF_INIT;

	strbuf_add_string(&string, "something");
	size_t allocated = string.allocated;
	strbuf_reset(&string);
	EXPECT(string.len == 0 && string.allocated == allocated);
	EXPECT_STRING(string.buf, "");
	strbuf_release(&string);
}

TEST(a_detached_string_is_the_callers)
{
	struct strbuf string = STRBUF_INIT;
	char *text = strbuf_detach(&string);

	EXPECT_STRING(text, "");
	free(text);
	strbuf_add_string(&string, "mine");
	text = strbuf_detach(&string);
	EXPECT_STRING(text, "mine");
	EXPECT_STRING(string.buf, "");
	free(text);
}

TEST(a_strvec_is_followed_by_null)
{
	struct strvec list = STRVEC_INIT;

	EXPECT(!strvec_contains(&list, "a"));
	for (int i = 0; i < 100; i++) {
		strvec_pushf(&list, "item %d", i);
		EXPECT(list.count == (size_t)i + 1 && !list.items[list.count]);
	}
	EXPECT_STRING(list.items[42], "item 42");
	EXPECT(strvec_contains(&list, "item 99") && !strvec_contains(&list, "item 100"));
	strvec_release(&list);
	EXPECT(!list.count && !list.items);
}

TEST(sorting_is_bytewise_and_drops_repetitions)
{
	struct strvec list = STRVEC_INIT;
	static const char *const words[] = {"b", "a", "B", "\xc3\xa4", "a", "", "b", "a"};
	static const char *const wanted[] = {"", "B", "a", "b", "\xc3\xa4"};

	strvec_sort_unique(&list);
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		strvec_push(&list, words[i]);
	strvec_push_take(&list, xstrdup("B"));
	strvec_sort_unique(&list);
	EXPECT(list.count == ARRAY_LENGTH(wanted));
	for (size_t i = 0; i < list.count; i++)
		EXPECT_STRING(list.items[i], wanted[i]);
	EXPECT(!list.items[list.count]);
	strvec_release(&list);
}

TEST(steal_takes_the_value_and_leaves_zero)
{
	char *text = xstrdup("x");
	char *taken = steal(&text);

	EXPECT(!text);
	EXPECT_STRING(taken, "x");
	free(taken);
}
