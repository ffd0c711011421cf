/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out a sealed plan: from its source to a registry or into a store. Mechanism only: what is moved,
 * and where to, was decided before.
 *
 * To a registry: one item a unique blob. It is put into the first repository that needs it (unless it is
 * there) and mounted into the others; bytes from another registry pass through the spool in the work
 * directory and leave it again. The worker that brings an image its last blob pushes the image's manifests,
 * children first, at once (registries throw away blobs that nothing refers to); what is attached to an
 * image goes before its tag; roots go last.
 *
 * To a store: one item a blob, the largest first from a registry; then manifests.
 *
 * An image that cannot be moved keeps its error (plan_image.failure) when the phase is over.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/progress.h"
#include "plan/plan.h"
#include "registry/registry.h"
#include "store/store.h"

#define MIRROR_MAX_EARLIER 2

struct mirror_options {
	unsigned jobs;            /* transfers at a time */
	unsigned request_jobs;    /* small requests at a time */
	bool continue_on_error;   /* false: the first failure stops the rest */
	struct blob_store *spool; /* blobs read while planning, and in flight; borrowed */
	/* Where blobs may be already: an archive that is replaced, what an interrupted run has left.
	 * NULL: none; borrowed. */
	struct blob_store *earlier[MIRROR_MAX_EARLIER];
	struct progress *progress;
	/* A registry as the target: */
	struct registry_client *client;
	const char *host;
};

struct mirror_counts {
	uint64_t images_present; /* at the target already, tag and digest */
	uint64_t images_copied;
	uint64_t blobs_present;
	uint64_t blobs_mounted;
	uint64_t blobs_copied;
	uint64_t bytes_copied;  /* written to the target */
	uint64_t bytes_present; /* needed there, and there already */
};

struct mirror;

/* The plan is sealed and stays with the caller. */
struct mirror *mirror_new(struct plan *plan, const struct mirror_options *options);
void mirror_free(struct mirror *mirror);
void mirror_freep(struct mirror **mirror);

/* Asks the target registry which images it has (HEAD by tag): those are left alone. An unusable target
 * (credentials, certificate, unreachable) is an error. */
int mirror_find_present(struct mirror *mirror, struct error *err) MUST_CHECK;
bool mirror_image_is_present(const struct mirror *mirror, uint32_t image);
/* After the move: whether it has arrived (or was there). */
bool mirror_image_is_done(const struct mirror *mirror, uint32_t image);
/* For --dry-run: asks for the blobs of the others too, and counts them. */
int mirror_find_present_blobs(struct mirror *mirror, struct error *err) MUST_CHECK;
/* Unique blobs and bytes (manifests included) of the images that are not present. */
void mirror_count_needed(const struct mirror *mirror, size_t *n_blobs, uint64_t *bytes);
/* Bytes that may lie in the spool at the same time. */
uint64_t mirror_spool_bytes(const struct mirror *mirror);

/* Fail only when cancelled, or when our own side fails (disk full). */
int mirror_to_registry(struct mirror *mirror, struct error *err) MUST_CHECK;
int mirror_to_store(struct mirror *mirror, struct blob_store *store, struct error *err) MUST_CHECK;

struct mirror_counts mirror_counts(const struct mirror *mirror);
