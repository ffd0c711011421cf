/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

#include "base/memory.h"
#include "tests/tap.h"

/* RFC 4648 section 10. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

TEST(the_vectors_of_the_rfc_come_out)
{
	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

		base64_encode(&text, vectors[i].bytes, strlen(vectors[i].bytes));
		EXPECT_STRING(text.buf, vectors[i].text);
		EXPECT(base64_decode(&bytes, vectors[i].text));
		EXPECT_STRING(bytes.buf, vectors[i].bytes);
	}
}

TEST(every_byte_comes_back)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	unsigned char all[256];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	base64_encode(&text, all, sizeof(all));
	EXPECT(base64_decode(&bytes, text.buf));
	EXPECT(bytes.len == sizeof(all) && !memcmp(bytes.buf, all, sizeof(all)));
}

TEST(what_is_not_base64_is_refused)
{
	static const char *const texts[] = {"Zg==x", "Z", "Zm9vY", "Zm 9v", "Zm9v-", "Zm9v=Zm9v"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

		EXPECT(!base64_decode(&bytes, texts[i]));
	}
}

TEST(line_ends_and_missing_padding_are_accepted)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	EXPECT(base64_decode(&bytes, "Zm9v\r\nYg\n"));
	EXPECT_STRING(bytes.buf, "foob");
}
