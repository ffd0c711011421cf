/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tar_list.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "store/tar_header.h"

#define MAX_ENTRIES 1000000
#define MAX_PAX_SIZE (64u << 10)
#define MAX_NAME_LENGTH 4096

/* What extension headers say about the entry that follows them. */
struct walk {
	const struct volume_set *bytes;
	const char *name;
	uint64_t offset;    /* of the header at hand */
	struct strbuf path; /* empty: as in the header */
	bool has_size;
	uint64_t size_bytes;
};

static void release_walk(struct walk *walk)
{
	strbuf_release(&walk->path);
}

static int bad(const struct walk *walk, struct error *err, const char *reason)
{
	return error_set(err, ERROR_INVALID, "%s: tar entry at byte %" PRIu64 ": %s", walk->name,
			 walk->offset, reason);
}

static int set_path(struct walk *walk, const char *text, size_t length, struct error *err)
{
	if (!length || length > MAX_NAME_LENGTH)
		return bad(walk, err, "the name is empty or longer than 4096 bytes");
	if (memchr(text, '\0', length))
		return bad(walk, err, "the name contains a NUL");
	strbuf_reset(&walk->path);
	strbuf_add(&walk->path, text, length);
	return 0;
}

static int set_size(struct walk *walk, const char *text, size_t length, struct error *err)
{
	CLEANUP(free_string) char *number = xstrndup(text, length);

	if (text_parse_number(number, INT64_MAX, &walk->size_bytes, err) < 0) {
		error_clear(err);
		return bad(walk, err, "the size in its pax header is no number");
	}
	walk->has_size = true;
	return 0;
}

static bool is_sparse_key(const char *key)
{
	return text_starts_with(key, "GNU.sparse.") || !strcmp(key, "SCHILY.realsize") ||
	       !strcmp(key, "SUN.holesdata");
}

static int take_record(struct walk *walk, const char *key, const char *value, size_t length, bool is_global,
		       struct error *err)
{
	if (is_sparse_key(key))
		return bad(walk, err, "is sparse; write the tar without --sparse");
	bool is_path = !strcmp(key, "path");
	if (!is_path && strcmp(key, "size") != 0)
		return 0;
	if (is_global)
		return bad(walk, err, "a global pax header sets the name or the size of all entries");
	return is_path ? set_path(walk, value, length, err) : set_size(walk, value, length, err);
}

/* "LENGTH KEY=VALUE\n", LENGTH counting the whole record (POSIX.1-2017, pax Extended Header). */
static int parse_pax(struct walk *walk, struct strbuf *text, bool is_global, struct error *err)
{
	for (size_t start = 0; start < text->len;) {
		char *record = text->buf + start;
		size_t length = 0, digits = 0;

		for (; digits < 6 && record[digits] >= '0' && record[digits] <= '9'; digits++)
			length = 10 * length + (size_t)(record[digits] - '0');
		if (record[digits] != ' ' || length <= digits + 1 || length > text->len - start ||
		    record[length - 1] != '\n')
			return bad(walk, err, "its pax header is malformed");
		char *key = record + digits + 1;
		char *equals = memchr(key, '=', length - digits - 1);
		if (!equals)
			return bad(walk, err, "its pax header is malformed");
		*equals = '\0';
		size_t value_length = (size_t)(record + length - 1 - (equals + 1));
		if (take_record(walk, key, equals + 1, value_length, is_global, err) < 0)
			return -1;
		start += length;
	}
	return 0;
}

/* Headers that only describe the next one: pax and GNU's long names. */
static int take_extension(struct walk *walk, const struct tar_header *header, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (header->size_bytes > MAX_PAX_SIZE)
		return bad(walk, err, "its extension header is larger than 64 KiB");
	size_t length = (size_t)header->size_bytes;
	strbuf_grow(&text, length);
	if (volume_set_read_all(walk->bytes, walk->offset + TAR_BLOCK_SIZE, text.buf, length, err) < 0)
		return -1;
	strbuf_set_length(&text, length);
	if (header->type == 'K')
		return 0;
	if (header->type != 'L')
		return parse_pax(walk, &text, header->type == 'g', err);
	/* GNU counts the NUL behind the name. */
	return set_path(walk, text.buf, strnlen(text.buf, length), err);
}

static int take_entry(struct walk *walk, const struct tar_header *header, tar_visit *visit, void *context,
		      uint64_t *size_bytes, struct error *err)
{
	bool is_link = header->type >= '1' && header->type <= '6';
	uint64_t size = walk->has_size ? walk->size_bytes : header->size_bytes;
	uint64_t offset = walk->offset + TAR_BLOCK_SIZE;

	if (header->type == 'S' || header->type == 'M')
		return bad(walk, err, "is sparse or continued from another volume");
	if (is_link && size)
		return bad(walk, err, "has data although it is no file");
	if (size > INT64_MAX - TAR_BLOCK_SIZE || tar_padded(size) > volume_set_size(walk->bytes) - offset)
		return error_set(err, ERROR_DIGEST,
				 "%s: is cut short: the entry at byte %" PRIu64 " goes beyond its end",
				 walk->name, walk->offset);
	const char *name = walk->path.len ? walk->path.buf : header->name;
	bool is_file = header->type == '0' || header->type == '\0' || header->type == '7';
	struct tar_entry entry = {
		.type = is_file ? '0' : header->type,
		.name = text_starts_with(name, "./") ? name + 2 : name,
		.offset = offset,
		.size_bytes = size,
	};
	*size_bytes = size;
	int result = visit(&entry, context, err);
	strbuf_reset(&walk->path);
	walk->has_size = false;
	return result;
}

static int step(struct walk *walk, tar_visit *visit, void *context, bool *is_end, struct error *err)
{
	uint8_t block[TAR_BLOCK_SIZE];
	struct tar_header header;

	if (walk->offset > volume_set_size(walk->bytes) ||
	    volume_set_size(walk->bytes) - walk->offset < TAR_BLOCK_SIZE)
		return error_set(err, ERROR_DIGEST, "%s: is cut short: it has no end-of-archive block",
				 walk->name);
	if (volume_set_read_all(walk->bytes, walk->offset, block, sizeof(block), err) < 0)
		return -1;
	enum tar_block kind = tar_header_parse(&header, block);
	*is_end = kind == TAR_ZERO_BLOCK;
	if (*is_end)
		return 0;
	if (kind == TAR_GARBAGE && !walk->offset)
		return error_set(err, ERROR_INVALID, "%s: is not a tar archive", walk->name);
	if (kind == TAR_GARBAGE)
		return bad(walk, err, "the header is damaged");
	uint64_t size = header.size_bytes;
	bool is_extension = header.type && strchr("xgLK", header.type);
	if ((is_extension ? take_extension(walk, &header, err)
			  : take_entry(walk, &header, visit, context, &size, err)) < 0)
		return -1;
	walk->offset += TAR_BLOCK_SIZE + tar_padded(size);
	return 0;
}

int tar_list(const struct volume_set *bytes, const char *name, tar_visit *visit, void *context,
	     struct error *err)
{
	CLEANUP(release_walk) struct walk walk = {.bytes = bytes, .name = name, .path = STRBUF_INIT};
	bool is_end = false;

	for (size_t i = 0; i < MAX_ENTRIES; i++) {
		if (step(&walk, visit, context, &is_end, err) < 0)
			return -1;
		if (is_end)
			return 0;
	}
	return error_set(err, ERROR_INVALID, "%s: has more than %d entries", name, MAX_ENTRIES);
}
