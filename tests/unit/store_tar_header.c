/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tar_header.h"

#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "store/tar_list.h"
#include "tests/unit/store_fixture.h"

TEST(a_header_reads_back_as_it_was_written)
{
	static const uint64_t sizes[] = {0, 1, 511, 512, 513, 4u << 20, TAR_LARGE_SIZE - 1};

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		uint8_t block[TAR_HEADER_MAX_LENGTH];
		struct tar_header header = {0};
		EXPECT(tar_header_format(block, "blobs/sha256/abc", sizes[i]) == TAR_BLOCK_SIZE);
		EXPECT(tar_header_length(sizes[i]) == TAR_BLOCK_SIZE);
		EXPECT(tar_header_parse(&header, block) == TAR_HEADER);
		EXPECT(header.size_bytes == sizes[i]);
		EXPECT(header.type == '0');
		EXPECT_STRING(header.name, "blobs/sha256/abc");
	}
}

TEST(sizes_of_8_gib_and_more_stand_in_a_pax_header)
{
	uint8_t block[TAR_HEADER_MAX_LENGTH];
	struct tar_header header;

	EXPECT(tar_header_length(TAR_LARGE_SIZE) == TAR_HEADER_MAX_LENGTH);
	EXPECT(tar_header_format(block, "blobs/sha256/abc", TAR_LARGE_SIZE) == TAR_HEADER_MAX_LENGTH);
	EXPECT(tar_header_parse(&header, block) == TAR_HEADER);
	EXPECT(header.type == 'x' && header.size_bytes == 19);
	EXPECT_STRING(header.name, "PaxHeaders/abc");
	EXPECT_STRING((char *)block + TAR_BLOCK_SIZE, "19 size=8589934592\n");
	EXPECT(tar_header_parse(&header, block + 2 * TAR_BLOCK_SIZE) == TAR_HEADER);
	EXPECT(header.type == '0');
	EXPECT_STRING(header.name, "blobs/sha256/abc");
}

TEST(any_changed_byte_of_a_header_is_noticed)
{
	uint8_t block[TAR_HEADER_MAX_LENGTH];
	struct tar_header header;

	tar_header_format(block, "oci-layout", 30);
	/* But for the checksum's own field, where a leading zero may as well be a space. */
	for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) {
		if (i == 148)
			continue;
		block[i] ^= 0x10;
		EXPECT(tar_header_parse(&header, block) == TAR_GARBAGE);
		block[i] ^= 0x10;
	}
}

TEST(padding_goes_to_whole_blocks)
{
	EXPECT(tar_padded(0) == 0);
	EXPECT(tar_padded(1) == 512);
	EXPECT(tar_padded(512) == 512);
	EXPECT(tar_padded(513) == 1024);
}

/* --- tars of others: entries are put together by hand, with a right checksum */

struct raw_entry {
	const char *name;
	char type;
	const char *size; /* as it stands in the field; NULL: that of data */
	const char *data;
	size_t length;
};

static void set_checksum(uint8_t *block)
{
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
		sum += block[i];
	snprintf((char *)block + 148, 8, "%06o", sum);
}

static void add_raw(struct strbuf *tar, const struct raw_entry *entry)
{
	static const uint8_t zeros[TAR_BLOCK_SIZE];
	uint8_t block[TAR_HEADER_MAX_LENGTH];
	size_t length = entry->data && !entry->length ? strlen(entry->data) : entry->length;

	tar_header_format(block, entry->name, length);
	block[156] = (uint8_t)entry->type;
	if (entry->size)
		memcpy(block + 124, entry->size, 12);
	set_checksum(block);
	strbuf_add(tar, block, TAR_BLOCK_SIZE);
	if (!length)
		return;
	strbuf_add(tar, entry->data, length);
	strbuf_add(tar, zeros, (size_t)(tar_padded(length) - length));
}

static void close_bytes(struct volume_set **bytes)
{
	volume_set_free(*bytes);
}

static int note_entry(const struct tar_entry *entry, void *context, struct error *err)
{
	(void)err;
	strbuf_addf(context, "%c %s %" PRIu64 "\n", entry->type, entry->name, entry->size_bytes);
	return 0;
}

static int list(const struct raw_entry *entries, size_t count, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf tar = STRBUF_INIT;
	CLEANUP(free_string) char *path = fixture_path("raw.tar");
	CLEANUP(close_bytes) struct volume_set *bytes = NULL;
	static const uint8_t zeros[2 * TAR_BLOCK_SIZE];

	for (size_t i = 0; i < count; i++)
		add_raw(&tar, &entries[i]);
	strbuf_add(&tar, zeros, sizeof(zeros));
	fixture_write_file(path, tar.buf, tar.len);
	if (volume_set_open(&bytes, path, err) < 0)
		return -1;
	return tar_list(bytes, "raw.tar", note_entry, out, err);
}

