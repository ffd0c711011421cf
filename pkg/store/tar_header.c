/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tar_header.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* POSIX.1-2017, pax, "ustar Header Block". */
struct ustar {
	char name[TAR_NAME_SIZE];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link_name[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char device_major[8];
	char device_minor[8];
	char prefix[155];
	char unused[12];
};
static_assert(sizeof(struct ustar) == TAR_BLOCK_SIZE, "a header is one block");

size_t tar_header_length(uint64_t size_bytes)
{
	return size_bytes < TAR_LARGE_SIZE ? TAR_BLOCK_SIZE : TAR_HEADER_MAX_LENGTH;
}

uint64_t tar_padded(uint64_t size_bytes)
{
	return (size_bytes + TAR_BLOCK_SIZE - 1) / TAR_BLOCK_SIZE * TAR_BLOCK_SIZE;
}

bool tar_is_zero(const uint8_t *data, size_t length)
{
	return !length || (!data[0] && !memcmp(data, data + 1, length - 1));
}

static unsigned checksum(const uint8_t block[TAR_BLOCK_SIZE])
{
	size_t field = offsetof(struct ustar, checksum);
	unsigned sum = 8 * ' ';

	for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
		if (i < field || i >= field + 8)
			sum += block[i];
	return sum;
}

static void format_block(uint8_t out[TAR_BLOCK_SIZE], const char *name, char type, uint64_t size_bytes)
{
	struct ustar header = {
		.uid = "0000000",
		.gid = "0000000",
		.mtime = "00000000000",
		.type = type,
		.magic = "ustar",
		.version = {'0', '0'},
		.device_major = "0000000",
		.device_minor = "0000000",
	};

	memcpy(header.mode, type == '5' ? "0000755" : "0000444", sizeof(header.mode));
	assert(strlen(name) < sizeof(header.name));
	memcpy(header.name, name, strlen(name));
	snprintf(header.size, sizeof(header.size), "%011" PRIo64, size_bytes);
	memcpy(out, &header, sizeof(header));
	/* Six digits, NUL, space: the form of every tar since the first. */
	snprintf(header.checksum, sizeof(header.checksum), "%06o", checksum(out) & 0777777);
	header.checksum[7] = ' ';
	memcpy(out, &header, sizeof(header));
}

size_t tar_header_format(uint8_t out[TAR_HEADER_MAX_LENGTH], const char *name, uint64_t size_bytes)
{
	if (size_bytes < TAR_LARGE_SIZE) {
		format_block(out, name, '0', size_bytes);
		return TAR_BLOCK_SIZE;
	}
	char record[32];
	/* A record counts itself, here in two digits (pax Extended Header: "%d %s=%s\n"). */
	int digits = snprintf(NULL, 0, "%" PRIu64, size_bytes);
	int length = snprintf(record, sizeof(record), "%d size=%" PRIu64 "\n", digits + 9, size_bytes);
	assert(length == digits + 9);
	char pax_name[TAR_NAME_SIZE];
	const char *slash = strrchr(name, '/');
	snprintf(pax_name, sizeof(pax_name), "PaxHeaders/%.80s", slash ? slash + 1 : name);
	memset(out, 0, TAR_HEADER_MAX_LENGTH);
	format_block(out, pax_name, 'x', (uint64_t)length);
	memcpy(out + TAR_BLOCK_SIZE, record, (size_t)length);
	format_block(out + 2 * TAR_BLOCK_SIZE, name, '0', 0);
	return TAR_HEADER_MAX_LENGTH;
}

void tar_directory_format(uint8_t out[TAR_BLOCK_SIZE], const char *name)
{
	format_block(out, name, '5', 0);
}

/* Octal digits with spaces before and spaces or NULs behind; nothing at all is 0. */
static bool parse_octal(const char *field, size_t length, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	while (i < length && field[i] == ' ')
		i++;
	for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
		*value = *value << 3 | (uint64_t)(field[i] - '0');
	while (i < length && (field[i] == ' ' || field[i] == '\0'))
		i++;
	return i == length;
}

/* GNU's form for large numbers: 0x80 and the number, most significant byte first. Negative ones begin
 * with 0xff and have no meaning here. */
static bool parse_size(const char field[12], uint64_t *value)
{
	const uint8_t *bytes = (const uint8_t *)field;

	if (bytes[0] < 0x80)
		return parse_octal(field, 12, value);
	if (bytes[0] != 0x80 || bytes[1] || bytes[2] || bytes[3] || bytes[4] > 0x7f)
		return false;
	*value = 0;
	for (size_t i = 4; i < 12; i++)
		*value = *value << 8 | bytes[i];
	return true;
}

enum tar_block tar_header_parse(struct tar_header *header, const uint8_t block[TAR_BLOCK_SIZE])
{
	struct ustar raw;
	uint64_t sum;

	if (tar_is_zero(block, TAR_BLOCK_SIZE))
		return TAR_ZERO_BLOCK;
	memcpy(&raw, block, sizeof(raw));
	if (!parse_octal(raw.checksum, sizeof(raw.checksum), &sum) || sum != checksum(block) ||
	    !parse_size(raw.size, &header->size_bytes))
		return TAR_GARBAGE;
	header->type = raw.type;
	/* GNU tar writes "ustar  " and keeps times where POSIX has the prefix. */
	bool has_prefix = !memcmp(raw.magic, "ustar", 6) && raw.prefix[0];
	snprintf(header->name, sizeof(header->name), "%.*s%s%.*s", has_prefix ? (int)sizeof(raw.prefix) : 0,
		 raw.prefix, has_prefix ? "/" : "", (int)sizeof(raw.name), raw.name);
	return TAR_HEADER;
}
