/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share. Private to this module. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "mirror/mirror.h"

#define MIRROR_TURNS 64

/* One image on its way. */
struct mirror_image {
	bool is_present;
	atomic_bool has_failed;
	atomic_uint remaining;   /* blobs and attached images that must be done before its manifests go */
	atomic_bool is_finished; /* nothing more will be done about it */
	bool is_done;            /* it has arrived */
	uint32_t repository;     /* in mirror->repositories */
	struct error failure;    /* under mirror->mutex */
};

struct mirror {
	struct plan *plan;
	struct mirror_options options;
	struct mirror_image *images;
	const char **repositories; /* unique paths at the target; borrowed from the plan */
	size_t n_repositories;
	uint32_t *order; /* blobs to move */
	size_t n_order;
	struct source_session **sources; /* one a worker */
	struct registry_session **targets;
	struct blob_store *store;            /* when the target is one */
	pthread_mutex_t mutex;               /* failures, published */
	struct map published;                /* "repository:manifest" of the children written */
	pthread_mutex_t turns[MIRROR_TURNS]; /* of the workers that write the same child */
	struct error own_failure;            /* of our side: ends everything; under mutex */
	atomic_bool is_stopped;
	atomic_uint absences; /* blobs in a row that the target was asked for and did not have */
	struct {
		atomic_uint_fast64_t images_present, images_copied, blobs_present, blobs_mounted,
			blobs_copied, bytes_copied, bytes_present;
	} counts;
};

struct source_session *mirror_source_session(struct mirror *mirror, unsigned worker);
struct registry_session *mirror_target_session(struct mirror *mirror, unsigned worker);

/* Moves what is in err to the image, or to the whole run when our own side failed. */
void mirror_fail_image(struct mirror *mirror, uint32_t image, struct error *err);
/* The same for every image that needs the blob and goes to one of these repositories (sorted); without
 * repositories for every one that needs it. */
void mirror_fail_uses(struct mirror *mirror, uint32_t blob, const uint32_t *repositories,
		      size_t n_repositories, struct error *err);
/* Whether anybody still needs this blob moved. */
bool mirror_is_needed(const struct mirror *mirror, uint32_t blob);
/* Items that start now do nothing. */
bool mirror_is_stopped(const struct mirror *mirror);
/* Gives the failures to the plan; the error that ends the run, if there is one. */
int mirror_end_phase(struct mirror *mirror, struct error *err) MUST_CHECK;

/* For each image the number of blobs in the order that it waits for. */
void mirror_count_remaining(struct mirror *mirror);

/* publish.c: the manifests and the tag of an image whose blobs are there. */
int mirror_publish_image(struct mirror *mirror, unsigned worker, uint32_t image,
			 struct error *err) MUST_CHECK;
/* to_registry.c: a blob once more into a repository that has lost it, or says so. */
int mirror_redeliver_blob(struct mirror *mirror, unsigned worker, uint32_t blob, const char *repository,
			  bool asks_first, struct error *err) MUST_CHECK;

/* order.c: fills mirror->order with the blobs that are needed. */
void mirror_order_blobs(struct mirror *mirror);

/* fetch.c: a reader of a blob's verified bytes, from wherever they are: the spool, an earlier archive, the
 * source if it is a store; else they are downloaded into the spool, and *is_spooled tells the caller to
 * remove them when they are where they must go. */
int mirror_open_blob(struct mirror *mirror, unsigned worker, uint32_t blob, struct blob_reader **reader,
		     bool *is_spooled, struct error *err) MUST_CHECK;
/* The same into a writer of the target. */
int mirror_fetch_blob(struct mirror *mirror, unsigned worker, uint32_t blob, struct blob_store *into,
		      struct error *err) MUST_CHECK;