TEST(long_names_of_gnu_and_pax_and_a_leading_dot_are_understood)
{
	static const struct raw_entry entries[] = {
		{.name = "./oci-layout", .type = '0', .data = "x"},
		{.name = "././@LongLink", .type = 'L', .data = "a/long/name", .length = 12},
		{.name = "short", .type = '0', .data = "xy"},
		{.name = "pax", .type = 'x', .data = "16 path=by/pax/\n10 size=3\n"},
		{.name = "short", .type = '0', .size = "00000000000", .data = "xyz"},
		{.name = "dir", .type = '5'},
		{.name = "link", .type = '2'},
		{.name = "g", .type = 'g', .data = "13 comment=x\n"},
		{.name = "last", .type = '\0', .data = "1"},
	};
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(list(entries, ARRAY_LENGTH(entries), &out, &err), &err);
	EXPECT_STRING(out.buf, "0 oci-layout 1\n0 a/long/name 2\n0 by/pax/ 3\n5 dir 0\n2 link 0\n0 last 1\n");
}

TEST(a_size_in_base_256_is_understood)
{
	static const struct raw_entry entries[] = {
		{.name = "a", .type = '0', .size = "\x80\0\0\0\0\0\0\0\0\0\0\3", .data = "xyz"},
	};
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(list(entries, 1, &out, &err), &err);
	EXPECT_STRING(out.buf, "0 a 3\n");
}

TEST(what_could_be_read_in_two_ways_is_refused)
{
	static const struct {
		struct raw_entry entry;
		enum error_code code;
		const char *message;
	} cases[] = {
		{{.name = "a", .type = 'S'}, ERROR_INVALID, "sparse"},
		{{.name = "a", .type = '1', .data = "x"}, ERROR_INVALID, "has data although"},
		{{.name = "a", .type = '0', .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		 ERROR_INVALID,
		 "is not a tar archive"},
		{{.name = "a", .type = '0', .size = "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"},
		 ERROR_DIGEST,
		 "is cut short"},
		{{.name = "a", .type = '0', .size = "77777777777\0"}, ERROR_DIGEST, "is cut short"},
		{{.name = "g", .type = 'g', .data = "10 size=1\n"}, ERROR_INVALID, "global pax header"},
		{{.name = "x", .type = 'x', .data = "22 GNU.sparse.major=1\n"}, ERROR_INVALID, "is sparse"},
		{{.name = "x", .type = 'x', .data = "23 SUN.holesdata=0 1 2\n"}, ERROR_INVALID, "is sparse"},
		{{.name = "x", .type = 'x', .data = "11 size=-1\n"}, ERROR_INVALID, "is no number"},
		{{.name = "x", .type = 'x', .data = "99 size=1\n"}, ERROR_INVALID, "malformed"},
		{{.name = "x", .type = 'x', .data = "0 size=1\n"}, ERROR_INVALID, "malformed"},
		{{.name = "x", .type = 'x', .data = "9 nothing\n"}, ERROR_INVALID, "malformed"},
		{{.name = "x", .type = 'x', .data = "11 path=a\0\n", .length = 11},
		 ERROR_INVALID,
		 "contains a NUL"},
		{{.name = "x", .type = 'x', .size = "00000200001\0"}, ERROR_INVALID, "larger than 64 KiB"},
		{{.name = "x", .type = 'L', .data = ""}, ERROR_INVALID, "the name is empty"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct error err = ERROR_INIT;
		EXPECT_ERROR(list(&cases[i].entry, 1, &out, &err), &err, cases[i].code, cases[i].message);
	}
}

TEST(a_tar_without_its_end_is_cut_short)
{
	CLEANUP(strbuf_release) struct strbuf tar = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	CLEANUP(free_string) char *path = fixture_path("cut.tar");
	struct error err = ERROR_INIT;

	add_raw(&tar, &(struct raw_entry){.name = "a", .type = '0', .data = "xyz"});
	for (size_t length = 0; length <= tar.len; length++) {
		CLEANUP(close_bytes) struct volume_set *bytes = NULL;
		fixture_write_file(path, tar.buf, length);
		EXPECT_OK(volume_set_open(&bytes, path, &err), &err);
		EXPECT_ERROR(tar_list(bytes, "cut.tar", note_entry, &out, &err), &err, ERROR_DIGEST,
			     "is cut short");
	}
}

TEST(the_header_of_a_directory_can_be_read_and_entered)
{
	struct tar_header header;
	uint8_t block[TAR_BLOCK_SIZE];

	tar_directory_format(block, "blobs/sha256/");
	EXPECT(tar_header_parse(&header, block) == TAR_HEADER);
	EXPECT(header.type == '5' && header.size_bytes == 0);
	EXPECT_STRING(header.name, "blobs/sha256/");
	EXPECT(!memcmp(block + 100, "0000755", 8));
}
