/* SPDX-License-Identifier: Apache-2.0 */
/* Into a directory or an archive: blobs, the largest first; then manifests. */
#include <stdlib.h>

#include "base/parallel.h"
#include "mirror/private.h"

/* Images are done, for the progress, when their last blob has been dealt with. */
static void count_down(struct mirror *mirror, const struct plan_blob *blob)
{
	for (uint32_t i = 0; i < blob->n_uses; i++) {
		uint32_t number = mirror->plan->uses[blob->first_use + i];

		if (atomic_fetch_sub(&mirror->images[number].remaining, 1) == 1 &&
		    mirror->plan->images[number]->attached_to == PLAN_NONE)
			atomic_fetch_add(&mirror->options.progress->items_done, 1);
	}
}

static void store_blob(size_t index, unsigned worker, void *context)
{
	struct mirror *mirror = context;
	uint32_t number = mirror->order[index];
	const struct plan_blob *blob = &mirror->plan->blobs[number];
	const struct digest *digest = &mirror->plan->blob_digests.digests[number];
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (mirror_is_stopped(mirror))
		return;
	if (!mirror_is_needed(mirror, number)) {
		count_down(mirror, blob);
		return;
	}
	if (blob_store_has(mirror->store, digest, blob->size)) {
		atomic_fetch_add(&mirror->counts.blobs_present, 1);
		atomic_fetch_add(&mirror->counts.bytes_present, blob->size);
		atomic_fetch_add(&mirror->options.progress->bytes_done, blob->size);
	} else if (mirror_fetch_blob(mirror, worker, number, mirror->store, &err) == 0) {
		atomic_fetch_add(&mirror->counts.blobs_copied, 1);
		atomic_fetch_add(&mirror->counts.bytes_copied, blob->size);
	} else {
		mirror_fail_uses(mirror, number, NULL, 0, &err);
	}
	count_down(mirror, blob);
}

/* Manifests of the images that have all of their blobs, each once. */
struct manifest_list {
	struct mirror *mirror;
	bool *is_listed;
	uint32_t *manifests;
	size_t count;
	uint32_t image;
	uint32_t *images; /* one that needs it, for the error */
};

static int list_manifest(uint32_t position, void *context)
{
	struct manifest_list *list = context;

	if (list->is_listed[position])
		return 0;
	list->is_listed[position] = true;
	list->images[list->count] = list->image;
	list->manifests[list->count++] = position;
	return 0;
}

static void store_manifest(size_t index, unsigned worker, void *context)
{
	struct manifest_list *list = context;
	struct mirror *mirror = list->mirror;
	struct plan *plan = mirror->plan;
	uint32_t position = list->manifests[index];
	const struct digest *digest = &plan->manifest_digests.digests[position];
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (mirror_is_stopped(mirror) ||
	    blob_store_has(mirror->store, digest, plan->manifests[position].size))
		return;
	if (plan_read_manifest(plan, mirror_source_session(mirror, worker), position, &bytes, &err) < 0 ||
	    blob_store_put(mirror->store, digest, bytes.buf, bytes.len, &err) < 0) {
		mirror_fail_image(mirror, list->images[index], &err);
		return;
	}
	atomic_fetch_add(&mirror->counts.bytes_copied, bytes.len);
	atomic_fetch_add(&mirror->options.progress->bytes_done, bytes.len);
}

static void store_manifests(struct mirror *mirror)
{
	struct plan *plan = mirror->plan;
	struct manifest_list list = {.mirror = mirror};

	list.is_listed = xcalloc(plan->n_manifests, sizeof(*list.is_listed));
	list.manifests = xcalloc(plan->n_manifests, sizeof(*list.manifests));
	list.images = xcalloc(plan->n_manifests, sizeof(*list.images));
	for (size_t i = 0; i < plan->n_images; i++) {
		if (atomic_load(&mirror->images[i].has_failed))
			continue;
		list.image = (uint32_t)i;
		plan_walk(plan, plan->images[i], list_manifest, &list);
	}
	parallel_for(list.count, mirror->options.jobs, store_manifest, &list);
	free(list.is_listed);
	free(list.manifests);
	free(list.images);
}

static int reject_absent(uint32_t position, void *context)
{
	const struct mirror *mirror = context;
	const struct plan *plan = mirror->plan;

	return blob_store_has(mirror->store, &plan->manifest_digests.digests[position],
			      plan->manifests[position].size)
		       ? 0
		       : 1;
}

/* A manifest that several images share was written, or not, for one of them. */
static void check_images(struct mirror *mirror)
{
	for (size_t i = 0; i < mirror->plan->n_images; i++) {
		struct mirror_image *state = &mirror->images[i];
		CLEANUP(error_clear) struct error err = ERROR_INIT;

		if (atomic_load(&state->has_failed))
			continue;
		if (plan_walk(mirror->plan, mirror->plan->images[i], reject_absent, mirror) == 0) {
			state->is_done = true;
			atomic_fetch_add(&mirror->counts.images_copied, 1);
			continue;
		}
		error_set(&err, ERROR_NOT_FOUND, "%s: one of its manifests could not be stored",
			  mirror->plan->images[i]->name);
		mirror_fail_image(mirror, (uint32_t)i, &err);
	}
}

int mirror_to_store(struct mirror *mirror, struct blob_store *store, struct error *err)
{
	size_t n_blobs, n_images, n_failed;
	uint64_t bytes;

	mirror->store = store;
	mirror_count_needed(mirror, &n_blobs, &bytes);
	mirror_order_blobs(mirror);
	mirror_count_remaining(mirror);
	plan_count_images(mirror->plan, &n_images, &n_failed);
	progress_start(mirror->options.progress, "copying", n_images - n_failed, bytes);
	parallel_for(mirror->n_order, mirror->options.jobs, store_blob, mirror);
	if (!mirror_is_stopped(mirror)) {
		store_manifests(mirror);
		check_images(mirror);
	}
	return mirror_end_phase(mirror, err);
}
