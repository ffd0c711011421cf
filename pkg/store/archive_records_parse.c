/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "document/document.h"
#include "store/archive_records.h"
#include "store/archive_records_members.h"
#include "store/chunks.h"

/* "sha256-<hex>.sig" and its like (cosign, "Signature Spec"): a tag beside an image, never one that somebody
 * may have given to another image. */
static bool is_attached_tag(const char *tag)
{
	static const char prefix[] = "sha256-";
	static const char *const suffixes[] = {".sig", ".att", ".sbom"};
	char hex[DIGEST_HEX_LENGTH + 1] = {0};
	struct digest digest;

	if (!text_starts_with(tag, prefix) || strlen(tag) < strlen(prefix) + DIGEST_HEX_LENGTH)
		return false;
	memcpy(hex, tag + strlen(prefix), DIGEST_HEX_LENGTH);
	if (!digest_parse_hex(&digest, hex))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++)
		if (!strcmp(tag + strlen(prefix) + DIGEST_HEX_LENGTH, suffixes[i]))
			return true;
	return false;
}

static int read_tag(const struct node *object, char **tag, struct error *err)
{
	struct node member = node_member(object, "tag");

	if (records_read_optional_name(object, "tag", tag, err) < 0)
		return -1;
	if (!*tag || is_attached_tag(*tag))
		return 0;
	return node_error(&member, err, "is not that of a signature, attestation or bill of materials");
}

static int read_number(const struct node *object, const char *key, uint64_t maximum, uint64_t *value,
		       struct error *err)
{
	struct node member = node_member(object, key);

	return node_unsigned(&member, maximum, value, err);
}

static int read_descriptor(const struct node *object, struct digest *digest, uint64_t *size,
			   struct error *err)
{
	struct node member = node_member(object, "digest");
	const char *text = NULL;

	if (node_string(&member, &text, err) < 0)
		return -1;
	if (digest_parse(digest, text, err) < 0)
		return error_wrap(err, "digest");
	return read_number(object, "size", OCI_MAX_BLOB_SIZE, size, err);
}

static int read_image(const struct node *object, struct archive_image *image, struct error *err)
{
	CLEANUP(free_string) char *media_type = NULL;

	if (records_read_name(object, "source", &image->source, err) < 0 ||
	    records_read_text(object, "mediaType", &media_type, err) < 0 ||
	    read_descriptor(object, &image->digest, &image->size, err) < 0 ||
	    records_read_optional_name(object, "attachedTo", &image->attached_to, err) < 0 ||
	    read_tag(object, &image->tag, err) < 0)
		return -1;
	image->type = manifest_type_parse(media_type);
	if (image->type == MANIFEST_UNKNOWN)
		return node_error(object, err, "mediaType is not that of an image or an index");
	return 0;
}

/* A name stands for one image: whoever looks it up must not depend on which he finds. */
static int check_unique_images(const struct archive_records *records, struct error *err)
{
	struct map seen = MAP_INIT;
	int result = 0;

	for (size_t i = 0; i < records->n_images && result == 0; i++) {
		if (map_contains(&seen, records->images[i].source))
			result = error_set(err, ERROR_INVALID, "images: %s is there twice",
					   records->images[i].source);
		map_set(&seen, records->images[i].source, NULL);
	}
	map_release(&seen);
	return result;
}

static int read_images(const struct node *root, struct archive_records *records, struct error *err)
{
	struct node list;

	if (records_read_list(root, "images", &list, err) < 0)
		return -1;
	records->images = xcalloc(node_count(&list), sizeof(*records->images));
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node object = node_element(&list, i);
		if (read_image(&object, &records->images[records->n_images++], err) < 0)
			return -1;
	}
	return check_unique_images(records, err);
}

static int read_missing(const struct node *root, struct archive_records *records, struct error *err)
{
	struct node list;

	if (records_read_list(root, "missing", &list, err) < 0)
		return -1;
	records->missing = xcalloc(node_count(&list), sizeof(*records->missing));
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node object = node_element(&list, i);
		struct archive_missing *read = &records->missing[records->n_missing++];
		if (records_read_name(&object, "source", &read->source, err) < 0 ||
		    records_read_text(&object, "reason", &read->reason, err) < 0)
			return -1;
	}
	return 0;
}

static int read_states(const struct node *object, struct archive_slot *slot, struct error *err)
{
	struct node list = node_member(object, "states");
	size_t count = node_count(&list);

	if (count != chunk_count_states(slot->size_bytes))
		return node_error(&list, err, "has %zu entries, should have %zu", count,
				  chunk_count_states(slot->size_bytes));
	slot->states = count ? xcalloc(count, sizeof(*slot->states)) : NULL;
	for (size_t i = 0; i < count; i++) {
		struct node state = node_element(&list, i);
		const char *hex = NULL;
		if (node_string(&state, &hex, err) < 0)
			return -1;
		if (!digest_parse_hex(&slot->states[i], hex))
			return node_error(&state, err, "is not 64 hexadecimal digits");
	}
	return 0;
}

