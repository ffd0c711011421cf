/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/blob_store.h"
#include "store/layout_index.h"

#define TRAILER_MAGIC "airlift-archive "
#define TRAILER_VERSION "1"

void archive_layout_init(struct archive_layout *layout, bool with_records)
{
	*layout = (struct archive_layout){
		.end = with_records ? ARCHIVE_START_LENGTH : ARCHIVE_PLAIN_START_LENGTH,
	};
}

void archive_layout_release(struct archive_layout *layout)
{
	for (size_t i = 0; i < layout->digests.count; i++)
		free(layout->slots[i].states);
	free(layout->slots);
	digest_map_release(&layout->digests);
	*layout = (struct archive_layout){0};
}

int archive_layout_add(struct archive_layout *layout, const struct digest *digest, uint64_t size_bytes,
		       struct error *err)
{
	char text[DIGEST_TEXT_SIZE];
	bool is_new = false;

	if (size_bytes > OCI_MAX_BLOB_SIZE)
		return error_set(err, ERROR_INVALID,
				 "blob %s has %" PRIu64 " bytes, more than the limit of 1 TiB",
				 digest_format(digest, text), size_bytes);
	/* 2^22 blobs of 2^40 bytes fit into a file offset. */
	if (layout->digests.count == 1u << 22)
		return error_set(err, ERROR_INVALID, "more than %u blobs do not fit into one archive",
				 1u << 22);
	size_t position = digest_map_add(&layout->digests, digest, &is_new);
	if (!is_new)
		return error_set(err, ERROR_INVALID, "blob %s is there twice", digest_format(digest, text));
	array_grow(layout->slots, position, layout->n_allocated);
	struct archive_slot *slot = &layout->slots[position];
	*slot = (struct archive_slot){
		.size_bytes = size_bytes,
		.offset = layout->end + tar_header_length(size_bytes),
	};
	layout->end = slot->offset + tar_padded(size_bytes);
	return 0;
}

struct archive_slot *archive_layout_find(const struct archive_layout *layout, const struct digest *digest)
{
	uint32_t position = digest_map_find(&layout->digests, digest);

	return position == DIGEST_MAP_NONE ? NULL : &layout->slots[position];
}

const struct archive_slot *archive_layout_find_filled(const struct archive_layout *layout,
						      const struct digest *digest)
{
	const struct archive_slot *slot = archive_layout_find(layout, digest);

	return slot && slot->status == SLOT_FILLED ? slot : NULL;
}

bool archive_layout_has(const struct archive_layout *layout, const struct digest *digest, uint64_t size)
{
	const struct archive_slot *slot = archive_layout_find_filled(layout, digest);

	return slot && slot->size_bytes == size;
}

int archive_layout_locate(const struct archive_layout *layout, struct volume_set *bytes,
			  const struct blob_store *store, struct blob_reader *reader, struct error *err)
{
	const struct archive_slot *slot = archive_layout_find_filled(layout, &reader->digest);

	if (!slot)
		return blob_not_found(store, &reader->digest, err);
	if (slot->size_bytes != reader->size)
		return blob_wrong_size(store, &reader->digest, slot->size_bytes, reader->size, err);
	reader->bytes = bytes;
	reader->base = slot->offset;
	/* NULL where no records have told them. */
	reader->hasher.expected = slot->states;
	return 0;
}

uint64_t archive_slot_header_offset(const struct archive_slot *slot)
{
	return slot->offset - tar_header_length(slot->size_bytes);
}

size_t archive_slot_header(const struct archive_layout *layout, size_t index, bool is_absent,
			   uint8_t out[TAR_HEADER_MAX_LENGTH])
{
	char hex[DIGEST_HEX_LENGTH + 1], name[TAR_NAME_SIZE];

	snprintf(name, sizeof(name), "%s/%s", is_absent ? "airlift/absent" : "blobs/sha256",
		 digest_format_hex(&layout->digests.digests[index], hex));
	return tar_header_format(out, name, layout->slots[index].size_bytes);
}

