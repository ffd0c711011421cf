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
	struct strvec warnings; /* as oc has them; escaped */
};

#define COMPONENT_VERSIONS_INIT {0}

void component_versions_release(struct component_versions *versions);

/* One label and its display names, which may be NULL, into an empty list; ERROR_INVALID when any pair is bad
 * (the whole label counts for nothing then). `component` is not set. */
int component_versions_parse(struct component_versions *versions, const char *label,
			     const char *display_names, struct error *err) MUST_CHECK;

/* Of all components together, into an empty list. Where they disagree, the lowest version and the lowest
 * display name count, by their bytes; that, and what is wrong, becomes a warning. About "kubectl" only the
 * components cli and cli-artifacts are believed. */
void component_versions_collect(struct component_versions *versions, const struct release_payload *payload);
