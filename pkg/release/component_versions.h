/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of what is inside a release ("kubernetes 1.27.6"), from the annotations
 * io.openshift.build.versions and io.openshift.build.version-display-names of its components
 * (openshift/oc, pkg/cli/admin/release, readComponentVersions). */
#pragma once

#include "release/release.h"

struct component_version {
	char *name;
	char *version;      /* semantic version without build part */
	char *display_name; /* "" if there is none */
	char *component;    /* the last component (tag) that names it */
};

struct component_versions {
	struct component_version *items; /* sorted by name */
	size_t count;
	size_t allocated;
	struct strvec warnings; /* in oc's words */
};

#define COMPONENT_VERSIONS_INIT {0}

void component_versions_release(struct component_versions *versions);

/* One label pair into an empty list; ERROR_INVALID when any pair is bad (the whole label counts for nothing
 * then). `display_names` may be NULL. `component` is not set. */
int component_versions_parse(struct component_versions *versions, const char *label,
			     const char *display_names, struct error *err) MUST_CHECK;

/* Of all components together, into an empty list; what is wrong becomes a warning. */
void component_versions_collect(struct component_versions *versions, const struct release_payload *payload);
