/* SPDX-License-Identifier: Apache-2.0 */
/* What a new archive says about itself. */
#include <stdlib.h>
#include <string.h>

#include "operation/archive_assembly.h"

/* The lists while they grow. */
struct recording {
	struct archive_assembly *assembly;
	struct map recorded; /* sources that are in one of the lists */
	struct map kept;     /* names in roots that stay */
	size_t allocated_images, allocated_missing;
};

static void record_image(struct recording *recording, const struct plan *plan, const struct plan_image *image)
{
	struct archive_records *records = &recording->assembly->records;
	const struct plan_manifest *top = &plan->manifests[image->top];
	bool is_attached = image->attached_to != PLAN_NONE;

	array_grow(records->images, records->n_images, recording->allocated_images);
	records->images[records->n_images++] = (struct archive_image){
		.source = xstrdup(image->name),
		.digest = plan->manifest_digests.digests[image->top],
		.size = top->size,
		.type = (enum manifest_type)top->type,
		.attached_to = is_attached ? xstrdup(plan->images[image->attached_to]->name) : NULL,
		.tag = is_attached && image->target_tag ? xstrdup(image->target_tag) : NULL,
	};
	map_set(&recording->recorded, image->name, NULL);
}

static void record_missing(struct recording *recording, const char *source, const char *reason)
{
	struct archive_records *records = &recording->assembly->records;

	array_grow(records->missing, records->n_missing, recording->allocated_missing);
	records->missing[records->n_missing++] =
		(struct archive_missing){.source = xstrdup(source), .reason = xstrdup(reason)};
	map_set(&recording->recorded, source, NULL);
}

/* Images that are there, first: of one that is in both plans, ours is the newer. */
static void record_present(struct recording *recording)
{
	for (size_t number = 0; number < recording->assembly->n_plans; number++) {
		const struct plan *plan = recording->assembly->plans[number];

		for (size_t i = 0; i < plan->n_images; i++)
			if (plan_image_takes_part(plan->images[i]) &&
			    !map_contains(&recording->recorded, plan->images[i]->name))
				record_image(recording, plan, plan->images[i]);
	}
}

/* Then those that are not: of this run, and of roots that stay. */
static void record_absent(struct recording *recording)
{
	const struct archive_assembly *assembly = recording->assembly;
	const struct archive_records *earlier = archive_assembly_earlier_records(assembly);

	for (size_t number = 0; number < assembly->n_plans; number++) {
		const struct plan *plan = assembly->plans[number];

		for (size_t i = 0; i < plan->n_images; i++) {
			const struct plan_image *image = plan->images[i];
			if (!plan_image_takes_part(image) && image->attached_to == PLAN_NONE &&
			    !map_contains(&recording->recorded, image->name))
				record_missing(recording, image->name, image->failure.message);
		}
	}
	for (size_t i = 0; i < assembly->target->n_unusable; i++) {
		const struct archive_missing *unusable = &assembly->target->unusable[i];
		if (!map_contains(&recording->recorded, unusable->source))
			record_missing(recording, unusable->source, unusable->reason);
	}
	for (size_t i = 0; earlier && i < earlier->n_roots; i++) {
		if (archive_assembly_is_replaced(assembly, &earlier->roots[i]))
			continue;
		for (size_t image = 0; image < earlier->roots[i].images.count; image++)
			map_set(&recording->kept, earlier->roots[i].images.items[image], NULL);
		map_set(&recording->kept, earlier->roots[i].source, NULL);
	}
	for (size_t i = 0; earlier && i < earlier->n_missing; i++)
		if (map_contains(&recording->kept, earlier->missing[i].source) &&
		    !map_contains(&recording->recorded, earlier->missing[i].source))
			record_missing(recording, earlier->missing[i].source, earlier->missing[i].reason);
}

static void record_attachment(const struct archive_assembly *assembly, struct archive_records *records)
{
	for (size_t i = 0; i < records->n_images; i++) {
		const struct archive_image *known =
			archive_assembly_find_earlier(assembly, records->images[i].source);

		if (!known || records->images[i].attached_to || !known->attached_to)
			continue;
		records->images[i].attached_to = xstrdup(known->attached_to);
		records->images[i].tag = known->tag ? xstrdup(known->tag) : NULL;
	}
}

static int compare_image_sources(const void *a, const void *b)
{
	return strcmp(((const struct archive_image *)a)->source, ((const struct archive_image *)b)->source);
}

static int compare_missing_sources(const void *a, const void *b)
{
	return strcmp(((const struct archive_missing *)a)->source,
		      ((const struct archive_missing *)b)->source);
}

static int compare_roots(const void *a, const void *b)
{
	const struct archive_root *first = a, *second = b;
	int order = strcmp(first->kind, second->kind);

	return order ? order : strcmp(first->source, second->source);
}

static void record_roots(struct archive_assembly *assembly)
{
	struct archive_records *records = &assembly->records;
	const struct archive_records *earlier = archive_assembly_earlier_records(assembly);

	records->roots = xcalloc(assembly->target->n_roots + (earlier ? earlier->n_roots : 0),
				 sizeof(*records->roots));
	for (size_t i = 0; i < assembly->target->n_roots; i++)
		archive_root_copy(&records->roots[records->n_roots++], &assembly->target->roots[i]);
	for (size_t i = 0; earlier && i < earlier->n_roots; i++)
		if (!archive_assembly_is_replaced(assembly, &earlier->roots[i]))
			archive_root_copy(&records->roots[records->n_roots++], &earlier->roots[i]);
	qsort(records->roots, records->n_roots, sizeof(*records->roots), compare_roots);
}

void archive_assembly_make_records(struct archive_assembly *assembly)
{
	struct archive_records *records = &assembly->records;
	struct recording recording = {.assembly = assembly};

	record_roots(assembly);
	record_present(&recording);
	record_absent(&recording);
	map_release(&recording.recorded);
	map_release(&recording.kept);
	if (assembly->n_plans > 1)
		record_attachment(assembly, records);
	if (records->n_images)
		qsort(records->images, records->n_images, sizeof(*records->images), compare_image_sources);
	if (records->n_missing)
		qsort(records->missing, records->n_missing, sizeof(*records->missing),
		      compare_missing_sources);
}
