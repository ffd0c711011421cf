/* SPDX-License-Identifier: Apache-2.0 */
/* Adding what manifests say to the plan. The plan's mutex is held. */
#include <inttypes.h>

#include "plan/private.h"

/* An index of indexes may name 4096 * 4096 manifests: that is no image but an attack. */
#define MAX_MANIFESTS_PER_IMAGE 10000

static uint32_t add_blob(struct plan *plan, const struct descriptor *descriptor, bool is_config)
{
	bool is_new;
	uint32_t position = digest_map_add(&plan->blob_digests, &descriptor->digest, &is_new);

	if (is_new) {
		array_grow(plan->blobs, plan->n_blobs, plan->allocated_blobs);
		plan->blobs[plan->n_blobs++] =
			(struct plan_blob){.size = descriptor->size, .is_config = is_config};
	}
	return position;
}

static void add_manifest_blob(struct plan *plan, const struct descriptor *descriptor, bool is_config)
{
	uint32_t position = add_blob(plan, descriptor, is_config);

	array_grow(plan->manifest_blobs, plan->n_manifest_blobs, plan->allocated_manifest_blobs);
	plan->manifest_blobs[plan->n_manifest_blobs++] = position;
}

static int contradiction(const char *what, const struct digest *digest, uint64_t here, uint64_t elsewhere,
			 struct error *err)
{
	char text[DIGEST_TEXT_SIZE];

	return error_set(err, ERROR_DIGEST,
			 "%s %s: has %" PRIu64 " bytes here and %" PRIu64 " elsewhere: one of them is wrong",
			 what, digest_format(digest, text), here, elsewhere);
}

int plan_add_manifest(struct plan *plan, const struct digest *digest, uint64_t size, enum manifest_type type,
		      uint32_t image, uint32_t *position, struct error *err)
{
	bool is_new;

	*position = digest_map_add(&plan->manifest_digests, digest, &is_new);
	if (!is_new) {
		uint64_t known = plan->manifests[*position].size;
		return known == size ? 0 : contradiction("manifest", digest, size, known, err);
	}
	array_grow(plan->manifests, plan->n_manifests, plan->allocated_manifests);
	plan->manifests[plan->n_manifests++] =
		(struct plan_manifest){.size = (uint32_t)size, .type = (uint8_t)type, .image = image};
	if (size > OCI_MAX_MANIFEST_SIZE)
		return error_set(err, ERROR_INVALID, "has a manifest of %" PRIu64 " bytes; the limit is %u",
				 size, OCI_MAX_MANIFEST_SIZE);
	if (++plan->images[image]->n_manifests > MAX_MANIFESTS_PER_IMAGE)
		return error_set(err, ERROR_INVALID, "has more than %d manifests", MAX_MANIFESTS_PER_IMAGE);
	return 0;
}

static int add_children(struct plan *plan, uint32_t position, const struct manifest *parsed, uint32_t image,
			struct error *err)
{
	uint32_t first = (uint32_t)plan->n_children;

	for (size_t i = 0; i < parsed->n_children; i++) {
		const struct descriptor *child = &parsed->children[i];
		uint32_t added;

		if (plan_add_manifest(plan, &child->digest, child->size,
				      manifest_type_parse(child->media_type), image, &added, err) < 0)
			return -1;
		array_grow(plan->children, plan->n_children, plan->allocated_children);
		plan->children[plan->n_children++] = added;
	}
	plan->manifests[position].first_child = first;
	plan->manifests[position].n_children = (uint32_t)parsed->n_children;
	return 0;
}

/* Two manifests may claim different sizes for one blob: one of them lies, and neither can be believed. */
static int check_sizes(const struct plan *plan, const struct manifest *manifest, struct error *err)
{
	for (size_t i = 0; i <= manifest->n_layers; i++) {
		const struct descriptor *blob =
			i < manifest->n_layers ? &manifest->layers[i] : &manifest->config;
		uint32_t known = digest_map_find(&plan->blob_digests, &blob->digest);

		if (known != DIGEST_MAP_NONE && plan->blobs[known].size != blob->size)
			return contradiction("blob", &blob->digest, blob->size, plan->blobs[known].size, err);
	}
	return 0;
}

static int add_blobs(struct plan *plan, uint32_t position, const struct manifest *parsed, struct error *err)
{
	uint32_t first = (uint32_t)plan->n_manifest_blobs;

	if (check_sizes(plan, parsed, err) < 0)
		return -1;
	add_manifest_blob(plan, &parsed->config, true);
	/* Layers that may not be distributed stay where they are: clients fetch them from their own URLs. */
	for (size_t i = 0; i < parsed->n_layers; i++)
		if (!descriptor_is_foreign(&parsed->layers[i]))
			add_manifest_blob(plan, &parsed->layers[i], false);
	plan->manifests[position].first_blob = first;
	plan->manifests[position].n_blobs = (uint32_t)plan->n_manifest_blobs - first;
	return 0;
}

int plan_add_contents(struct plan *plan, uint32_t position, const struct manifest *parsed, uint32_t image,
		      struct error *err)
{
	bool is_index = manifest_type_is_index(parsed->type);

	if (plan->manifests[position].is_resolved)
		return 0;
	if (is_index ? add_children(plan, position, parsed, image, err) < 0
		     : add_blobs(plan, position, parsed, err) < 0)
		return -1;
	plan->manifests[position].type = (uint8_t)parsed->type;
	plan->manifests[position].is_resolved = true;
	return 0;
}
