/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_records.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "document/writer.h"
#include "store/chunks.h"

void archive_records_release(struct archive_records *records)
{
	strvec_release(&records->predecessors);
	for (size_t i = 0; i < records->n_roots; i++)
		archive_root_release(&records->roots[i]);
	free(records->roots);
	for (size_t i = 0; i < records->n_images; i++) {
		free(records->images[i].source);
		free(records->images[i].attached_to);
		free(records->images[i].tag);
	}
	free(records->images);
	for (size_t i = 0; i < records->n_missing; i++) {
		free(records->missing[i].source);
		free(records->missing[i].reason);
	}
	free(records->missing);
	*records = (struct archive_records)ARCHIVE_RECORDS_INIT;
}

const struct archive_image *archive_records_find_image(const struct archive_records *records,
						       const char *source)
{
	for (size_t i = 0; i < records->n_images; i++)
		if (!strcmp(records->images[i].source, source))
			return &records->images[i];
	return NULL;
}

char *archive_records_name(const char *text)
{
	struct strbuf name = STRBUF_INIT;

	text_escape(&name, text, strlen(text), SIZE_MAX);
	return strbuf_detach(&name);
}

static void write_name(struct json_writer *writer, const char *key, const char *text)
{
	CLEANUP(free_string) char *name = archive_records_name(text);

	json_write_string(writer, key, name);
}

static void write_optional_name(struct json_writer *writer, const char *key, const char *text)
{
	if (text)
		write_name(writer, key, text);
}

static void write_names(struct json_writer *writer, const char *key, const struct strvec *list)
{
	json_open_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		write_name(writer, NULL, list->items[i]);
	json_close_array(writer);
}

static void write_descriptor(struct json_writer *writer, const struct digest *digest, uint64_t size)
{
	char text[DIGEST_TEXT_SIZE];

	json_write_string(writer, "digest", digest_format(digest, text));
	json_write_unsigned(writer, "size", size);
}

static void write_components(struct json_writer *writer, const struct archive_release *release)
{
	json_open_array(writer, "components");
	for (size_t i = 0; i < release->n_components; i++) {
		json_open_object(writer, NULL);
		write_name(writer, "name", release->components[i].name);
		write_name(writer, "image", release->components[i].image);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void write_signatures(struct json_writer *writer, const struct archive_release *release)
{
	char digest[DIGEST_TEXT_SIZE];

	json_open_array(writer, "signatures");
	for (size_t i = 0; i < release->n_signatures; i++) {
		const struct archive_signature *signature = &release->signatures[i];
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

		base64_encode(&text, signature->message.buf, signature->message.len);
		json_open_object(writer, NULL);
		json_write_string(writer, "digest", digest_format(&signature->digest, digest));
		json_write_string(writer, "message", text.buf);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void write_release(struct json_writer *writer, const struct archive_release *release)
{
	json_open_object(writer, "release");
	write_name(writer, "version", release->version);
	write_name(writer, "architecture", release->architecture);
	if (release->without_image)
		json_write_boolean(writer, "withoutImage", true);
	write_components(writer, release);
	write_names(writer, "previous", &release->previous);
	write_signatures(writer, release);
	json_close_object(writer);
}

static void write_roots(struct json_writer *writer, const struct archive_records *records)
{
	json_open_array(writer, "roots");
	for (size_t i = 0; i < records->n_roots; i++) {
		json_open_object(writer, NULL);
		write_name(writer, "kind", records->roots[i].kind);
		write_name(writer, "source", records->roots[i].source);
		write_names(writer, "images", &records->roots[i].images);
		if (records->roots[i].release)
			write_release(writer, records->roots[i].release);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void write_images(struct json_writer *writer, const struct archive_records *records)
{
	json_open_array(writer, "images");
	for (size_t i = 0; i < records->n_images; i++) {
		const struct archive_image *image = &records->images[i];
		json_open_object(writer, NULL);
		write_name(writer, "source", image->source);
		json_write_string(writer, "mediaType", manifest_type_name(image->type));
		write_descriptor(writer, &image->digest, image->size);
		write_optional_name(writer, "attachedTo", image->attached_to);
		write_optional_name(writer, "tag", image->tag);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void write_missing(struct json_writer *writer, const struct archive_records *records)
{
	json_open_array(writer, "missing");
	for (size_t i = 0; i < records->n_missing; i++) {
		json_open_object(writer, NULL);
		write_name(writer, "source", records->missing[i].source);
		json_write_string(writer, "reason", records->missing[i].reason);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void write_states(struct json_writer *writer, const struct archive_slot *slot)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	json_open_array(writer, "states");
	for (size_t i = 0; i < chunk_count_states(slot->size_bytes); i++)
		json_write_string(writer, NULL, digest_format_hex(&slot->states[i], hex));
	json_close_array(writer);
}

static void write_blob(struct strbuf *out, const struct digest *digest, const struct archive_slot *slot)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 0);

	json_open_object(&writer, NULL);
	write_descriptor(&writer, digest, slot->size_bytes);
	json_write_unsigned(&writer, "offset", slot->offset);
	if (slot->status != SLOT_FILLED)
		json_write_boolean(&writer, "absent", true);
	else if (chunk_count_states(slot->size_bytes))
		write_states(&writer, slot);
	json_close_object(&writer);
}

/* The last member of the root, each blob on a line of its own: a reader need not hold all as one tree. */
static void write_blobs(struct strbuf *out, const struct archive_layout *layout)
{
	strbuf_add_string(out, ARCHIVE_RECORDS_BLOBS_START);
	for (size_t i = 0; i < layout->digests.count; i++) {
		strbuf_add_string(out, i ? ",\n  " : "  ");
		write_blob(out, &layout->digests.digests[i], &layout->slots[i]);
	}
	strbuf_add_string(out, layout->digests.count ? "\n" : "");
	strbuf_add_string(out, ARCHIVE_RECORDS_BLOBS_END);
}

/* The id is the digest of the text with an empty id, put in afterwards. */
static void insert_id(struct strbuf *text, size_t position, struct archive_records *records)
{
	struct digest digest;

	digest_of(text->buf, text->len, &digest);
	digest_format_hex(&digest, records->id);
	strbuf_grow(text, DIGEST_HEX_LENGTH);
	memmove(text->buf + position + DIGEST_HEX_LENGTH, text->buf + position, text->len - position);
	memcpy(text->buf + position, records->id, DIGEST_HEX_LENGTH);
	strbuf_set_length(text, text->len + DIGEST_HEX_LENGTH);
}

void archive_records_format(struct strbuf *out, struct archive_records *records,
			    const struct archive_layout *layout, const struct archive_index *index)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 1);

	strbuf_reset(out);
	json_open_object(&writer, NULL);
	json_write_unsigned(&writer, "format", ARCHIVE_FORMAT);
	json_write_string(&writer, "id", "");
	size_t id_position = out->len - 1;
	write_names(&writer, "predecessors", &records->predecessors);
	write_roots(&writer, records);
	write_images(&writer, records);
	write_missing(&writer, records);
	json_open_object(&writer, "index");
	write_descriptor(&writer, &index->digest, index->size);
	json_close_object(&writer);
	write_blobs(out, layout);
	insert_id(out, id_position, records);
}
