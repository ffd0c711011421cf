/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "operation/oc_store.h"
#include "store/archive.h"

/* --- the request */

int push_request_parse(struct push_request *request, const char *archive, const char *target,
		       struct error *err)
{
	if (location_parse_archive(&request->archive, archive, err) < 0)
		return error_wrap(err, "archive");
	if (location_parse_target(&request->target, target, err) < 0)
		return error_wrap(err, "target");
	if (request->target.type != LOCATION_REGISTRY)
		return error_set(err, ERROR_USAGE, "%s: push goes to a registry", target);
	if (*request->target.reference.tag)
		return error_set(err, ERROR_USAGE,
				 "%s: the target of a push is a registry or a path in it, without a tag",
				 target);
	return naming_options_check(&request->naming, err);
}

void push_request_release(struct push_request *request)
{
	location_release(&request->archive);
	location_release(&request->target);
}

/* --- the archive's images at their targets */

struct push {
	struct run *run;
	const struct push_request *request;
	struct outcome *outcome;
	struct source *source;
	const struct archive_records *records; /* borrowed from the source's store */
	struct mapping *mappings;              /* one a root */
	struct strvec *unusable;               /* one a root: texts that are no references, as messages */
	struct plan *plan;
	struct map recorded; /* source -> struct archive_image */
	struct map missing;  /* source -> struct archive_missing */
	struct map planned;  /* source -> struct plan_image */
};

static void push_release(struct push *push)
{
	for (size_t i = 0; push->mappings && i < push->records->n_roots; i++) {
		mapping_release(&push->mappings[i]);
		strvec_release(&push->unusable[i]);
	}
	free(push->mappings);
	free(push->unusable);
	map_release(&push->recorded);
	map_release(&push->missing);
	map_release(&push->planned);
	plan_free(push->plan);
	source_free(push->source);
}

static bool is_catalog(const struct archive_root *root)
{
	return !strcmp(root->kind, "catalog");
}

/* The same names as `catalog mirror` straight to the target would give. */
static int map_root(struct push *push, size_t number, struct error *err)
{
	const struct archive_root *root = &push->records->roots[number];
	struct strvec *warnings = &push->unusable[number];
	struct reference index = REFERENCE_INIT;
	int result = 0;

	if (is_catalog(root))
		result = reference_parse_with_host(&index, root->source, err);
	if (result == 0)
		result = mapping_build(&push->mappings[number], &root->images,
				       is_catalog(root) ? &index : NULL, &push->request->target.reference,
				       push->request->naming.max_components, warnings, err);
	for (size_t i = 0; i < warnings->count; i++) {
		log_warning("%s", warnings->items[i]);
		strvec_push(&push->outcome->skipped, warnings->items[i]);
	}
	reference_release(&index);
	return result < 0 ? error_wrap(err, "%s", root->source) : 0;
}

static const char *entry_name(const struct archive_root *root, const struct mapping_entry *entry)
{
	return entry->is_index ? root->source : entry->text;
}

static void fail_absent(struct push *push, struct plan_image *image)
{
	const struct archive_missing *missing = map_get(&push->missing, image->name);
	/* An archive is read like anything from outside. */
	CLEANUP(free_string) char *reason = text_escaped(missing ? missing->reason : "");

	if (missing)
		error_set(&image->failure, ERROR_NOT_FOUND, "%s: is missing in the archive: %s", image->name,
			  reason);
	else
		error_set(&image->failure, ERROR_NOT_FOUND, "%s: is not in the archive", image->name);
}

static struct plan_image *plan_source(struct push *push, const char *name)
{
	const struct archive_image *recorded = map_get(&push->recorded, name);
	struct plan_image *image = map_get(&push->planned, name);
	struct source_image from = {0};

	if (image)
		return image;
	if (recorded) {
		struct descriptor top = {.digest = recorded->digest,
					 .size = recorded->size,
					 .media_type = (char *)manifest_type_name(recorded->type)};
		source_image_init_store(&from, &top);
	}
	image = plan_add_image(push->plan, name, &from);
	map_set(&push->planned, name, image);
	if (recorded) {
		image->is_pinned = true;
		image->digest = recorded->digest;
	} else {
		fail_absent(push, image);
	}
	return image;
}

