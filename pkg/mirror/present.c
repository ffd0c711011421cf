/* SPDX-License-Identifier: Apache-2.0 */
/* What the target registry has already. Its word is taken for a whole image: a registry that answers
 * with the digest under the tag has accepted the manifest, and so had all of its blobs. */
#include "base/cancel.h"
#include "base/parallel.h"
#include "mirror/private.h"

static struct repository target_repository(const struct mirror *mirror, uint32_t image)
{
	return (struct repository){
		.side = REGISTRY_TARGET,
		.host = mirror->options.host,
		.path = mirror->plan->images[image]->target_repository,
	};
}

/* A run may have been interrupted between a referrer and the list that names it. */
static bool referrer_is_listed(struct mirror *mirror, unsigned worker, const struct plan_image *image,
			       const struct repository *repository)
{
	const struct plan *plan = mirror->plan;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	bool is_listed = false;

	if (image->attached_to == PLAN_NONE || image->target_tag)
		return true;
	/* Where the list cannot be read, writing the referrer once more will say why. */
	return registry_has_referrer(mirror_target_session(mirror, worker), repository,
				     &plan->images[image->attached_to]->digest,
				     &plan->manifest_digests.digests[image->top], &is_listed,
				     &ignored) == 0 &&
	       is_listed;
}

static int ask_for_image(struct mirror *mirror, unsigned worker, uint32_t number, struct error *err)
{
	const struct plan_image *image = mirror->plan->images[number];
	struct repository repository = target_repository(mirror, number);
	const struct digest *digest = &mirror->plan->manifest_digests.digests[image->top];
	bool is_present = false, has_digest = false;
	char text[DIGEST_TEXT_SIZE];
	struct digest found;

	const char *wanted = image->target_tag ? image->target_tag : digest_format(digest, text);
	if (registry_head_manifest(mirror_target_session(mirror, worker), &repository, wanted, &is_present,
				   &has_digest, &found, err) < 0)
		return -1;
	mirror->images[number].is_present = is_present && has_digest && digest_equal(&found, digest) &&
					    referrer_is_listed(mirror, worker, image, &repository);
	if (mirror->images[number].is_present)
		atomic_fetch_add(&mirror->counts.images_present, 1);
	return 0;
}

static void ask_for_item(size_t index, unsigned worker, void *context)
{
	struct mirror *mirror = context;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (mirror_is_stopped(mirror) || !plan_image_takes_part(mirror->plan->images[index]))
		return;
	if (ask_for_image(mirror, worker, (uint32_t)index, &err) < 0)
		mirror_fail_image(mirror, (uint32_t)index, &err);
	atomic_fetch_add(&mirror->options.progress->items_done, 1);
}

/* Present images count their bytes as present, so that a summary adds up. */
static void count_present_bytes(struct mirror *mirror)
{
	struct plan *plan = mirror->plan;

	for (size_t i = 0; i < plan->n_blobs; i++) {
		if (!plan->blobs[i].n_uses || mirror_is_needed(mirror, (uint32_t)i))
			continue;
		atomic_fetch_add(&mirror->counts.blobs_present, 1);
		atomic_fetch_add(&mirror->counts.bytes_present, plan->blobs[i].size);
	}
	size_t n_needed;
	uint64_t needed;
	mirror_count_needed(mirror, &n_needed, &needed);
	/* What is neither a blob that is there nor needed is a manifest that is there. */
	uint64_t counted = atomic_load(&mirror->counts.bytes_present) + needed;
	if (plan->total_bytes > counted)
		atomic_fetch_add(&mirror->counts.bytes_present, plan->total_bytes - counted);
}

/* The next image that takes part and goes to another repository than `other` (PLAN_NONE: to any). */
static uint32_t next_image(const struct mirror *mirror, uint32_t from, uint32_t other)
{
	const struct plan *plan = mirror->plan;

	for (uint32_t i = from; i < plan->n_images; i++)
		if (plan_image_takes_part(plan->images[i]) &&
		    (other == PLAN_NONE || mirror->images[i].repository != mirror->images[other].repository))
			return i;
	return PLAN_NONE;
}

/* One request alone tells whether the target can be used at all: 2,000 would say the same. But one
 * repository may be refused and the others not: then a second one has the last word. */
static int try_target(struct mirror *mirror, struct error *err)
{
	uint32_t first = next_image(mirror, 0, PLAN_NONE);
	CLEANUP(error_clear) struct error second_error = ERROR_INIT;

	if (first == PLAN_NONE)
		return 0;
	int result = ask_for_image(mirror, 0, first, err);
	uint32_t second = result < 0 ? next_image(mirror, first + 1, first) : PLAN_NONE;
	if (second != PLAN_NONE && ask_for_image(mirror, 0, second, &second_error) == 0) {
		error_clear(err);
		result = 0;
	}
	/* All are asked below, these too. */
	atomic_store(&mirror->counts.images_present, 0);
	return result;
}

int mirror_find_present(struct mirror *mirror, struct error *err)
{
	struct plan *plan = mirror->plan;

	progress_start(mirror->options.progress, "asking the target", plan->n_images, 0);
	if (try_target(mirror, err) < 0)
		return -1;
	parallel_for(plan->n_images, mirror->options.request_jobs, ask_for_item, mirror);
	if (mirror_end_phase(mirror, err) < 0)
		return -1;
	count_present_bytes(mirror);
	return 0;
}

static void ask_for_blob(size_t index, unsigned worker, void *context)
{
	struct mirror *mirror = context;
	struct plan *plan = mirror->plan;
	uint32_t number = mirror->order[index];
	struct descriptor descriptor = {.digest = plan->blob_digests.digests[number],
					.size = plan->blobs[number].size};
	struct repository repository = target_repository(mirror, plan->uses[plan->blobs[number].first_use]);
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	bool is_present = false;

	/* Only for the forecast: a registry that does not tell is taken to lack it. */
	if (registry_has_blob(mirror_target_session(mirror, worker), &repository, &descriptor, &is_present,
			      &err) < 0 ||
	    !is_present)
		return;
	atomic_fetch_add(&mirror->counts.blobs_present, 1);
	atomic_fetch_add(&mirror->counts.bytes_present, descriptor.size);
}

int mirror_find_present_blobs(struct mirror *mirror, struct error *err)
{
	mirror_order_blobs(mirror);
	parallel_for(mirror->n_order, mirror->options.request_jobs, ask_for_blob, mirror);
	return cancel_requested() ? cancel_error(err) : 0;
}
