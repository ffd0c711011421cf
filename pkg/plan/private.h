/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share while a plan is resolved. Private to this module. */
#pragma once

#include "base/map.h"
#include "plan/plan.h"

struct resolution {
	struct plan *plan;
	const struct plan_options *options;
	struct source_session **sessions; /* per worker */
	size_t first_image;               /* of this round */
	size_t next_manifest;             /* those below have had their wave */
	uint32_t *wave;                   /* manifests to be read in this wave */
	struct map referrer_hosts;        /* host -> what it said to the first question; see attached.c */
	struct map attached_names;        /* names of attached images that are in the plan */
	struct error own_failure;         /* of our side; under the plan's mutex */
};

struct source_session *resolution_session(struct resolution *resolution, unsigned worker);
/* Ends everything: our own side failed, or somebody wants us to stop. Moves err. */
void resolution_fail(struct resolution *resolution, struct error *err);

/* contents.c; the plan's mutex is held. A manifest by its digest; *position is where it stands. A size
 * that differs from the one known is a contradiction (ERROR_DIGEST). */
int plan_add_manifest(struct plan *plan, const struct digest *digest, uint64_t size, enum manifest_type type,
		      uint32_t image, uint32_t *position, struct error *err) MUST_CHECK;
/* What is in a manifest that was read: its children, or its blobs. */
int plan_add_contents(struct plan *plan, uint32_t position, const struct manifest *parsed, uint32_t image,
		      struct error *err) MUST_CHECK;

/* resolve.c: into the cache, unless the source is a store. */
int plan_keep_manifest(struct plan *plan, const struct digest *digest, const struct strbuf *bytes,
		       struct error *err) MUST_CHECK;

/* attached.c: "quay.io/a/b" of an image's name; the caller frees it. */
char *plan_repository_of(const char *name);
/* attached.c: looks for signatures and referrers of the images from first to end (not included), and adds
 * what is found to the plan, in the order of the images. */
void resolution_find_attached(struct resolution *resolution, size_t first, size_t end);
