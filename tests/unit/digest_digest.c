/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "digest/digest.h"
#include "tests/tap.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/* FIPS 180-4 examples: "abc". */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void expect_digest(const struct digest *digest, const char *hex)
{
	char text[DIGEST_HEX_LENGTH + 1];

	EXPECT_STRING(digest_format_hex(digest, text), hex);
}

TEST(digests_of_known_bytes)
{
	struct digest digest;

	digest_of("", 0, &digest);
	expect_digest(&digest, EMPTY);
	digest_of("abc", 3, &digest);
	expect_digest(&digest, ABC);
}

TEST(text_and_value_are_the_same_thing)
{
	struct error err = ERROR_INIT;
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	EXPECT_OK(digest_parse(&digest, "sha256:" ABC, &err), &err);
	EXPECT_STRING(digest_format(&digest, text), "sha256:" ABC);
	EXPECT(strlen(text) == DIGEST_TEXT_SIZE - 1);
	EXPECT(digest_parse_hex(&digest, EMPTY));
	expect_digest(&digest, EMPTY);
}

TEST(whatever_is_no_digest_is_refused)
{
	static const char *const cases[] = {
		"",
		"sha256",
		"sha256:",
		ABC,
		"sha256:" ABC "0",
		"sha256:" ABC "\n",
		" sha256:" ABC,
		"SHA256:" ABC,
		"sha512:" ABC,
		"sha256:../../../etc/passwd",
		"sha256:" ABC ABC,
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
		"sha256:%2e%2e16bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015",
		"sha256+b64:" ABC,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		struct digest digest = {{1}};
		EXPECT_ERROR(digest_parse(&digest, cases[i], &err), &err, ERROR_INVALID, "is not a digest");
		EXPECT(digest.bytes[0] == 1);
	}
}

TEST(a_refused_digest_is_shown_escaped)
{
	struct error err = ERROR_INIT;
	struct digest digest;

	EXPECT_ERROR(digest_parse(&digest, "sha256:\x1b]52;c;", &err), &err, ERROR_INVALID,
		     "'sha256:\\x1b]52;c;'");
}

TEST(short_text_is_not_read_past_its_end)
{
	struct digest digest;
	CLEANUP(free_string) char *text = xstrdup("ba7");

	EXPECT(!digest_parse_hex(&digest, text));
	EXPECT(!digest_parse_hex(&digest, ""));
}

TEST(digests_are_ordered_like_their_texts)
{
	struct digest abc, empty;

	digest_of("abc", 3, &abc);
	digest_of("", 0, &empty);
	EXPECT(digest_compare(&abc, &empty) < 0 && digest_compare(&empty, &abc) > 0);
	EXPECT(digest_compare(&abc, &abc) == 0 && digest_equal(&abc, &abc) && !digest_equal(&abc, &empty));
}

TEST(bytes_may_come_in_any_portions)
{
	CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
	struct digest digest;

	hasher_update(hasher, "a", 1);
	hasher_update(hasher, "", 0);
	hasher_update(hasher, "bc", 2);
	hasher_finish(hasher, &digest);
	expect_digest(&digest, ABC);
	hasher_reset(hasher);
	hasher_finish(hasher, &digest);
	expect_digest(&digest, EMPTY);
}

TEST(freeing_nothing_is_fine)
{
	struct hasher *none = NULL;

	hasher_free(NULL);
	hasher_freep(&none);
}
