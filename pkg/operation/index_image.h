/* SPDX-License-Identifier: Apache-2.0 */
/* The index image of a catalog: its manifest, the platform that is read, the images that it names.
 * Private to this module. */
#pragma once

#include "operation/run.h"

struct index_image {
	struct source_image from;
	struct reference reference; /* as given, tag or digest */
	char *name;                 /* as written, without docker:// */
	struct digest top;          /* of what the reference names */
	struct digest chosen;       /* the manifest of the platform that was read: equal to top if no index */
	struct strvec images;       /* texts as in the catalog, sorted */
};

void index_image_release(struct index_image *index);

/* The reference of a location; a reference without tag and digest means "latest". */
int index_image_init(struct index_image *index, struct source *source, const struct location *location,
		     struct error *err) MUST_CHECK;

/* ERROR_USAGE unless it is a regular expression. */
int index_filter_check(const char *filter, struct error *err) MUST_CHECK;

/* Reads what the reference names, chooses the platform by the regular expression (unanchored, on
 * os/architecture[/variant]; exactly one must match) and reads the catalog, or remembers it. */
int index_image_read(struct run *run, struct source *source, struct index_image *index, const char *filter,
		     struct outcome *outcome, struct error *err) MUST_CHECK;
