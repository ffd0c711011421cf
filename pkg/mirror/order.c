/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blob goes first. From an archive in its order, so that a disk reads straight on. Into a store the
 * largest first, so that none of them is left over at the end with one connection. From registry to
 * registry image after image, the largest first, and within an image likewise: an image is complete, and
 * its manifest pushed, soon after its first blob (registries throw away blobs that nothing refers to).
 */
#include <stdlib.h>

#include "mirror/private.h"
#include "store/archive.h"

static int compare_blob_sizes(const void *a, const void *b, void *context)
{
	const struct plan *plan = context;
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	if (plan->blobs[first].size != plan->blobs[second].size)
		return plan->blobs[first].size < plan->blobs[second].size ? 1 : -1;
	return digest_compare(&plan->blob_digests.digests[first], &plan->blob_digests.digests[second]);
}

static int compare_offsets(const void *a, const void *b, void *context)
{
	const struct plan *plan = context;
	const struct blob_store *store = source_store(plan->source);
	uint64_t first = archive_store_offset(store, &plan->blob_digests.digests[*(const uint32_t *)a]);
	uint64_t second = archive_store_offset(store, &plan->blob_digests.digests[*(const uint32_t *)b]);

	return first < second ? -1 : first > second;
}

/* --- by image */

struct image_size {
	uint32_t image; /* what is attached to an image counts and stands with it */
	uint64_t bytes;
	uint32_t group;
};

struct by_image {
	struct mirror *mirror;
	bool *is_listed; /* blobs that are in the order already */
	uint64_t bytes;  /* of the image that is looked at */
};

static int add_size(uint32_t manifest, void *context)
{
	struct by_image *order = context;
	const struct plan *plan = order->mirror->plan;

	for (uint32_t i = 0; i < plan->manifests[manifest].n_blobs; i++)
		order->bytes +=
			plan->blobs[plan->manifest_blobs[plan->manifests[manifest].first_blob + i]].size;
	return 0;
}

static int list_blobs(uint32_t manifest, void *context)
{
	struct by_image *order = context;
	struct mirror *mirror = order->mirror;
	const struct plan *plan = mirror->plan;

	for (uint32_t i = 0; i < plan->manifests[manifest].n_blobs; i++) {
		uint32_t blob = plan->manifest_blobs[plan->manifests[manifest].first_blob + i];

		if (order->is_listed[blob] || !mirror_is_needed(mirror, blob))
			continue;
		order->is_listed[blob] = true;
		mirror->order[mirror->n_order++] = blob;
	}
	return 0;
}

static int compare_images(const void *a, const void *b)
{
	const struct image_size *first = a, *second = b;

	if (first->bytes != second->bytes)
		return first->bytes < second->bytes ? 1 : -1;
	if (first->group != second->group)
		return first->group < second->group ? -1 : 1;
	return first->image < second->image ? -1 : first->image > second->image;
}

/* Images without failure, each with the size of the image that it belongs to. */
static size_t measure_images(struct by_image *order, struct image_size *images)
{
	const struct plan *plan = order->mirror->plan;
	CLEANUP(free_memory) uint64_t *sizes = xcalloc(plan->n_images, sizeof(*sizes));
	size_t count = 0;

	for (uint32_t i = 0; i < plan->n_images; i++) {
		uint32_t subject = plan->images[i]->attached_to;

		if (atomic_load(&order->mirror->images[i].has_failed) || order->mirror->images[i].is_present)
			continue;
		order->bytes = 0;
		plan_walk(plan, plan->images[i], add_size, order);
		sizes[i] = order->bytes;
		images[count++] = (struct image_size){
			.image = i,
			.bytes = subject == PLAN_NONE ? sizes[i] : sizes[subject],
			.group = subject == PLAN_NONE ? i : subject,
		};
	}
	return count;
}

static void order_by_image(struct mirror *mirror)
{
	struct plan *plan = mirror->plan;
	CLEANUP(free_memory) struct image_size *images = xcalloc(plan->n_images, sizeof(*images));
	struct by_image order = {.mirror = mirror};
	size_t count = measure_images(&order, images);

	order.is_listed = xcalloc(plan->n_blobs, sizeof(*order.is_listed));
	qsort(images, count, sizeof(*images), compare_images);
	for (size_t i = 0; i < count; i++) {
		size_t first = mirror->n_order;

		plan_walk(plan, plan->images[images[i].image], list_blobs, &order);
		qsort_r(mirror->order + first, mirror->n_order - first, sizeof(*mirror->order),
			compare_blob_sizes, plan);
	}
	free(order.is_listed);
}

void mirror_order_blobs(struct mirror *mirror)
{
	struct plan *plan = mirror->plan;
	bool is_stored = source_store(plan->source) != NULL;

	mirror->n_order = 0;
	if (!is_stored && !mirror->store) {
		order_by_image(mirror);
		return;
	}
	for (size_t i = 0; i < plan->n_blobs; i++)
		if (plan->blobs[i].n_uses && mirror_is_needed(mirror, (uint32_t)i))
			mirror->order[mirror->n_order++] = (uint32_t)i;
	qsort_r(mirror->order, mirror->n_order, sizeof(*mirror->order),
		is_stored ? compare_offsets : compare_blob_sizes, plan);
}
