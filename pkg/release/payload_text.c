/* SPDX-License-Identifier: Apache-2.0 */
/* A payload for the work directory: the two files as they are, and the little that is kept of the others. */
#include <string.h>

#include "document/document.h"
#include "document/writer.h"
#include "release/release.h"

#define FORMAT 1

static void write_strings(struct json_writer *writer, const char *key, const struct strvec *list)
{
	json_open_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(writer, NULL, list->items[i]);
	json_close_array(writer);
}

/* What was parsed as JSON or YAML is UTF-8 without NUL: it comes back byte for byte. */
void release_payload_format(const struct release_payload *payload, struct strbuf *out)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 0);

	json_open_object(&writer, NULL);
	json_write_unsigned(&writer, "format", FORMAT);
	json_write_string(&writer, "references", payload->references.buf);
	if (payload->metadata.len)
		json_write_string(&writer, "metadata", payload->metadata.buf);
	write_strings(&writer, "keyrings", &payload->keyrings);
	json_write_unsigned(&writer, "manifests", payload->n_manifests);
	json_write_unsigned(&writer, "otherFiles", payload->n_other_files);
	write_strings(&writer, "warnings", &payload->warnings);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}

static int check_format(const struct node *root, struct error *err)
{
	struct node member = node_member(root, "format");
	uint64_t format = 0;

	if (node_unsigned(&member, UINT32_MAX, &format, err) < 0)
		return -1;
	return format == FORMAT ? 0 : node_error(&member, err, "is not %d", FORMAT);
}

static int read_references(const struct node *root, struct release_payload *payload, struct error *err)
{
	struct node member = node_member(root, "references");
	const char *text = NULL;

	if (node_string(&member, &text, err) < 0 ||
	    release_parse_references(payload, text, strlen(text), err) < 0)
		return -1;
	strbuf_add_string(&payload->references, text);
	return 0;
}

static int read_metadata(const struct node *root, struct release_payload *payload, struct error *err)
{
	struct node member = node_member(root, "metadata");
	const char *text = NULL;

	if (node_optional_string(&member, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	if (release_parse_metadata(payload, text, strlen(text), err) < 0)
		return -1;
	strbuf_add_string(&payload->metadata, text);
	return 0;
}

static int read_count(const struct node *root, const char *key, size_t *count, struct error *err)
{
	struct node member = node_member(root, key);
	uint64_t value = 0;

	if (node_unsigned(&member, RELEASE_MAX_FILES, &value, err) < 0)
		return -1;
	*count = (size_t)value;
	return 0;
}

static int read_rest(const struct node *root, struct release_payload *payload, struct error *err)
{
	struct node keyrings = node_member(root, "keyrings"), warnings = node_member(root, "warnings");

	if (node_strings(&keyrings, &payload->keyrings, err) < 0 ||
	    node_strings(&warnings, &payload->warnings, err) < 0 ||
	    read_count(root, "manifests", &payload->n_manifests, err) < 0)
		return -1;
	return read_count(root, "otherFiles", &payload->n_other_files, err);
}

int release_payload_parse(struct release_payload *payload, const void *bytes, size_t length,
			  struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(release_payload_release) struct release_payload parsed = RELEASE_PAYLOAD_INIT;

	if (length > RELEASE_MAX_PAYLOAD_TEXT_SIZE)
		return error_set(err, ERROR_INVALID, "payload: is larger than %zu bytes",
				 RELEASE_MAX_PAYLOAD_TEXT_SIZE);
	if (document_parse_json(&document, "payload", bytes, length, err) < 0)
		return -1;
	struct node root = document_root(document);
	if (node_expect_object(&root, err) < 0 || check_format(&root, err) < 0 ||
	    read_references(&root, &parsed, err) < 0 || read_metadata(&root, &parsed, err) < 0 ||
	    read_rest(&root, &parsed, err) < 0)
		return -1;
	*payload = steal(&parsed);
	return 0;
}