/* A whole entry: header, data, padding. */
static void add_entry(struct strbuf *out, const char *name, const void *data, size_t length)
{
	static const uint8_t zeros[TAR_BLOCK_SIZE];
	uint8_t header[TAR_HEADER_MAX_LENGTH];

	strbuf_add(out, header, tar_header_format(header, name, length));
	strbuf_add(out, data, length);
	strbuf_add(out, zeros, (size_t)(tar_padded(length) - length));
}

/* Readers that make missing directories themselves also change their owner (containers/storage does, and
 * with it skopeo), which only root may: so they are there, and before everything that lies in them. */
size_t archive_format_start(uint8_t out[ARCHIVE_START_LENGTH], bool with_records)
{
	static const char *const directories[] = {"blobs/", "blobs/sha256/", "airlift/", "airlift/absent/"};
	CLEANUP(strbuf_release) struct strbuf entry = STRBUF_INIT;
	size_t length = ARCHIVE_LAYOUT_LENGTH;
	size_t end = with_records ? ARCHIVE_START_LENGTH : ARCHIVE_PLAIN_START_LENGTH;

	add_entry(&entry, LAYOUT_FILE, LAYOUT_CONTENT, strlen(LAYOUT_CONTENT));
	memcpy(out, entry.buf, ARCHIVE_LAYOUT_LENGTH);
	for (size_t i = 0; length < end; i++, length += TAR_BLOCK_SIZE)
		tar_directory_format(out + length, directories[i]);
	return end;
}

/* --- the trailer: lines of text, so that a person with a hex dump can read it too */

void archive_trailer_format(const struct archive_trailer *trailer, uint8_t out[ARCHIVE_END_LENGTH])
{
	CLEANUP(strbuf_release) struct strbuf entry = STRBUF_INIT;
	char block[TAR_BLOCK_SIZE] = {0}, digest[DIGEST_TEXT_SIZE];

	snprintf(block, sizeof(block),
		 TRAILER_MAGIC TRAILER_VERSION "\noffset %" PRIu64 "\nsize %" PRIu64 "\ndigest %s\n",
		 trailer->records_offset, trailer->records_size,
		 digest_format(&trailer->records_digest, digest));
	add_entry(&entry, ARCHIVE_TRAILER_FILE, block, sizeof(block));
	memset(out, 0, ARCHIVE_END_LENGTH);
	memcpy(out, entry.buf, entry.len);
}

/* The rest of the line at *cursor behind `name`, or NULL; *cursor goes on to the next line. */
static char *take_line(char **cursor, const char *name)
{
	char *end = strchr(*cursor, '\n');
	char *value = *cursor + strlen(name);

	if (!end || !text_starts_with(*cursor, name))
		return NULL;
	*end = '\0';
	*cursor = end + 1;
	return value;
}

static bool take_number(char **cursor, const char *name, uint64_t *value)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *text = take_line(cursor, name);

	return text && text_parse_number(text, INT64_MAX, value, &ignored) == 0;
}

enum trailer_result archive_trailer_parse(struct archive_trailer *trailer,
					  const uint8_t bytes[ARCHIVE_END_LENGTH])
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	char block[TAR_BLOCK_SIZE + 1] = {0};
	uint8_t expected[ARCHIVE_END_LENGTH];
	char *cursor = block;

	memcpy(block, bytes + TAR_BLOCK_SIZE, TAR_BLOCK_SIZE);
	const char *version = take_line(&cursor, TRAILER_MAGIC);
	if (!version)
		return TRAILER_NONE;
	if (strcmp(version, TRAILER_VERSION) != 0)
		return TRAILER_NEWER;
	if (!take_number(&cursor, "offset ", &trailer->records_offset) ||
	    !take_number(&cursor, "size ", &trailer->records_size))
		return TRAILER_DAMAGED;
	const char *digest = take_line(&cursor, "digest ");
	if (!digest || digest_parse(&trailer->records_digest, digest, &ignored) < 0)
		return TRAILER_DAMAGED;
	/* There is one way to write it: whatever differs is damage. */
	archive_trailer_format(trailer, expected);
	return memcmp(bytes, expected, ARCHIVE_END_LENGTH) ? TRAILER_DAMAGED : TRAILER_GOOD;
}
