/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to move: images with the manifests and unique blobs that they consist of, decided before
 * anything moves.
 *
 *     plan_add_image() for each  ->  plan_resolve(): manifests, wide  ->  plan_seal(): unique blobs, uses
 *
 * A sealed plan is frozen: workers read it and keep their own results. Digests are kept once; everything
 * refers to everything by position. Raw manifests are in the work directory (or in the store that is
 * read), not in memory.
 *
 * An image that cannot be resolved keeps its error and takes no part; the others go on.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/progress.h"
#include "digest/digest_map.h"
#include "plan/manifest_cache.h"
#include "source/source.h"

#define PLAN_NONE UINT32_MAX
#define PLAN_MAX_ATTACHED_DEPTH 4 /* a signature of a signature of ... */

struct plan_image {
	uint32_t number; /* its position in the plan */
	char *name;      /* its source as written */
	struct source_image from;
	bool is_pinned; /* `digest` is known beforehand and enforced */
	struct digest digest;
	uint32_t top;            /* manifest; PLAN_NONE until resolved */
	bool is_of_index;        /* its top is what --platform chose of an index */
	bool is_root;            /* what was asked for (a catalog's index): its tag moves last */
	uint32_t attached_to;    /* a signature or referrer of this image, or PLAN_NONE */
	char *target_repository; /* path at the target registry, or NULL */
	char *target_tag;        /* or NULL: by digest only */
	uint32_t n_manifests;    /* added to the plan for its sake */
	struct error failure;    /* why it cannot be had; ERROR_NONE: it can */
};

struct plan_manifest {
	uint32_t size;
	uint8_t type; /* enum manifest_type */
	bool is_resolved;
	uint32_t image;                   /* one whose source has it */
	uint32_t first_child, n_children; /* in plan->children: positions of manifests */
	uint32_t first_blob, n_blobs;     /* in plan->manifest_blobs: positions of blobs */
};

struct plan_blob {
	uint64_t size;
	bool is_config;
	uint32_t first_use, n_uses; /* in plan->uses: positions of images */
};

struct plan {
	struct source *source;        /* borrowed */
	struct manifest_cache *cache; /* borrowed; not used for stores */

	struct plan_image **images; /* owned */
	size_t n_images, allocated_images;

	struct digest_map manifest_digests;
	struct plan_manifest *manifests;
	size_t n_manifests, allocated_manifests;
	uint32_t *children;
	size_t n_children, allocated_children;

	struct digest_map blob_digests;
	struct plan_blob *blobs;
	size_t n_blobs, allocated_blobs;
	uint32_t *manifest_blobs;
	size_t n_manifest_blobs, allocated_manifest_blobs;

	/* after plan_seal */
	uint32_t *uses;
	bool *is_manifest_used; /* by an image that takes part */
	uint64_t total_bytes;   /* of all blobs and manifests that are used */
	size_t n_blobs_used;

	pthread_mutex_t mutex; /* while resolving: guards everything above but the images' items */
};

struct plan *plan_new(struct source *source, struct manifest_cache *cache);
void plan_free(struct plan *plan);
void plan_freep(struct plan **plan);

/* Takes what is in `from`. The image stays where it is in memory until the plan is freed. */
struct plan_image *plan_add_image(struct plan *plan, const char *name, struct source_image *from);

struct plan_options {
	unsigned workers;                /* requests at a time */
	bool with_attached;              /* look for .sig tags and referrers */
	bool with_attached_children;     /* of the images of an index too (releases) */
	const struct platform *platform; /* of an index take this one alone; NULL: all */
	struct progress *progress;
};

/* Fails only when cancelled or when our own side fails; images' failures stay with them. */
int plan_resolve(struct plan *plan, const struct plan_options *options, struct error *err) MUST_CHECK;

/* Counts uses and sizes of everything that the images without failure need. */
void plan_seal(struct plan *plan);

/* The raw bytes of a resolved manifest, verified; appended. */
int plan_read_manifest(struct plan *plan, struct source_session *session, uint32_t manifest,
		       struct strbuf *bytes, struct error *err) MUST_CHECK;

/* Calls visit for the image's manifests, each once, children before parents; stops at a non-zero
 * result, which it returns. */
typedef int plan_visit_manifest(uint32_t manifest, void *context);
int plan_walk(const struct plan *plan, const struct plan_image *image, plan_visit_manifest *visit,
	      void *context);

static inline bool plan_image_takes_part(const struct plan_image *image)
{
	return image->failure.code == ERROR_NONE;
}

/* Images that were asked for (no attached ones) and those of them that failed. */
void plan_count_images(const struct plan *plan, size_t *n_images, size_t *n_failed);
