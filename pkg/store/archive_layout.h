/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: where everything in an archive stands (docs/archive-format.md).
 *
 *     0      oci-layout                 a header and a block
 *     1024   blobs/, blobs/sha256/, airlift/, airlift/absent/
 *     3072   blobs/sha256/<hex> ...     each: header(s), data, padding; in the order of the plan
 *     end    airlift/index.json         the records
 *            index.json
 *            airlift/trailer            a header and a block
 *            two blocks of zeros
 *
 * A reader computes the same places from the sizes and compares, so nothing can overlap or hide. Archives
 * without records have no directories of ours either: blobs begin at 2048.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "digest/digest_map.h"
#include "store/archive.h"
#include "store/tar_header.h"

#define ARCHIVE_RECORDS_FILE "airlift/index.json"
#define ARCHIVE_TRAILER_FILE "airlift/trailer"
#define ARCHIVE_RECORDS_MAX_SIZE (256u << 20)
/* oci-layout and the directories: the same bytes at the start of every archive. */
#define ARCHIVE_START_LENGTH (6 * TAR_BLOCK_SIZE)
#define ARCHIVE_PLAIN_START_LENGTH (4 * TAR_BLOCK_SIZE)
/* Of those, the part that is oci-layout. */
#define ARCHIVE_LAYOUT_LENGTH (2 * TAR_BLOCK_SIZE)
/* Trailer and zeros: a fixed number of bytes at the end. */
#define ARCHIVE_END_LENGTH (4 * TAR_BLOCK_SIZE)

enum slot_status { SLOT_EMPTY, SLOT_WRITING, SLOT_FILLED };

struct archive_slot {
	uint64_t size_bytes;
	uint64_t offset;       /* of the data */
	struct digest *states; /* owned; chunk_count_states(size_bytes) of them once filled */
	_Atomic unsigned char status;
};

struct blob_reader;
struct blob_store;
struct volume_set;

struct archive_layout {
	struct digest_map digests; /* positions are those of slots */
	struct archive_slot *slots;
	size_t n_allocated;
	uint64_t end; /* where the next entry would begin */
};

void archive_layout_init(struct archive_layout *layout, bool with_records);
void archive_layout_release(struct archive_layout *layout);
/* Gives the next blob its place. ERROR_INVALID if it is there already or too large. */
int archive_layout_add(struct archive_layout *layout, const struct digest *digest, uint64_t size_bytes,
		       struct error *err) MUST_CHECK;
/* NULL if it has no place. */
struct archive_slot *archive_layout_find(const struct archive_layout *layout, const struct digest *digest);
/* NULL if nothing is there, too. */
const struct archive_slot *archive_layout_find_filled(const struct archive_layout *layout,
						      const struct digest *digest);
/* What stores for reading whose blobs lie in these places have in common: their `has` and `locate`. */
bool archive_layout_has(const struct archive_layout *layout, const struct digest *digest, uint64_t size);
int archive_layout_locate(const struct archive_layout *layout, struct volume_set *bytes,
			  const struct blob_store *store, struct blob_reader *reader,
			  struct error *err) MUST_CHECK;
/* Where the header(s) of a slot begin. */
uint64_t archive_slot_header_offset(const struct archive_slot *slot);
/* The header(s) of a blob, or those of the zeros in its place; returns their length. */
size_t archive_slot_header(const struct archive_layout *layout, size_t index, bool is_absent,
			   uint8_t out[TAR_HEADER_MAX_LENGTH]);

/* The first bytes of every archive; returns how many they are. */
size_t archive_format_start(uint8_t out[ARCHIVE_START_LENGTH], bool with_records);

struct archive_trailer {
	uint64_t records_offset; /* of the data of airlift/index.json */
	uint64_t records_size;
	struct digest records_digest;
};

/* Header, block and zeros: the last bytes of every archive with records. */
void archive_trailer_format(const struct archive_trailer *trailer, uint8_t out[ARCHIVE_END_LENGTH]);

enum trailer_result { TRAILER_GOOD, TRAILER_NONE, TRAILER_NEWER, TRAILER_DAMAGED };
enum trailer_result archive_trailer_parse(struct archive_trailer *trailer,
					  const uint8_t bytes[ARCHIVE_END_LENGTH]);

/* The plan as it is kept beside an unfinished archive. */
#define ARCHIVE_PLAN_MAX_SIZE (512u << 20)
void archive_plan_format(const struct archive_layout *layout, struct strbuf *out);
/* Into an initialised layout. ERROR_INVALID for what archive_plan_format has not written. */
int archive_plan_parse(struct archive_layout *layout, const struct strbuf *text,
		       struct error *err) MUST_CHECK;
