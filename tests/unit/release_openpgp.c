/* SPDX-License-Identifier: Apache-2.0 */
#include "release/openpgp.h"

#include "base/cancel.h"
#include "tests/unit/release_signature_fixture.h"

static void expect_good(const struct strbuf *bytes, const char *text)
{
	CLEANUP(openpgp_message_release) struct openpgp_message message = OPENPGP_MESSAGE_INIT;
	CLEANUP(openpgp_message_release) struct openpgp_message again = OPENPGP_MESSAGE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(openpgp_message_parse(&message, bytes->buf, bytes->len, &err), &err);
	EXPECT_STRING(message.literal.buf, text);
	EXPECT(message.literal.len == strlen(text));
	/* What GnuPG gets is such a message too, and the same for ever. */
	EXPECT_OK(openpgp_message_parse(&again, message.packets.buf, message.packets.len, &err), &err);
	EXPECT(again.packets.len == message.packets.len &&
	       !memcmp(again.packets.buf, message.packets.buf, again.packets.len));
}

static void expect_bad(const struct strbuf *bytes, const char *why)
{
	CLEANUP(openpgp_message_release) struct openpgp_message message = OPENPGP_MESSAGE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(openpgp_message_parse(&message, bytes->buf, bytes->len, &err), &err, ERROR_INVALID, why);
	EXPECT(!message.packets.len && !message.literal.len);
}

static void expect_bad_text(const char *text, const char *why)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	strbuf_add_string(&bytes, text);
	expect_bad(&bytes, why);
}

static struct fixture_message usual(void)
{
	return (struct fixture_message){.key = fixture_key(0), .version = 3, .text = "some text\n"};
}

static struct strbuf usual_bytes(void)
{
	struct strbuf bytes = STRBUF_INIT;
	struct fixture_message message = usual();

	fixture_add_message(&bytes, &message);
	return bytes;
}

TEST(old_and_new_headers_and_parts)
{
	static const enum fixture_format formats[] = {FORMAT_OLD, FORMAT_NEW, FORMAT_PARTIAL};

	for (size_t i = 0; i < 2 * ARRAY_LENGTH(formats); i++) {
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		CLEANUP(free_string) char *text = xmalloc(20000);
		struct fixture_message message = usual();
		memset(text, 'x', 19999);
		text[i % 2 ? 19999 : 300] = '\0';
		message.text = text;
		message.literal_format = formats[i / 2];
		message.other_format = i / 2 ? FORMAT_NEW : FORMAT_OLD;
		fixture_add_message(&bytes, &message);
		expect_good(&bytes, text);
	}
}

TEST(an_empty_text_is_one_too)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct fixture_message message = usual();

	message.text = "";
	fixture_add_message(&bytes, &message);
	expect_good(&bytes, "");
}

TEST(compression_by_what_is_known)
{
	static const enum fixture_format formats[] = {FORMAT_OLD, FORMAT_NEW, FORMAT_PARTIAL, FORMAT_OPEN};

	for (unsigned algorithm = 0; algorithm <= 2; algorithm++)
		for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
			CLEANUP(strbuf_release) struct strbuf bytes = usual_bytes();
			fixture_compress(&bytes, algorithm, formats[i]);
			expect_good(&bytes, "some text\n");
		}
}

TEST(other_compression_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf bzip2 = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf unknown = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf empty = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf nothing = STRBUF_INIT;

	fixture_compress(&bzip2, 3, FORMAT_OPEN);
	expect_bad(&bzip2, "bzip2");
	fixture_compress(&unknown, 77, FORMAT_OLD);
	expect_bad(&unknown, "in a way that is not known");
	fixture_add_packet(&nothing, 8, &empty, FORMAT_OLD);
	expect_bad(&nothing, "empty compressed packet");
}

TEST(compression_in_compression_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf bytes = usual_bytes();

	fixture_compress(&bytes, 1, FORMAT_OPEN);
	fixture_compress(&bytes, 1, FORMAT_OPEN);
	expect_bad(&bytes, "compressed twice");
}

TEST(damaged_compression_is_refused)
{
	for (unsigned algorithm = 1; algorithm <= 2; algorithm++) {
		CLEANUP(strbuf_release) struct strbuf cut = usual_bytes();
		CLEANUP(strbuf_release) struct strbuf longer = usual_bytes();
		fixture_compress(&cut, algorithm, FORMAT_OPEN);
		strbuf_set_length(&cut, cut.len - 1);
		expect_bad(&cut, "damaged or cut off");
		fixture_compress(&longer, algorithm, FORMAT_OPEN);
		strbuf_add_char(&longer, '\0');
		expect_bad(&longer, "has bytes behind its compressed data");
	}
}

