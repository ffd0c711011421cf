/* SPDX-License-Identifier: Apache-2.0 */
/* An image manifest, and if it is in a manifest list the one of the list that is wanted.
 * Private to this module. */
#pragma once

#include "operation/run.h"

enum platform_rule {
	PLATFORM_ONLY,  /* exactly one image of a list must match */
	PLATFORM_FIRST, /* the first that matches */
	PLATFORM_WISH,  /* the same; where none does, the first of all */
};

struct platform_choice {
	const char *flag; /* that changes the filter, for messages: "--filter-by-os" */
	const char *
		filter; /* a regular expression on os/architecture[/variant], unanchored; NULL: the first of all */
	enum platform_rule rule;
};

struct platform_image {
	struct digest top;    /* of what the name stands for */
	struct digest chosen; /* of the manifest that was read: equal to top if it is no list */
	bool is_list;
	struct digest *children; /* of a list: all its images */
	size_t n_children;
	struct manifest manifest; /* the chosen one: an image */
};

void platform_image_release(struct platform_image *image);

/* Into an empty one. `digest`: that the name is known to have, or NULL. Through the run's cache of
 * manifests, if it has one and the source is a registry. ERROR_INVALID when the filter does not find
 * what the rule asks for, or what is chosen is a list again; ERROR_USAGE when it is no regular
 * expression. */
int platform_image_read(struct run *run, struct source_session *session, struct source_image *from,
			const struct digest *digest, const struct platform_choice *choice,
			struct platform_image *image, struct error *err) MUST_CHECK;
