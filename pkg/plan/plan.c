/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

struct plan *plan_new(struct source *source, struct manifest_cache *cache)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));

	plan->source = source;
	plan->cache = cache;
	pthread_mutex_init(&plan->mutex, NULL);
	return plan;
}

static void image_free(struct plan_image *image)
{
	free(image->name);
	source_image_release(&image->from);
	free(image->target_repository);
	free(image->target_tag);
	error_clear(&image->failure);
	free(image);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n_images; i++)
		image_free(plan->images[i]);
	free(plan->images);
	digest_map_release(&plan->manifest_digests);
	digest_map_release(&plan->blob_digests);
	free(plan->manifests);
	free(plan->children);
	free(plan->blobs);
	free(plan->manifest_blobs);
	free(plan->uses);
	free(plan->is_manifest_used);
	pthread_mutex_destroy(&plan->mutex);
	free(plan);
}

void plan_freep(struct plan **plan)
{
	plan_free(*plan);
}

struct plan_image *plan_add_image(struct plan *plan, const char *name, struct source_image *from)
{
	struct plan_image *image = xcalloc(1, sizeof(*image));

	image->name = xstrdup(name);
	image->from = *from;
	*from = (struct source_image){0};
	image->number = (uint32_t)plan->n_images;
	image->top = PLAN_NONE;
	image->attached_to = PLAN_NONE;
	array_grow(plan->images, plan->n_images, plan->allocated_images);
	plan->images[plan->n_images++] = image;
	return image;
}

int plan_read_manifest(struct plan *plan, struct source_session *session, uint32_t manifest,
		       struct strbuf *bytes, struct error *err)
{
	const struct digest *digest = &plan->manifest_digests.digests[manifest];
	struct descriptor descriptor = {.digest = *digest, .size = plan->manifests[manifest].size};

	if (!source_store(plan->source) && manifest_cache_read(plan->cache, digest, bytes))
		return 0;
	return source_read_manifest(session, &plan->images[plan->manifests[manifest].image]->from,
				    &descriptor, bytes, err);
}

/* --- walking */

struct walk {
	const struct plan *plan;
	plan_visit_manifest *visit;
	void *context;
	struct digest_map seen; /* only for images with an index: the same child may stand there twice */
};

static int walk_manifest(struct walk *walk, uint32_t position)
{
	const struct plan_manifest *manifest = &walk->plan->manifests[position];
	bool is_new;

	digest_map_add(&walk->seen, &walk->plan->manifest_digests.digests[position], &is_new);
	if (!is_new)
		return 0;
	for (uint32_t i = 0; i < manifest->n_children; i++) {
		int result = walk_manifest(walk, walk->plan->children[manifest->first_child + i]);
		if (result)
			return result;
	}
	return walk->visit(position, walk->context);
}

int plan_walk(const struct plan *plan, const struct plan_image *image, plan_visit_manifest *visit,
	      void *context)
{
	struct walk walk = {.plan = plan, .visit = visit, .context = context};

	if (!plan->manifests[image->top].n_children)
		return visit(image->top, context);
	int result = walk_manifest(&walk, image->top);
	digest_map_release(&walk.seen);
	return result;
}

/* --- sealing */

struct use_count {
	struct plan *plan;
	uint32_t image;
	uint32_t *last_image; /* per blob: the image that was counted last, to count each once */
	bool is_filling;      /* first the numbers, then the positions */
};

static int count_manifest(uint32_t position, void *context)
{
	struct use_count *count = context;
	struct plan *plan = count->plan;
	const struct plan_manifest *manifest = &plan->manifests[position];

	if (!count->is_filling && !plan->is_manifest_used[position]) {
		plan->is_manifest_used[position] = true;
		plan->total_bytes += manifest->size;
	}
	for (uint32_t i = 0; i < manifest->n_blobs; i++) {
		uint32_t number = plan->manifest_blobs[manifest->first_blob + i];
		struct plan_blob *blob = &plan->blobs[number];

		if (count->last_image[number] == count->image)
			continue;
		count->last_image[number] = count->image;
		if (count->is_filling)
			plan->uses[blob->first_use + blob->n_uses] = count->image;
		blob->n_uses++;
	}
	return 0;
}

static void count_uses(struct plan *plan, bool is_filling)
{
	struct use_count count = {.plan = plan, .is_filling = is_filling};

	count.last_image = xreallocarray(NULL, plan->n_blobs, sizeof(*count.last_image));
	memset(count.last_image, 0xFF, plan->n_blobs * sizeof(*count.last_image));
	for (size_t i = 0; i < plan->n_images; i++) {
		if (!plan_image_takes_part(plan->images[i]))
			continue;
		count.image = (uint32_t)i;
		plan_walk(plan, plan->images[i], count_manifest, &count);
	}
	free(count.last_image);
}

void plan_seal(struct plan *plan)
{
	uint32_t n_uses = 0;

	plan->total_bytes = 0;
	plan->n_blobs_used = 0;
	free(plan->uses);
	free(plan->is_manifest_used);
	plan->is_manifest_used = xcalloc(plan->n_manifests, sizeof(*plan->is_manifest_used));
	for (size_t i = 0; i < plan->n_blobs; i++)
		plan->blobs[i].n_uses = 0;
	count_uses(plan, false);
	for (size_t i = 0; i < plan->n_blobs; i++) {
		plan->blobs[i].first_use = n_uses;
		n_uses += plan->blobs[i].n_uses;
		if (plan->blobs[i].n_uses) {
			plan->total_bytes += plan->blobs[i].size;
			plan->n_blobs_used++;
		}
		plan->blobs[i].n_uses = 0;
	}
	plan->uses = xcalloc(n_uses, sizeof(*plan->uses));
	count_uses(plan, true);
}

void plan_count_images(const struct plan *plan, size_t *n_images, size_t *n_failed)
{
	*n_images = *n_failed = 0;
	for (size_t i = 0; i < plan->n_images; i++) {
		if (plan->images[i]->attached_to != PLAN_NONE)
			continue;
		*n_images += 1;
		*n_failed += !plan_image_takes_part(plan->images[i]);
	}
}
