/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of tar entries, bytes to values and back (POSIX.1-2017, pax, "ustar Interchange Format" and
 * "pax Extended Header"; GNU tar manual, "Basic Tar Format" for base-256 numbers).
 *
 * What is written is always the same for the same name and size: ustar, regular file, mode 0444, all
 * else 0; 8 GiB or more do not fit into eleven octal digits and get a pax header with just `size`.
 * Directories have mode 0755.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK_SIZE 512
#define TAR_NAME_SIZE 100
#define TAR_LARGE_SIZE (UINT64_C(1) << 33) /* the first size that ustar cannot tell */
#define TAR_HEADER_MAX_LENGTH (3 * TAR_BLOCK_SIZE)

/* Bytes of an entry's header (or headers) in front of its data. */
size_t tar_header_length(uint64_t size_bytes);
/* Bytes that the data takes, with the padding to whole blocks. Sizes are below 2^63. */
uint64_t tar_padded(uint64_t size_bytes);
/* Writes the header(s) and returns their length. `name` is shorter than TAR_NAME_SIZE. */
size_t tar_header_format(uint8_t out[TAR_HEADER_MAX_LENGTH], const char *name, uint64_t size_bytes);
/* Writes the header of a directory; `name` ends in a slash, as other programs write it. */
void tar_directory_format(uint8_t out[TAR_BLOCK_SIZE], const char *name);

/* The fields of one 512-byte block, as they stand there. */
struct tar_header {
	char type; /* '0' regular, '5' directory, 'x', 'g', 'L', ... */
	uint64_t size_bytes;
	char name[256 + 1]; /* prefix and name put together */
};

enum tar_block { TAR_HEADER, TAR_ZERO_BLOCK, TAR_GARBAGE };

/* TAR_GARBAGE: the checksum is wrong or a number is none. */
enum tar_block tar_header_parse(struct tar_header *header, const uint8_t block[TAR_BLOCK_SIZE]);

bool tar_is_zero(const uint8_t *data, size_t length);
