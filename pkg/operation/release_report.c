/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_report.h"

#include <stdlib.h>
#include <string.h>

static int parse_metadata(struct release_report *report, const struct strbuf *bytes, struct error *err)
{
	if (!bytes->len)
		return 0;
	return document_parse_json(&report->metadata, "release-metadata", bytes->buf, bytes->len, err);
}

int release_report_init(struct release_report *report, const struct release_image *image, struct error *err)
{
	const struct release_payload *payload = &image->payload;

	report->image = image;
	if (parse_metadata(report, &payload->metadata, err) < 0)
		return -1;
	component_versions_collect(&report->versions, payload);
	for (size_t i = 0; i < report->versions.warnings.count; i++)
		strvec_push(&report->warnings, report->versions.warnings.items[i]);
	strvec_sort_unique(&report->warnings);
	return 0;
}

void release_report_release(struct release_report *report)
{
	for (size_t i = 0; report->sizes && i < report->image->payload.n_components; i++) {
		manifest_release(&report->sizes[i].manifest);
		error_clear(&report->sizes[i].failure);
	}
	free(report->sizes);
	document_free(report->metadata);
	component_versions_release(&report->versions);
	strvec_release(&report->warnings);
}

const char *release_report_version(const struct release_report *report)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *version = NULL;

	if (report->metadata) {
		struct node root = document_root(report->metadata);
		struct node node = node_member(&root, "version");
		if (node_optional_string(&node, &version, &ignored) == 0 && version && *version)
			return version;
	}
	return report->image->payload.version;
}

void release_report_platform(const struct release_image *image, struct strbuf *out)
{
	const struct platform *platform = &image->config.platform;
	const char *os = platform->os && *platform->os ? platform->os : "unknown";
	const char *architecture =
		platform->architecture && *platform->architecture ? platform->architecture : "unknown";

	strbuf_addf(out, image->platform.is_list ? "multi (%s/%s)" : "%s/%s", os, architecture);
}

void release_report_list(const struct release_report *report, const char *what, struct strbuf *out)
{
	const struct release_payload *payload = &report->image->payload;
	char digest[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < payload->n_components; i++) {
		const struct release_component *component = &payload->components[i];

		if (!strcmp(what, "digest"))
			strbuf_add_string(out, digest_format(&component->digest, digest));
		else
			strbuf_add_string(out, strcmp(what, "name") ? component->image : component->name);
		strbuf_add_char(out, '\n');
	}
}