TEST(a_bomb_does_not_go_off)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	uint64_t start_ms = clock_milliseconds();

	strbuf_grow(&bytes, (size_t)64 << 20);
	memset(bytes.buf, 'x', (size_t)64 << 20);
	strbuf_set_length(&bytes, (size_t)64 << 20);
	fixture_compress(&bytes, 1, FORMAT_OPEN);
	EXPECT(bytes.len < OPENPGP_MAX_CONTENT_SIZE);
	start_ms = clock_milliseconds();
	expect_bad(&bytes, "unpacks to more than 256 KiB");
	EXPECT(clock_milliseconds() - start_ms < 1000);
}

TEST(nothing_in_front_and_nothing_behind)
{
	CLEANUP(strbuf_release) struct strbuf behind = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf outside = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf inside = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf marker = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf pgp = STRBUF_INIT;

	strbuf_add_char(&behind, '\n');
	expect_bad(&behind, "has something behind its signature");
	fixture_compress(&outside, 1, FORMAT_OLD);
	strbuf_add_char(&outside, '\n');
	expect_bad(&outside, "has something behind its compressed packet");
	strbuf_add_char(&inside, '\n');
	fixture_compress(&inside, 1, FORMAT_OLD);
	expect_bad(&inside, "has something behind its signature");
	strbuf_add_string(&pgp, "PGP");
	fixture_add_packet(&marker, 10, &pgp, FORMAT_OLD);
	CLEANUP(strbuf_release) struct strbuf message = usual_bytes();
	strbuf_add(&marker, message.buf, message.len);
	expect_bad(&marker, "does not begin with a one-pass signature packet");
}

TEST(two_messages_are_refused)
{
	CLEANUP(strbuf_release) struct strbuf bytes = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf second = usual_bytes();

	strbuf_add(&bytes, second.buf, second.len);
	expect_bad(&bytes, "has something behind its signature");
}

TEST(two_signatures_are_refused)
{
	CLEANUP(strbuf_release) struct strbuf nested = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf two = STRBUF_INIT;
	struct fixture_message message = usual(), outer = usual();

	outer.is_not_last = true;
	fixture_add_one_pass(&nested, &outer);
	fixture_add_one_pass(&nested, &message);
	fixture_add_literal(&nested, &message);
	fixture_add_signature(&nested, &message);
	fixture_add_signature(&nested, &outer);
	expect_bad(&nested, "has more than one signature");
	fixture_add_message(&two, &message);
	fixture_add_signature(&two, &message);
	expect_bad(&two, "has something behind its signature");
	CLEANUP(strbuf_release) struct strbuf announced = STRBUF_INIT;
	fixture_add_message(&announced, &outer);
	expect_bad(&announced, "has more than one signature");
}

TEST(what_is_not_signed_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf literal = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf announced = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf detached = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf old_style = STRBUF_INIT;
	struct fixture_message message = usual();

	fixture_add_literal(&literal, &message);
	expect_bad(&literal, "it is not a signed message");
	fixture_add_one_pass(&announced, &message);
	expect_bad(&announced, "has no literal data");
	fixture_add_literal(&announced, &message);
	expect_bad(&announced, "has no signature behind its literal data");
	fixture_add_signature(&detached, &message);
	expect_bad(&detached, "it is not a signed message");
	fixture_add_signature(&old_style, &message);
	fixture_add_literal(&old_style, &message);
	expect_bad(&old_style, "it is not a signed message");
	fixture_compress(&literal, 1, FORMAT_OPEN);
	expect_bad(&literal, "it is not a signed message");
}

TEST(encrypted_messages_and_keys_are_refused)
{
	static const unsigned encrypted[] = {1, 3, 9, 18}, keys[] = {5, 6};
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;

	strbuf_add_string(&body, "\x04\x09whatever it is");
	for (size_t i = 0; i < ARRAY_LENGTH(encrypted); i++) {
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		fixture_add_packet(&bytes, encrypted[i], &body, FORMAT_NEW);
		expect_bad(&bytes, "is encrypted");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		fixture_add_packet(&bytes, keys[i], &body, FORMAT_NEW);
		expect_bad(&bytes, "holds a key");
	}
}