static void plan_root(struct push *push, size_t number)
{
	const struct archive_root *root = &push->records->roots[number];
	struct mapping *mapping = &push->mappings[number];

	for (size_t i = 0; i < mapping->count; i++) {
		struct mapping_entry *entry = &mapping->entries[i];
		struct plan_image *image = plan_source(push, entry_name(root, entry));

		if (!image->target_repository) {
			image->target_repository = reference_repository_path(&entry->target);
			image->target_tag = xstrdup(entry->target.tag);
		}
		image->is_root |= entry->is_index;
		entry->digest_is_known = image->is_pinned;
		entry->digest = image->digest;
	}
}

/* Over all roots: two catalogs of one name from different registries would overwrite each other too. */
static int check_conflicts(const struct push *push, struct error *err)
{
	struct mapping all = MAPPING_INIT; /* its entries belong to the roots' mappings */
	struct map seen = MAP_INIT;

	for (size_t number = 0; number < push->records->n_roots; number++) {
		const struct mapping *mapping = &push->mappings[number];

		all.mirror = mapping->mirror;
		all.max_components = mapping->max_components;
		for (size_t i = 0; i < mapping->count; i++) {
			const char *name = entry_name(&push->records->roots[number], &mapping->entries[i]);
			if (map_contains(&seen, name))
				continue;
			map_set(&seen, name, NULL);
			array_grow(all.entries, all.count, all.allocated);
			all.entries[all.count++] = mapping->entries[i];
		}
	}
	int result = catalog_files_check_conflicts(&all, push->request->naming.manifests_only, err);
	free(all.entries);
	map_release(&seen);
	return result;
}

/* Signatures and referrers go to the repository of what they belong to. */
static void plan_attached_once(struct push *push)
{
	for (size_t i = 0; i < push->records->n_images; i++) {
		const struct archive_image *recorded = &push->records->images[i];
		const struct plan_image *subject =
			recorded->attached_to ? map_get(&push->planned, recorded->attached_to) : NULL;

		if (!subject || !subject->target_repository)
			continue;
		struct plan_image *image = plan_source(push, recorded->source);
		if (image->target_repository)
			continue;
		image->attached_to = subject->number;
		image->target_repository = xstrdup(subject->target_repository);
		image->target_tag = recorded->tag ? xstrdup(recorded->tag) : NULL;
	}
}

/* What is attached may have something attached itself. */
static void plan_attached(struct push *push)
{
	if (push->run->options->without_attached)
		return;
	for (unsigned depth = 0; depth < PLAN_MAX_ATTACHED_DEPTH; depth++) {
		size_t before = push->plan->n_images;

		plan_attached_once(push);
		if (push->plan->n_images == before)
			break;
	}
}

static int make_plan(struct push *push, struct error *err)
{
	push->plan = plan_new(push->source, push->run->cache);
	for (size_t i = 0; i < push->records->n_roots; i++)
		plan_root(push, i);
	if (check_conflicts(push, err) < 0)
		return -1;
	plan_attached(push);
	if (push->request->naming.manifests_only)
		return 0;
	struct plan_options options = {.workers = push->run->jobs, .progress = &push->run->progress};
	outcome_phase(push->outcome, "manifests");
	if (plan_resolve(push->plan, &options, err) < 0)
		return -1;
	plan_seal(push->plan);
	push->outcome->n_blobs = push->plan->n_blobs_used;
	push->outcome->planned_bytes = push->plan->total_bytes;
	return 0;
}

/* --- files */

