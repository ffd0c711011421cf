/* SPDX-License-Identifier: Apache-2.0 */
/* release info for people. Whatever comes from outside is escaped: lines and columns are ours. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/node_writer.h"
#include "operation/columns.h"
#include "operation/release_report.h"
#include "operation/timestamp.h"
#include "release/semver.h"

static void add_escaped(struct strbuf *out, const char *text)
{
	text_escape(out, text, strlen(text), SIZE_MAX);
}

static const struct digest *public_digest(const struct release_image *image)
{
	return image->platform.is_list ? &image->platform.top : &image->platform.chosen;
}

/* --- what the release is called */

static void add_created(const struct release_image *image, struct strbuf *out)
{
	const char *created = image->config.created ? image->config.created : "0001-01-01T00:00:00Z";
	char text[TIMESTAMP_SIZE];
	int64_t seconds;

	strbuf_add_string(out, "Created:\t");
	add_escaped(out, timestamp_parse(created, &seconds) ? timestamp_format(seconds, text) : created);
	strbuf_add_char(out, '\n');
}

static void add_pull_spec(const struct release_image *image, struct strbuf *out)
{
	struct reference reference = REFERENCE_INIT;
	char digest[DIGEST_TEXT_SIZE];

	strbuf_add_string(out, "\nPull From:\t");
	/* Names in an archive need not be references. */
	if (!image->reference.name) {
		add_escaped(out, image->name);
		strbuf_add_char(out, '\n');
		return;
	}
	reference_copy(&reference, &image->reference);
	reference_set(&reference.tag, "");
	reference_set(&reference.id, digest_format(public_digest(image), digest));
	CLEANUP(free_string) char *exact = reference_exact(&reference);
	strbuf_addf(out, "%s\n", exact);
	reference_release(&reference);
}

static void add_header(const struct release_report *report, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf platform = STRBUF_INIT;
	const struct release_image *image = report->image;
	char digest[DIGEST_TEXT_SIZE];

	strbuf_add_string(out, "Name:\t");
	add_escaped(out, release_report_version(report));
	strbuf_addf(out, "\nDigest:\t%s\n", digest_format(public_digest(image), digest));
	add_created(image, out);
	strbuf_add_string(out, "OS/Arch:\t");
	release_report_platform(image, &platform);
	add_escaped(out, platform.buf);
	strbuf_addf(out, "\nManifests:\t%zu\n", image->payload.n_manifests);
	/* oc counts the entry of the directory too. */
	strbuf_addf(out, "Metadata files:\t%zu\n", image->payload.n_other_files + 1);
	add_pull_spec(image, out);
}

/* --- release-metadata */

static void add_upgrades(const struct strvec *previous, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec versions = STRVEC_INIT;
	bool are_versions = true;

	strbuf_add_string(out, "  Upgrades:\t");
	if (!previous->count)
		strbuf_add_string(out, "<none>");
	for (size_t i = 0; i < previous->count; i++) {
		strvec_push(&versions, previous->items[i]);
		are_versions = are_versions && semver_is_valid(previous->items[i]);
	}
	if (versions.count && are_versions)
		qsort(versions.items, versions.count, sizeof(*versions.items), semver_compare_items);
	for (size_t i = 0; i < versions.count; i++) {
		strbuf_add_string(out, i ? ", " : "");
		add_escaped(out, versions.items[i]);
	}
	strbuf_add_char(out, '\n');
}

/* As Go prints values of any type: "[a b]", "map[a:b c:d]". The depth is bounded by that of documents. */
static void add_value(const struct node *node, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec keys = STRVEC_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *text;

	if (node_string(node, &text, &ignored) == 0) {
		add_escaped(out, text);
	} else if (node_type(node) == NODE_ABSENT) {
		strbuf_add_string(out, "<nil>");
	} else if (!node_format_plain(node, out)) {
		bool is_object = node_type(node) == NODE_OBJECT;
		strbuf_add_string(out, is_object ? "map[" : "[");
		node_sorted_keys(node, &keys);
		for (size_t i = 0; i < node_count(node); i++) {
			struct node child =
				is_object ? node_member(node, keys.items[i]) : node_element(node, i);
			strbuf_add_string(out, i ? " " : "");
			if (is_object) {
				add_escaped(out, keys.items[i]);
				strbuf_add_char(out, ':');
			}
			add_value(&child, out);
		}
		strbuf_add_char(out, ']');
	}
}

static bool is_empty(const struct node *node)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *text;

	if (node_string(node, &text, &ignored) == 0)
		return !*text;
	return (node_type(node) == NODE_ARRAY || node_type(node) == NODE_OBJECT) && !node_count(node);
}

static void add_metadata(const struct release_report *report, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec keys = STRVEC_INIT;

	if (!report->metadata)
		return;
	struct node root = document_root(report->metadata);
	struct node metadata = node_member(&root, "metadata");
	strbuf_add_string(out, "\nRelease Metadata:\n  Version:\t");
	add_escaped(out, release_report_version(report));
	strbuf_add_char(out, '\n');
	add_upgrades(&report->image->payload.previous, out);
	strbuf_add_string(out, "  Metadata:\n");
	node_sorted_keys(&metadata, &keys);
	for (size_t i = 0; i < keys.count; i++) {
		struct node value = node_member(&metadata, keys.items[i]);
		if (is_empty(&value))
			continue;
		strbuf_add_string(out, "    ");
		add_escaped(out, keys.items[i]);
		strbuf_add_string(out, ":\t");
		add_value(&value, out);
		strbuf_add_char(out, '\n');
	}
}

/* --- lists */

static void add_versions(const struct component_versions *versions, struct strbuf *out)
{
	if (versions->count)
		strbuf_add_string(out, "\nComponent Versions:\n");
	for (size_t i = 0; i < versions->count; i++) {
		strbuf_add_string(out, "  ");
		add_escaped(out, versions->items[i].name);
		strbuf_add_char(out, '\t');
		add_escaped(out, versions->items[i].version);
		strbuf_add_char(out, '\t');
		add_escaped(out, versions->items[i].display_name);
		strbuf_add_char(out, '\n');
	}
}

static void add_images(const struct release_payload *payload, bool shows_pull_specs, struct strbuf *out)
{
	char digest[DIGEST_TEXT_SIZE];

	strbuf_addf(out, "  NAME\t%s\n", shows_pull_specs ? "PULL SPEC" : "DIGEST");
	for (size_t i = 0; i < payload->n_components; i++) {
		const struct release_component *component = &payload->components[i];

		strbuf_add_string(out, "  ");
		add_escaped(out, component->name);
		strbuf_add_char(out, '\t');
		add_escaped(out,
			    shows_pull_specs ? component->image : digest_format(&component->digest, digest));
		strbuf_add_char(out, '\n');
	}
}

static void add_warnings(const struct strvec *warnings, struct strbuf *out)
{
	if (warnings->count)
		strbuf_add_string(out, "\nWarnings:\n");
	for (size_t i = 0; i < warnings->count; i++) {
		strbuf_add_string(out, "* ");
		add_escaped(out, warnings->items[i]);
		strbuf_add_char(out, '\n');
	}
}

void release_report_text(const struct release_report *report, bool shows_pull_specs, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	add_header(report, &text);
	add_metadata(report, &text);
	add_versions(&report->versions, &text);
	strbuf_add_string(&text, "\nImages:\n");
	if (report->sizes)
		release_report_size_table(report, &text);
	else
		add_images(&report->image->payload, shows_pull_specs, &text);
	add_warnings(&report->warnings, &text);
	strbuf_add_char(&text, '\n');
	columns_align(out, text.buf);
}