static int read_blob(const struct node *object, struct archive_layout *layout, struct error *err)
{
	struct node absent = node_member(object, "absent");
	struct digest digest;
	uint64_t size, offset;
	bool is_absent;

	if (read_descriptor(object, &digest, &size, err) < 0 ||
	    read_number(object, "offset", INT64_MAX, &offset, err) < 0 ||
	    node_optional_boolean(&absent, false, &is_absent, err) < 0 ||
	    archive_layout_add(layout, &digest, size, err) < 0)
		return -1;
	struct archive_slot *slot = &layout->slots[layout->digests.count - 1];
	if (slot->offset != offset)
		return node_error(object, err, "stands at byte %" PRIu64 ", should stand at %" PRIu64, offset,
				  slot->offset);
	if (is_absent)
		return 0;
	slot->status = SLOT_FILLED;
	return read_states(object, slot, err);
}

static int read_blob_line(const char *line, size_t length, struct archive_layout *layout, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(free_string) char *name = xasprintf("blob %zu", layout->digests.count);

	if (document_parse_json(&document, name, line, length, err) < 0)
		return -1;
	struct node object = document_root(document);
	return read_blob(&object, layout, err);
}

/* Line by line: as one tree, the blobs of a large catalog would take more memory than all the rest. */
static int read_blobs(const char *text, size_t length, struct archive_layout *layout, struct error *err)
{
	const char *end = text + length;

	while (*text == ' ' && end - text > 1 && text[1] == ' ') {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		if (!line_end)
			break;
		size_t line_length = (size_t)(line_end - text) - (line_end[-1] == ',');
		if (read_blob_line(text, line_length, layout, err) < 0)
			return -1;
		text = line_end + 1;
	}
	size_t rest = (size_t)(end - text);
	if (rest == strlen(ARCHIVE_RECORDS_BLOBS_END) && !memcmp(text, ARCHIVE_RECORDS_BLOBS_END, rest))
		return 0;
	return error_set(err, ERROR_INVALID, "blob %zu is not on a line of its own", layout->digests.count);
}

/* What precedes the id is fixed, so the first place where its digits stand is the id itself. */
static int check_id(const struct node *root, struct archive_records *records, const char *bytes,
		    size_t length, struct error *err)
{
	CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
	struct node member = node_member(root, "id");
	struct digest id, computed;
	const char *text = NULL;

	if (node_string(&member, &text, err) < 0)
		return -1;
	if (!digest_parse_hex(&id, text))
		return node_error(&member, err, "is not 64 hexadecimal digits");
	digest_format_hex(&id, records->id);
	const char *found = memmem(bytes, length, records->id, DIGEST_HEX_LENGTH);
	if (!found)
		return node_error(&member, err, "is written in an unusual way");
	hasher_update(hasher, bytes, (size_t)(found - bytes));
	hasher_update(hasher, found + DIGEST_HEX_LENGTH,
		      length - (size_t)(found - bytes) - DIGEST_HEX_LENGTH);
	hasher_finish(hasher, &computed);
	if (!digest_equal(&computed, &id))
		return node_error(&member, err, "is not the digest of the records");
	return 0;
}

static int check_format(const struct node *root, struct error *err)
{
	uint64_t format = 0;

	if (node_expect_object(root, err) < 0 || read_number(root, "format", UINT32_MAX, &format, err) < 0)
		return -1;
	if (format == ARCHIVE_FORMAT)
		return 0;
	return node_error(root, err,
			  "is of format %" PRIu64 ", this airlift reads format %d; use the airlift "
			  "that wrote it or a newer one",
			  format, ARCHIVE_FORMAT);
}

static int read_head(const struct node *root, struct archive_records *records, struct archive_index *index,
		     struct error *err)
{
	struct node index_node = node_member(root, "index");

	if (records_read_names(root, "predecessors", &records->predecessors, err) < 0 ||
	    archive_records_read_roots(root, records, err) < 0 || read_images(root, records, err) < 0 ||
	    read_missing(root, records, err) < 0)
		return -1;
	return read_descriptor(&index_node, &index->digest, &index->size, err);
}

static int parse(struct archive_records *records, struct archive_layout *layout, struct archive_index *index,
		 const char *name, const struct strbuf *text, struct error *err)
{
	static const char start[] = ARCHIVE_RECORDS_BLOBS_START;
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(strbuf_release) struct strbuf head = STRBUF_INIT;

	const char *blobs = memmem(text->buf, text->len, start, strlen(start));
	if (!blobs)
		return error_set(err, ERROR_INVALID, "%s: has no list of blobs", name);
	size_t head_length = (size_t)(blobs - text->buf);
	strbuf_add(&head, text->buf, head_length);
	strbuf_add_string(&head, "}");
	if (document_parse_json(&document, name, head.buf, head.len, err) < 0)
		return -1;
	struct node root = document_root(document);
	if (check_format(&root, err) < 0 || check_id(&root, records, text->buf, text->len, err) < 0 ||
	    read_head(&root, records, index, err) < 0)
		return -1;
	blobs += strlen(start);
	if (read_blobs(blobs, (size_t)(text->buf + text->len - blobs), layout, err) < 0)
		return error_wrap(err, "%s", name);
	return 0;
}

int archive_records_parse(struct archive_records *records, struct archive_layout *layout,
			  struct archive_index *index, const char *name, const struct strbuf *text,
			  struct error *err)
{
	struct error found = ERROR_INIT;

	if (parse(records, layout, index, name, text, &found) == 0)
		return 0;
	/* The digest was right: what is wrong here was written so, by no airlift. */
	if (error_is(&found, ERROR_INVALID))
		found.code = ERROR_DIGEST;
	return error_move(err, &found);
}