static void list_missing(const struct push *push, size_t number, struct strvec *missing)
{
	const struct mapping *mapping = &push->mappings[number];

	for (size_t i = 0; i < mapping->count; i++) {
		const char *name = entry_name(&push->records->roots[number], &mapping->entries[i]);
		const struct plan_image *image = map_get(&push->planned, name);
		if (image && !plan_image_takes_part(image))
			strvec_push(missing, image->failure.message);
	}
	for (size_t i = 0; i < push->unusable[number].count; i++)
		strvec_push(missing, push->unusable[number].items[i]);
	strvec_sort_unique(missing);
}

/* Files for a catalog that is not there would lead a cluster to nothing. */
static bool wants_files(const struct push *push, const struct archive_root *root)
{
	const struct plan_image *index = map_get(&push->planned, root->source);

	return index && plan_image_takes_part(index);
}

static int write_files(struct push *push, struct error *err)
{
	size_t n_roots = push->records->n_roots, n_catalogs = 0;
	CLEANUP(free_memory) const struct reference **indexes = xcalloc(n_roots, sizeof(*indexes));

	if (push->run->options->is_dry_run && !push->request->naming.to_manifests)
		return 0;
	for (size_t i = 0; i < n_roots; i++)
		if (is_catalog(&push->records->roots[i]))
			indexes[n_catalogs++] = &mapping_index(&push->mappings[i])->source;
	for (size_t i = 0, catalog = 0; i < n_roots; i++) {
		CLEANUP(strvec_release) struct strvec missing = STRVEC_INIT;

		if (!is_catalog(&push->records->roots[i]))
			continue;
		CLEANUP(free_string) char *name = catalog_files_name(indexes, n_catalogs, catalog++);
		if (!wants_files(push, &push->records->roots[i]))
			continue;
		list_missing(push, i, &missing);
		if (catalog_files_write(&push->request->naming, &push->mappings[i], &missing,
					n_catalogs > 1 ? name : NULL, push->outcome, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the command */

static int open_archive(struct push *push, struct error *err)
{
	if (oc_store_refuse(&push->request->archive, err) < 0 ||
	    run_open_source(push->run, &push->request->archive, &push->source, err) < 0)
		return -1;
	push->records = archive_store_records(source_store(push->source));
	push->mappings = xcalloc(push->records->n_roots, sizeof(*push->mappings));
	push->unusable = xcalloc(push->records->n_roots, sizeof(*push->unusable));
	for (size_t i = 0; i < push->records->n_images; i++)
		map_set(&push->recorded, push->records->images[i].source, &push->records->images[i]);
	for (size_t i = 0; i < push->records->n_missing; i++)
		map_set(&push->missing, push->records->missing[i].source, &push->records->missing[i]);
	for (size_t i = 0; i < push->records->n_roots; i++)
		if (map_root(push, i, err) < 0)
			return -1;
	return 0;
}

/* Before anything is moved. */
static int check_files(const struct push *push, struct error *err)
{
	if (push->run->options->is_dry_run && !push->request->naming.to_manifests)
		return 0;
	for (size_t i = 0; i < push->records->n_roots; i++)
		if (is_catalog(&push->records->roots[i]) &&
		    catalog_files_check(&push->request->naming, &push->mappings[i], err) < 0)
			return -1;
	return 0;
}

static int push_archive(struct push *push, struct error *err)
{
	if (open_archive(push, err) < 0 || make_plan(push, err) < 0)
		return -1;
	if (push->request->naming.manifests_only) {
		plan_count_images(push->plan, &push->outcome->n_asked, &push->outcome->n_missing);
	} else if (check_files(push, err) < 0 ||
		   run_move_to_registry(push->run, push->plan, push->request->target.reference.registry,
					push->outcome, err) < 0) {
		return -1;
	}
	if (write_files(push, err) < 0)
		return -1;
	push->run->is_done = outcome_exit_status(push->outcome) == 0;
	outcome_phase(push->outcome, NULL);
	return 0;
}

int push(struct run *run, const struct push_request *request, struct outcome *outcome, struct error *err)
{
	CLEANUP(push_release) struct push state = {.run = run, .request = request, .outcome = outcome};

	outcome->is_dry_run = run->options->is_dry_run;
	return push_archive(&state, err);
}
