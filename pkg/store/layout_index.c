/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layout_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/document.h"
#include "document/writer.h"

#define NAME_ANNOTATION "org.opencontainers.image.ref.name"

void layout_images_release(struct store_image *images, size_t n_images)
{
	for (size_t i = 0; i < n_images; i++) {
		free(images[i].name);
		descriptor_release(&images[i].descriptor);
	}
	free(images);
}

int layout_index_parse(struct store_image **images, size_t *n_images, const char *name, const void *bytes,
		       size_t length, struct error *err)
{
	CLEANUP(manifest_release) struct manifest index = MANIFEST_INIT;

	if (manifest_parse(&index, bytes, length, MEDIA_TYPE_OCI_INDEX, SIZE_MAX, err) < 0)
		return error_wrap(err, "%s", name);
	*images = xreallocarray(*images, *n_images + index.n_children, sizeof(**images));
	for (size_t i = 0; i < index.n_children; i++) {
		struct store_image *image = &(*images)[(*n_images)++];
		image->descriptor = steal(&index.children[i]);
		image->name =
			image->descriptor.reference_name ? xstrdup(image->descriptor.reference_name) : NULL;
	}
	return 0;
}

/* --- writing */

static void write_platform(struct json_writer *writer, const struct platform *platform)
{
	json_open_object(writer, "platform");
	json_write_string(writer, "architecture", platform->architecture);
	json_write_string(writer, "os", platform->os);
	if (*platform->variant)
		json_write_string(writer, "variant", platform->variant);
	json_close_object(writer);
}

static void write_entry(struct json_writer *writer, const char *name, const struct descriptor *descriptor)
{
	char digest[DIGEST_TEXT_SIZE];

	json_open_object(writer, NULL);
	json_write_string(writer, "mediaType", descriptor->media_type);
	json_write_string(writer, "digest", digest_format(&descriptor->digest, digest));
	json_write_unsigned(writer, "size", descriptor->size);
	if (descriptor->artifact_type)
		json_write_string(writer, "artifactType", descriptor->artifact_type);
	if (descriptor->has_platform)
		write_platform(writer, &descriptor->platform);
	if (name) {
		json_open_object(writer, "annotations");
		json_write_string(writer, NAME_ANNOTATION, name);
		json_close_object(writer);
	}
	json_close_object(writer);
}

void layout_index_format(struct strbuf *out, const struct store_image *images, size_t n_images)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 1);

	json_open_object(&writer, NULL);
	json_write_unsigned(&writer, "schemaVersion", 2);
	json_write_string(&writer, "mediaType", MEDIA_TYPE_OCI_INDEX);
	json_open_array(&writer, "manifests");
	for (size_t i = 0; i < n_images; i++)
		write_entry(&writer, images[i].name, &images[i].descriptor);
	json_close_array(&writer);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}

/* --- changing what others wrote */

static int copy_node(struct json_writer *writer, const char *key, const struct node *node,
		     struct error *err) MUST_CHECK;

static int copy_object(struct json_writer *writer, const char *key, const struct node *node,
		       struct error *err)
{
	const char *member_key = NULL;

	json_open_object(writer, key);
	for (struct node member; node_next_member(node, &member, &member_key);)
		if (copy_node(writer, member_key, &member, err) < 0)
			return -1;
	json_close_object(writer);
	return 0;
}

static int copy_array(struct json_writer *writer, const char *key, const struct node *node, struct error *err)
{
	json_open_array(writer, key);
	for (size_t i = 0; i < node_count(node); i++) {
		struct node element = node_element(node, i);
		if (copy_node(writer, NULL, &element, err) < 0)
			return -1;
	}
	json_close_array(writer);
	return 0;
}

/* Writes a value as it was read. Real numbers have no place in a descriptor and are dropped. */
static int copy_node(struct json_writer *writer, const char *key, const struct node *node, struct error *err)
{
	const char *text = NULL;
	uint64_t number = 0;
	bool value = false;

	switch (node_type(node)) {
	case NODE_ABSENT:
	case NODE_REAL:
		return 0;
	case NODE_STRING:
		if (node_string(node, &text, err) < 0)
			return -1;
		json_write_string(writer, key, text);
		return 0;
	case NODE_INTEGER:
		if (node_unsigned(node, INT64_MAX, &number, err) < 0)
			return -1;
		json_write_unsigned(writer, key, number);
		return 0;
	case NODE_BOOLEAN:
		if (node_optional_boolean(node, false, &value, err) < 0)
			return -1;
		json_write_boolean(writer, key, value);
		return 0;
	case NODE_OBJECT:
		return copy_object(writer, key, node, err);
	case NODE_ARRAY:
		return copy_array(writer, key, node, err);
	}
	return 0;
}

/* Whether an entry gives way to the new one: it has the same name, or neither has one and it is the same
 * image. */
static bool is_replaced(const struct node *entry, const char *name, const struct descriptor *descriptor)
{
	struct node annotations = node_member(entry, "annotations");
	struct node annotation = node_member(&annotations, NAME_ANNOTATION);
	struct node digest = node_member(entry, "digest");
	const char *entry_name = NULL, *entry_digest = NULL;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	char wanted[DIGEST_TEXT_SIZE];

	if (node_optional_string(&annotation, &entry_name, &ignored) < 0 ||
	    node_optional_string(&digest, &entry_digest, &ignored) < 0)
		return false;
	if (name || entry_name)
		return name && entry_name && !strcmp(name, entry_name);
	return entry_digest && !strcmp(entry_digest, digest_format(&descriptor->digest, wanted));
}

static int write_entries(struct json_writer *writer, const struct node *entries, const char *name,
			 const struct descriptor *descriptor, struct error *err)
{
	bool is_written = false;

	json_open_array(writer, "manifests");
	for (size_t i = 0; i < node_count(entries); i++) {
		struct node entry = node_element(entries, i);
		bool replaced = is_replaced(&entry, name, descriptor);
		if (!replaced && copy_node(writer, NULL, &entry, err) < 0)
			return -1;
		if (replaced && !is_written)
			write_entry(writer, name, descriptor);
		is_written |= replaced;
	}
	if (!is_written)
		write_entry(writer, name, descriptor);
	json_close_array(writer);
	return 0;
}

int layout_index_add(struct strbuf *out, const char *name, const void *bytes, size_t length,
		     const char *image_name, const struct descriptor *descriptor, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	struct json_writer writer = JSON_WRITER_INIT(out, 1);

	if (document_parse_json(&document, name, bytes, length, err) < 0)
		return -1;
	struct node root = document_root(document);
	if (node_expect_object(&root, err) < 0)
		return -1;
	json_open_object(&writer, NULL);
	const char *key = NULL;
	for (struct node member; node_next_member(&root, &member, &key);) {
		if (strcmp(key, "manifests") != 0 && copy_node(&writer, key, &member, err) < 0)
			return -1;
	}
	struct node entries = node_member(&root, "manifests");
	if (write_entries(&writer, &entries, image_name, descriptor, err) < 0)
		return -1;
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
	return 0;
}

int layout_file_check(const char *name, const void *bytes, size_t length, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	const char *version = NULL;

	if (document_parse_json(&document, name, bytes, length, err) < 0)
		return -1;
	struct node root = document_root(document);
	struct node member = node_member(&root, "imageLayoutVersion");
	if (node_string(&member, &version, err) < 0)
		return -1;
	if (text_starts_with(version, "1."))
		return 0;
	return node_error(&member, err, "is not 1.0.0, the version of image layouts that airlift knows");
}
