/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "operation/oc_store.h"
#include "operation/pushed_release.h"
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

struct pushed_root {
	struct mapping mapping;
	struct plan_image **images;    /* of the mapping's entries */
	struct strvec unusable;        /* texts that are no references, as messages */
	struct pushed_release release; /* of a release */
};

struct push {
	struct run *run;
	const struct push_request *request;
	struct outcome *outcome;
	struct source *source;
	const struct archive_records *records; /* borrowed from the source's store */
	struct pushed_root *roots;             /* one a root of the records */
	struct plan *plan;
	struct map recorded; /* source -> struct archive_image */
	struct map missing;  /* source -> struct archive_missing */
	struct map planned;  /* source -> struct plan_image: the first of this name */
};

static void push_release(struct push *push)
{
	for (size_t i = 0; push->roots && i < push->records->n_roots; i++) {
		mapping_release(&push->roots[i].mapping);
		free(push->roots[i].images);
		strvec_release(&push->roots[i].unusable);
		pushed_release_release(&push->roots[i].release);
	}
	free(push->roots);
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
static int map_catalog(struct push *push, size_t number, struct error *err)
{
	const struct archive_root *root = &push->records->roots[number];
	struct strvec *warnings = &push->roots[number].unusable;
	struct reference index = REFERENCE_INIT;
	int result = 0;

	if (is_catalog(root))
		result = reference_parse_with_host(&index, root->source, err);
	if (result == 0)
		result = mapping_build(&push->roots[number].mapping, &root->images,
				       is_catalog(root) ? &index : NULL, &push->request->target.reference,
				       push->request->naming.max_components, warnings, err);
	for (size_t i = 0; i < warnings->count; i++) {
		log_warning("%s", warnings->items[i]);
		strvec_push(&push->outcome->skipped, warnings->items[i]);
	}
	reference_release(&index);
	return result;
}

static int map_root(struct push *push, size_t number, struct error *err)
{
	const struct archive_root *root = &push->records->roots[number];
	struct pushed_root *pushed = &push->roots[number];
	int result = root->release ? pushed_release_map(&pushed->release, push->records, root,
							&push->request->target, &pushed->mapping, err)
				   : map_catalog(push, number, err);

	return result < 0 ? error_wrap(err, "%s", root->source) : 0;
}

/* In the records what was asked for has the name that it was asked for by. */
static const char *entry_name(const struct push *push, size_t number, const struct mapping_entry *entry)
{
	const struct archive_root *root = &push->records->roots[number];
	bool is_release_image = root->release && pushed_release_is_image(&push->roots[number].release, entry);

	return entry->is_index || is_release_image ? root->source : entry->text;
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

static struct plan_image *add_source(struct push *push, const char *name)
{
	const struct archive_image *recorded = map_get(&push->recorded, name);
	struct source_image from = {0};

	if (recorded) {
		struct descriptor top = {.digest = recorded->digest,
					 .size = recorded->size,
					 .media_type = (char *)manifest_type_name(recorded->type)};
		source_image_init_store(&from, &top);
	}
	struct plan_image *image = plan_add_image(push->plan, name, &from);
	if (!recorded) {
		fail_absent(push, image);
		return image;
	}
	image->is_pinned = true;
	image->digest = recorded->digest;
	return image;
}

static struct plan_image *plan_source(struct push *push, const char *name)
{
	struct plan_image *image = map_get(&push->planned, name);

	if (!image) {
		image = add_source(push, name);
		map_set(&push->planned, name, image);
	}
	return image;
}

/* In catalogs a name has one place. A component of several releases, or under several names in one, has
 * more. */
static struct plan_image *plan_entry(struct push *push, const char *name, const struct mapping_entry *entry)
{
	CLEANUP(free_string) char *repository = reference_repository_path(&entry->target);
	struct plan_image *image = plan_source(push, name);

	if (image->target_repository && (strcmp(image->target_repository, repository) != 0 ||
					 strcmp(image->target_tag, entry->target.tag) != 0))
		image = add_source(push, name);
	if (!image->target_repository) {
		image->target_repository = steal(&repository);
		image->target_tag = xstrdup(entry->target.tag);
	}
	return image;
}

static void plan_root(struct push *push, size_t number)
{
	const struct archive_root *root = &push->records->roots[number];
	struct pushed_root *pushed = &push->roots[number];
	struct mapping *mapping = &pushed->mapping;

	pushed->images = xcalloc(mapping->count, sizeof(struct plan_image *));
	for (size_t i = 0; i < mapping->count; i++) {
		struct mapping_entry *entry = &mapping->entries[i];
		const char *name = entry_name(push, number, entry);
		struct plan_image *image = plan_entry(push, name, entry);

		pushed->images[i] = image;
		if (pushed->release.damage.code != ERROR_NONE && plan_image_takes_part(image))
			error_set(&image->failure, pushed->release.damage.code, "%s: is not pushed: %s", name,
				  pushed->release.damage.message);
		image->is_root |= !strcmp(name, root->source);
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
		const struct mapping *mapping = &push->roots[number].mapping;

		/* What to do about it is a matter of catalogs: the tags of releases have their versions. */
		if (!all.max_components || !mapping->is_release) {
			all.mirror = mapping->mirror;
			all.max_components = mapping->max_components;
		}
		for (size_t i = 0; i < mapping->count; i++) {
			const char *name = entry_name(push, number, &mapping->entries[i]);
			if (!mapping->is_release && map_contains(&seen, name))
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

static size_t list_missing(const struct pushed_root *root, struct strvec *missing)
{
	size_t n_missing = 0;

	for (size_t i = 0; i < root->mapping.count; i++) {
		if (plan_image_takes_part(root->images[i]))
			continue;
		n_missing++;
		strvec_push(missing, root->images[i]->failure.message);
	}
	for (size_t i = 0; i < root->unusable.count; i++)
		strvec_push(missing, root->unusable.items[i]);
	strvec_sort_unique(missing);
	return n_missing;
}

/* Files for a catalog that is not there would lead a cluster to nothing. */
static bool wants_files(const struct push *push, const struct archive_root *root)
{
	const struct plan_image *index = map_get(&push->planned, root->source);

	return index && plan_image_takes_part(index);
}

static int write_catalog_files(struct push *push, size_t number, const char *subdirectory, struct error *err)
{
	CLEANUP(strvec_release) struct strvec missing = STRVEC_INIT;

	(void)list_missing(&push->roots[number], &missing);
	return catalog_files_write(&push->request->naming, &push->roots[number].mapping, &missing,
				   subdirectory, push->outcome, err);
}

/* The same release under another name: its files are those of the first. */
static bool is_repeated(const struct push *push, size_t number)
{
	const struct archive_root *root = &push->records->roots[number];

	for (size_t i = 0; i < number; i++)
		if (push->records->roots[i].release &&
		    pushed_release_is_same(&push->roots[i].release, &push->records->roots[i],
					   &push->roots[number].release, root))
			return true;
	return false;
}

static int write_release_files(struct push *push, size_t number, bool is_one_of_several, struct error *err)
{
	const struct archive_root *root = &push->records->roots[number];
	struct pushed_root *pushed = &push->roots[number];
	CLEANUP(strvec_release) struct strvec missing = STRVEC_INIT;
	size_t n_missing = list_missing(pushed, &missing);

	return pushed_release_write_files(&pushed->release, root, &push->request->naming, &pushed->mapping,
					  &missing, n_missing, is_one_of_several, push->outcome, err);
}

static int write_files(struct push *push, struct error *err)
{
	size_t n_roots = push->records->n_roots, n_catalogs = 0, n_releases = 0;
	CLEANUP(free_memory) const struct reference **indexes = xcalloc(n_roots, sizeof(*indexes));

	if (push->run->options->is_dry_run && !push->request->naming.to_manifests)
		return 0;
	for (size_t i = 0; i < n_roots; i++) {
		n_releases += push->records->roots[i].release && !is_repeated(push, i);
		if (is_catalog(&push->records->roots[i]))
			indexes[n_catalogs++] = &mapping_index(&push->roots[i].mapping)->source;
	}
	bool are_several = n_catalogs + n_releases > 1;
	for (size_t i = 0, catalog = 0; i < n_roots; i++) {
		const struct archive_root *root = &push->records->roots[i];
		CLEANUP(free_string) char *name =
			is_catalog(root) ? catalog_files_name(indexes, n_catalogs, catalog++) : NULL;
		int result = 0;

		if (is_catalog(root) && wants_files(push, root))
			result = write_catalog_files(push, i, are_several ? name : NULL, err);
		else if (root->release && !is_repeated(push, i) &&
			 (root->release->without_image || wants_files(push, root)))
			result = write_release_files(push, i, are_several, err);
		if (result < 0)
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
	push->roots = xcalloc(push->records->n_roots, sizeof(*push->roots));
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
	for (size_t i = 0; i < push->records->n_roots; i++) {
		const struct archive_root *root = &push->records->roots[i];
		struct pushed_root *pushed = &push->roots[i];

		if (is_catalog(root) &&
		    catalog_files_check(&push->request->naming, &pushed->mapping, err) < 0)
			return -1;
		if (root->release &&
		    pushed_release_check_files(&pushed->release, root, &push->request->naming,
					       &pushed->mapping, err) < 0)
			return -1;
	}
	return 0;
}

/* Before anything is moved, as on the connected side. */
static int verify_releases(struct push *push, struct error *err)
{
	for (size_t i = 0; i < push->records->n_roots; i++)
		if (push->records->roots[i].release &&
		    pushed_release_verify(&push->roots[i].release, push->run, &push->request->trust,
					  push->source, push->records, &push->records->roots[i], err) < 0)
			return -1;
	return 0;
}

static int push_archive(struct push *push, struct error *err)
{
	if (open_archive(push, err) < 0 || verify_releases(push, err) < 0 || make_plan(push, err) < 0)
		return -1;
	if (push->request->naming.manifests_only) {
		outcome_add_plan(push->outcome, push->plan, NULL, push->request->target.reference.registry);
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
