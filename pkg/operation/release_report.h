/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `release info` tells of one release, in the forms of oc (openshift/oc, pkg/cli/admin/release): made
 * from a release image that was read, without asking anybody but for sizes.
 *
 * Private to this module.
 */
#pragma once

#include "document/document.h"
#include "operation/release_image.h"
#include "release/component_versions.h"

/* A component's image, for --size. */
struct component_size {
	bool is_known;
	struct manifest manifest; /* of an image, never a list */
	bool has_created;
	int64_t created; /* seconds since 1970 */
	struct error failure;
};

struct release_report {
	const struct release_image *image; /* borrowed */
	struct document *metadata;         /* release-metadata, or NULL */
	struct component_versions versions;
	struct strvec warnings;       /* sorted */
	struct component_size *sizes; /* one a component; NULL: they were not asked for */
	int64_t now;                  /* ages are up to here; seconds since 1970 */
};

/* Into an empty report; borrows the image. */
int release_report_init(struct release_report *report, const struct release_image *image,
			struct error *err) MUST_CHECK;
void release_report_release(struct release_report *report);

/* The name of a release: what its metadata say, else image-references. */
const char *release_report_version(const struct release_report *report);
/* "linux/amd64", "multi (linux/amd64)"; as the config has it: not escaped. */
void release_report_platform(const struct release_image *image, struct strbuf *out);

/* For people. The sizes are shown if they are there. */
void release_report_text(const struct release_report *report, bool shows_pull_specs, struct strbuf *out);
/* The lines of -o digest, pullspec and name. */
void release_report_list(const struct release_report *report, const char *what, struct strbuf *out);
/* -o json, with a line end. ERROR_INVALID when what the image holds is not JSON. */
int release_report_json(const struct release_report *report, struct strbuf *out,
			struct error *err) MUST_CHECK;

/* --- sizes */

/* Which image of a list counts. */
struct release_filter {
	char *pattern; /* a regular expression on os/architecture[/variant] */
	bool is_default;
};

/*
 * Asks for the manifest and the config of every component, several at a time. A component that cannot be had
 * is a warning of the report. Fails only when cancelled, or when our own side fails.
 */
int release_report_read_sizes(struct release_report *report, struct run *run, struct source *source,
			      const struct release_filter *filter, struct error *err) MUST_CHECK;
/* The table with its closing line, its cells ended by tabs. */
void release_report_size_table(const struct release_report *report, struct strbuf *out);

/* config: the image config as oc has it, with its members in oc's order. */
struct json_writer;
int release_report_write_config(struct json_writer *writer, const struct release_image *image,
				struct error *err) MUST_CHECK;