TEST(what_is_no_openpgp_at_all)
{
	CLEANUP(strbuf_release) struct strbuf message = usual_bytes();
	CLEANUP(strbuf_release) struct strbuf armoured = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf large = STRBUF_INIT;

	expect_bad_text("", "is empty");
	expect_bad_text("<!DOCTYPE html><html></html>", "looks like HTML");
	expect_bad_text("{}", "is not an OpenPGP message");
	expect_bad_text("Not found", "is not an OpenPGP message");
	expect_bad_text("\x80", "is cut off");
	expect_bad_text("\xFF\xFF\xFF\xFF\xFF\xFF", "is cut off");
	fixture_add_armour(&armoured, "MESSAGE", &message);
	expect_bad(&armoured, "is ASCII-armoured");
	strbuf_grow(&large, OPENPGP_MAX_CONTENT_SIZE + 1);
	memset(large.buf, 0x90, OPENPGP_MAX_CONTENT_SIZE + 1);
	strbuf_set_length(&large, OPENPGP_MAX_CONTENT_SIZE + 1);
	expect_bad(&large, "is larger than 256 KiB");
}

TEST(lengths_that_may_not_be)
{
	CLEANUP(strbuf_release) struct strbuf open = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf parts = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;
	struct fixture_message message = usual();

	message.literal_format = FORMAT_OPEN;
	fixture_add_one_pass(&open, &message);
	fixture_add_literal(&open, &message);
	expect_bad(&open, "whose length is left open");
	for (int i = 0; i < 64; i++)
		strbuf_add_char(&body, '\x03');
	fixture_add_packet(&parts, 4, &body, FORMAT_PARTIAL);
	expect_bad(&parts, "in parts that may not have any");
}

TEST(every_beginning_of_a_message_is_refused)
{
	for (unsigned algorithm = 0; algorithm <= 3; algorithm++) {
		CLEANUP(strbuf_release) struct strbuf bytes = usual_bytes();
		if (algorithm < 3)
			fixture_compress(&bytes, algorithm, FORMAT_OPEN);
		while (bytes.len) {
			strbuf_set_length(&bytes, bytes.len - 1);
			expect_bad(&bytes, NULL);
		}
	}
}

/* The body of the one-pass packet is at 5, its fields are version, type, hash, algorithm, key, last. */
static void expect_bad_one_pass(unsigned field, unsigned char value, const char *why)
{
	CLEANUP(strbuf_release) struct strbuf bytes = usual_bytes();

	bytes.buf[5 + field] = (char)value;
	expect_bad(&bytes, why);
}

TEST(the_signature_is_the_one_that_was_announced)
{
	expect_bad_one_pass(0, 4, "malformed one-pass");
	expect_bad_one_pass(1, 1, "not the one that was announced");
	expect_bad_one_pass(1, 0x10, "not one of a document");
	expect_bad_one_pass(2, 10, "not the one that was announced");
	expect_bad_one_pass(2, 99, "hash algorithm 99");
	expect_bad_one_pass(3, 17, "not the one that was announced");
	expect_bad_one_pass(4, 0, "not the one that was announced");
	expect_bad_one_pass(12, 2, "has more than one signature");
}

TEST(hashes_that_are_not_safe_are_refused)
{
	CLEANUP(strbuf_release) struct strbuf sha1 = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf md5 = STRBUF_INIT;
	struct fixture_message message = usual();

	message.hash = HASH_SHA1;
	fixture_add_message(&sha1, &message);
	expect_bad(&sha1, "SHA-1");
	message.hash = HASH_MD5;
	fixture_add_message(&md5, &message);
	expect_bad(&md5, "MD5");
}

TEST(only_versions_3_and_4)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;
	struct fixture_message message = usual();

	fixture_add_one_pass(&bytes, &message);
	fixture_add_literal(&bytes, &message);
	size_t length = bytes.len;
	strbuf_add_string(&body, "\x05\x05 a signature of the future");
	fixture_add_packet(&bytes, 2, &body, FORMAT_OLD);
	expect_bad(&bytes, "neither of version 3 nor 4");
	strbuf_set_length(&bytes, length);
	strbuf_reset(&body);
	strbuf_add_string(&body, "\x04");
	fixture_add_packet(&bytes, 2, &body, FORMAT_OLD);
	expect_bad(&bytes, "cut off");
}
