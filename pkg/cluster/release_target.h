/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the images of a release go in a mirror: the rule of `oc adm release mirror` (openshift/oc,
 * pkg/cli/admin/release/mirror.go).
 *
 *   HOST/REPO                          the release at HOST/REPO:<version>-<arch>, a component at
 *                                      HOST/REPO:<version>-<arch>-<component>
 *   HOST/REPO:${version}-${component}  the same by substitution; the architecture comes last; the release
 *                                      is the component "release"; ${version} may be left out
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "cluster/mapping.h"
#include "oci/reference.h"
#include "release/release.h"

struct release_target {
	struct reference repository; /* without tag */
	char *tag_pattern;           /* with ${component}; NULL: the plain form */
	char *text;                  /* as written */
};

#define RELEASE_TARGET_INIT {0}
void release_target_release(struct release_target *target);

/* As location_parse_target reads a registry with a path (docker:// may stand in front); a registry alone is
 * refused. ERROR_USAGE, in oc's words where it has any: a tag or digest ("--to must be to an image repository
 * and may not contain a tag or digest"), ${component} in the repository or twice, ${version} without it. */
int release_target_parse(struct release_target *target, const char *text, struct error *err) MUST_CHECK;

/* `architecture`: "x86_64", "multi", or "" when it is not known. `component` NULL: the release image. Into an
 * empty reference. ERROR_INVALID when the result is no tag (longer than 128, other characters). */
int release_target_name(const struct release_target *target, const char *version, const char *architecture,
			const char *component, struct reference *result, struct error *err) MUST_CHECK;

/* What is known of a release when its images get their places. All is borrowed. */
struct release_places {
	const char *version;
	const char *architecture;
	const struct reference *release; /* with the digest by which the release is pulled */
	const struct release_component *components;
	size_t n_components;
	bool skip_release_image;
	const struct release_target *target;
	const struct reference *release_image_target; /* --to-release-image, or NULL */
};

/*
 * The mapping of a release, into an empty one: an entry for the release image (unless it is skipped) and one
 * for each component; several components may be one image. Every source is by digest and has no tag, every
 * target has both; no entry is an index. The text of a component's entry is its pull spec as written, that of
 * the release its exact reference. Sorted by source and target. mapping->is_release is set, and
 * mapping->mirror is the target's repository. ERROR_INVALID: a name that is no tag, a release without digest;
 * ERROR_USAGE: --to-release-image without a tag.
 */
int release_mapping_build(struct mapping *mapping, const struct release_places *places,
			  struct error *err) MUST_CHECK;
