/* SPDX-License-Identifier: Apache-2.0 */
/* -o json: the document that oc writes, member by member. */
#include "document/node_writer.h"
#include "operation/release_report.h"

static void write_metadata(struct json_writer *writer, const struct document *metadata)
{
	if (!metadata) {
		json_write_plain(writer, "metadata", "null");
		return;
	}
	struct node root = document_root(metadata);
	struct node kind = node_member(&root, "kind"), version = node_member(&root, "version");
	struct node previous = node_member(&root, "previous"), next = node_member(&root, "next");
	struct node values = node_member(&root, "metadata");
	json_open_object(writer, "metadata");
	json_write_node(writer, "kind", &kind, json_sort_all);
	json_write_node(writer, "version", &version, json_sort_all);
	json_write_node(writer, "previous", &previous, json_sort_all);
	if (node_count(&next))
		json_write_node(writer, "next", &next, json_sort_all);
	if (node_count(&values))
		json_write_node(writer, "metadata", &values, json_sort_all);
	json_close_object(writer);
}

static int write_references(struct json_writer *writer, const struct strbuf *bytes, struct error *err)
{
	static const char *const maps[] = {"annotations", "labels", NULL};
	CLEANUP(document_freep) struct document *document = NULL;

	if (document_parse_json(&document, "image-references", bytes->buf, bytes->len, err) < 0)
		return -1;
	struct node root = document_root(document);
	json_write_node(writer, "references", &root, maps);
	return 0;
}

static void write_versions(struct json_writer *writer, const struct component_versions *versions)
{
	json_write_plain(writer, "versions", "null");
	if (versions->count)
		json_open_object(writer, "displayVersions");
	else
		json_write_plain(writer, "displayVersions", "null");
	for (size_t i = 0; i < versions->count; i++) {
		json_open_object(writer, versions->items[i].name);
		json_write_string(writer, "Version", versions->items[i].version);
		json_write_string(writer, "DisplayName", versions->items[i].display_name);
		json_close_object(writer);
	}
	if (versions->count)
		json_close_object(writer);
	json_open_object(writer, "versionsTags");
	for (size_t i = 0; i < versions->count; i++)
		json_write_string(writer, versions->items[i].name, versions->items[i].component);
	json_close_object(writer);
}

static void write_warnings(struct json_writer *writer, const struct strvec *warnings)
{
	if (!warnings->count) {
		json_write_plain(writer, "warnings", "null");
		return;
	}
	json_open_array(writer, "warnings");
	for (size_t i = 0; i < warnings->count; i++)
		json_write_string(writer, NULL, warnings->items[i]);
	json_close_array(writer);
}

int release_report_json(const struct release_report *report, struct strbuf *out, struct error *err)
{
	const struct release_image *image = report->image;
	struct json_writer writer = JSON_WRITER_INIT(out, 2);
	char digest[DIGEST_TEXT_SIZE];

	writer.escapes_html = true;
	digest_format(&image->platform.chosen, digest);
	json_open_object(&writer, NULL);
	json_write_string(&writer, "image", image->name);
	json_write_string(&writer, "digest", digest);
	json_write_string(&writer, "contentDigest", digest);
	json_write_string(&writer, "listDigest",
			  image->platform.is_list ? digest_format(&image->platform.top, digest) : "");
	if (release_report_write_config(&writer, image, err) < 0)
		return -1;
	write_metadata(&writer, report->metadata);
	if (write_references(&writer, &image->payload.references, err) < 0)
		return -1;
	write_versions(&writer, &report->versions);
	json_write_plain(&writer, "images", "null");
	write_warnings(&writer, &report->warnings);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
	return 0;
}
