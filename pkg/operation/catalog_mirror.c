/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/catalog_mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "operation/archive_target.h"
#include "operation/finished.h"
#include "operation/index_image.h"

/* --- the request */

int catalog_request_parse(struct catalog_request *request, const char *const *sources, size_t n_sources,
			  const char *target, struct error *err)
{
	request->sources = xcalloc(n_sources, sizeof(*request->sources));
	for (; request->n_sources < n_sources; request->n_sources++)
		if (location_parse(&request->sources[request->n_sources], sources[request->n_sources], err) <
		    0)
			return error_wrap(err, "source");
	if (location_parse_target(&request->target, target, err) < 0)
		return error_wrap(err, "target");
	if (request->target.type != LOCATION_REGISTRY && request->target.type != LOCATION_ARCHIVE)
		return error_set(err, ERROR_USAGE, "%s: a catalog goes to a registry or to archive:PATH",
				 target);
	if (request->target.type == LOCATION_REGISTRY && *request->target.reference.tag)
		return error_set(err, ERROR_USAGE,
				 "%s: the target of a mirror is a registry or a path in it, without a tag",
				 target);
	if (request->require_complete && request->target.type == LOCATION_REGISTRY)
		return error_set(err, ERROR_USAGE,
				 "--require-complete: is about archives; for a registry use "
				 "--continue-on-error=false");
	if (request->naming.manifests_only && request->target.type == LOCATION_ARCHIVE &&
	    !request->naming.to_manifests)
		return error_set(err, ERROR_USAGE,
				 "--manifests-only: for an archive it needs --to-manifests DIR; the "
				 "cluster's files are written by push");
	if (n_sources > 1 && request->target.type == LOCATION_REGISTRY)
		return error_set(err, ERROR_USAGE,
				 "%s: several catalogs at once go to an archive only; run the command once "
				 "for each catalog",
				 target);
	if (index_filter_check(request->index_filter, err) < 0)
		return -1;
	return naming_options_check(&request->naming, err);
}

void catalog_request_release(struct catalog_request *request)
{
	for (size_t i = 0; i < request->n_sources; i++)
		location_release(&request->sources[i]);
	free(request->sources);
	location_release(&request->target);
}

/* --- one catalog on its way */

struct catalog_job {
	struct index_image index;
	struct mapping mapping;
	struct plan_image **images; /* of the mapping's entries; NULL without a plan */
};

struct catalog_mirror {
	struct run *run;
	const struct catalog_request *request;
	struct outcome *outcome;
	struct source *source;
	struct plan *plan;
	struct map planned;       /* text -> struct plan_image */
	struct catalog_job *jobs; /* one a source */
};

static void mirror_release(struct catalog_mirror *mirror)
{
	for (size_t i = 0; i < mirror->request->n_sources; i++) {
		index_image_release(&mirror->jobs[i].index);
		mapping_release(&mirror->jobs[i].mapping);
		free(mirror->jobs[i].images);
	}
	free(mirror->jobs);
	map_release(&mirror->planned);
	plan_free(mirror->plan);
	source_free(mirror->source);
}

static bool goes_to_registry(const struct catalog_mirror *mirror)
{
	return mirror->request->target.type == LOCATION_REGISTRY;
}

/* For an archive no target is known: the names at a mirror are computed by push, with push's flags. Here
 * only the sources of the mapping matter. */
static int build_mapping(struct catalog_mirror *mirror, struct catalog_job *job, struct error *err)
{
	const struct catalog_request *request = mirror->request;
	struct reference nowhere = {xstrdup(""), xstrdup(""), xstrdup(""), xstrdup(""), xstrdup(""), NULL};
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;
	unsigned max_components = goes_to_registry(mirror) ? request->naming.max_components : 0;

	reference_set(&nowhere.registry, "archive.invalid");
	int result = mapping_build(&job->mapping, &job->index.images, &job->index.reference,
				   goes_to_registry(mirror) ? &request->target.reference : &nowhere,
				   max_components, &warnings, err);
	reference_release(&nowhere);
	/* An archive records the list; else the mapping has all of it that matters. */
	if (goes_to_registry(mirror))
		strvec_release(&job->index.images);
	/* With tens of thousands of images they would be a tenth of all memory. */
	for (size_t i = 0; !goes_to_registry(mirror) && i < job->mapping.count; i++)
		reference_release(&job->mapping.entries[i].target);
	for (size_t i = 0; i < warnings.count; i++) {
		log_warning("%s", warnings.items[i]);
		strvec_push(&mirror->outcome->skipped, warnings.items[i]);
	}
	return result;
}

static int open_job(struct catalog_mirror *mirror, size_t number, struct error *err)
{
	struct index_image *index = &mirror->jobs[number].index;

	if (index_image_init(index, mirror->source, &mirror->request->sources[number], err) < 0)
		return -1;
	for (size_t i = 0; i < number; i++)
		if (!strcmp(mirror->jobs[i].index.name, index->name))
			return error_set(err, ERROR_USAGE, "%s: is named twice", index->name);
	return 0;
}

static int read_job(struct catalog_mirror *mirror, struct catalog_job *job, struct error *err)
{
	if (index_image_read(mirror->run, mirror->source, &job->index, mirror->request->index_filter,
			     mirror->outcome, err) < 0 ||
	    build_mapping(mirror, job, err) < 0)
		return -1;
	return 0;
}

/* --- the plan */

/* The name of an entry in plan, report and archive: as the catalog writes it. */
static const char *entry_name(const struct catalog_job *job, const struct mapping_entry *entry)
{
	return entry->is_index ? job->index.name : entry->text;
}

static struct plan_image *plan_entry(struct catalog_mirror *mirror, struct catalog_job *job,
				     const struct mapping_entry *entry)
{
	CLEANUP(error_clear) struct error failure = ERROR_INIT;
	const char *name = entry_name(job, entry);
	struct source_image from = {0};
	struct digest digest;
	struct plan_image *image = map_get(&mirror->planned, name);

	if (image)
		return image;
	bool has_digest = *entry->source.id;
	int result = has_digest ? reference_digest(&entry->source, &digest, &failure) : 0;
	if (result == 0)
		result = source_image_init_registry(&from, mirror->source, name, &entry->source, &failure);
	image = plan_add_image(mirror->plan, name, &from);
	map_set(&mirror->planned, name, image);
	if (result < 0) {
		error_move(&image->failure, &failure);
	} else if (entry->is_index || has_digest) {
		image->is_pinned = true;
		image->digest = entry->is_index ? job->index.top : digest;
	}
	image->is_root = entry->is_index;
	if (goes_to_registry(mirror)) {
		image->target_repository = reference_repository_path(&entry->target);
		image->target_tag = xstrdup(entry->target.tag);
	}
	return image;
}

static void plan_job(struct catalog_mirror *mirror, struct catalog_job *job)
{
	job->images = xcalloc(job->mapping.count, sizeof(struct plan_image *));
	for (size_t i = 0; i < job->mapping.count; i++)
		job->images[i] = plan_entry(mirror, job, &job->mapping.entries[i]);
}

/* What the tags turned out to be: two names for one digest do not overwrite each other. */
static void note_digests(struct catalog_job *job)
{
	for (size_t i = 0; i < job->mapping.count; i++) {
		const struct plan_image *image = job->images[i];

		if (!plan_image_takes_part(image))
			continue;
		job->mapping.entries[i].digest = image->digest;
		job->mapping.entries[i].digest_is_known = true;
	}
}

static int resolve(struct catalog_mirror *mirror, struct error *err)
{
	mirror->plan = plan_new(mirror->source, mirror->run->cache);
	for (size_t i = 0; i < mirror->request->n_sources; i++)
		plan_job(mirror, &mirror->jobs[i]);
	map_release(&mirror->planned);
	if (run_resolve(mirror->run, mirror->plan, NULL, mirror->outcome, err) < 0)
		return -1;
	for (size_t i = 0; i < mirror->request->n_sources; i++) {
		note_digests(&mirror->jobs[i]);
		if (goes_to_registry(mirror) &&
		    catalog_files_check_conflicts(&mirror->jobs[i].mapping, false, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the two targets */

static void list_missing(const struct catalog_mirror *mirror, const struct catalog_job *job,
			 struct strvec *missing)
{
	for (size_t i = 0; job->images && i < job->mapping.count; i++)
		if (!plan_image_takes_part(job->images[i]))
			strvec_push(missing, job->images[i]->failure.message);
	for (size_t i = 0; i < mirror->outcome->skipped.count; i++)
		strvec_push(missing, mirror->outcome->skipped.items[i]);
	strvec_sort_unique(missing);
}

static int write_files(struct catalog_mirror *mirror, struct error *err)
{
	const struct catalog_job *job = &mirror->jobs[0];
	CLEANUP(strvec_release) struct strvec missing = STRVEC_INIT;

	if (mirror->run->options->is_dry_run && !mirror->request->naming.to_manifests)
		return 0;
	list_missing(mirror, job, &missing);
	return catalog_files_write(&mirror->request->naming, &job->mapping, &missing, NULL, mirror->outcome,
				   err);
}

static int mirror_to_target_registry(struct catalog_mirror *mirror, struct error *err)
{
	bool writes_files = !mirror->run->options->is_dry_run || mirror->request->naming.to_manifests;

	if (writes_files && catalog_files_check(&mirror->request->naming, &mirror->jobs[0].mapping, err) < 0)
		return -1;
	if (run_move_to_registry(mirror->run, mirror->plan, mirror->request->target.reference.registry,
				 mirror->outcome, err) < 0)
		return -1;
	/* Files for a catalog that is not there would lead a cluster to nothing. */
	return mirror->outcome->root_failure != ERROR_NONE ? 0 : write_files(mirror, err);
}

/* Texts of the catalog that are no references: the archive says that it lacks them. */
static struct archive_missing *list_unusable(const struct catalog_mirror *mirror, size_t *count)
{
	struct archive_missing *list = NULL;
	size_t allocated = 0;

	*count = 0;
	for (size_t number = 0; number < mirror->request->n_sources; number++) {
		const struct strvec *images = &mirror->jobs[number].index.images;

		for (size_t i = 0; i < images->count; i++) {
			CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
			CLEANUP(error_clear) struct error err = ERROR_INIT;

			if (reference_parse(&reference, images->items[i], &err) == 0)
				continue;
			array_grow(list, *count, allocated);
			list[*count].source = images->items[i];
			list[(*count)++].reason = steal(&err.message);
			err.code = ERROR_NONE;
		}
	}
	return list;
}

static struct archive_root root_of(const struct catalog_job *job)
{
	return (struct archive_root){
		.kind = (char *)"catalog", .source = job->index.name, .images = job->index.images};
}

/* mapping.txt of an archive, on request: several catalogs have a directory each. */
static int write_sources(struct catalog_mirror *mirror, struct error *err)
{
	const char *directory = mirror->request->naming.to_manifests;
	size_t n_sources = mirror->request->n_sources;
	CLEANUP(free_memory) const struct reference **indexes = xcalloc(n_sources, sizeof(*indexes));

	for (size_t i = 0; i < n_sources; i++)
		indexes[i] = &mirror->jobs[i].index.reference;
	for (size_t i = 0; directory && i < n_sources; i++) {
		CLEANUP(free_string) char *name = catalog_files_name(indexes, n_sources, i);
		CLEANUP(free_string) char *path =
			n_sources > 1 ? xasprintf("%s/%s", directory, name) : xstrdup(directory);
		if (catalog_files_write_sources(path, &mirror->jobs[i].mapping, err) < 0)
			return -1;
	}
	return 0;
}

static int mirror_to_archive(struct catalog_mirror *mirror, struct error *err)
{
	size_t n_roots = mirror->request->n_sources;
	CLEANUP(free_memory) struct archive_root *roots = xcalloc(n_roots, sizeof(*roots));
	struct archive_target target = {
		.path = mirror->request->target.path,
		.with_records = true,
		.require_complete = mirror->request->require_complete,
		.plan = mirror->plan,
		.roots = roots,
		.n_roots = n_roots,
	};

	for (size_t i = 0; i < n_roots; i++)
		roots[i] = root_of(&mirror->jobs[i]);
	CLEANUP(free_memory) struct archive_missing *unusable = list_unusable(mirror, &target.n_unusable);
	target.unusable = unusable;
	int result = archive_target_write(mirror->run, &target, mirror->outcome, err);
	for (size_t i = 0; i < target.n_unusable; i++)
		free(unusable[i].reason);
	return result < 0 ? -1 : write_sources(mirror, err);
}

/* --- nothing new */

static struct index_image **list_indexes(const struct catalog_mirror *mirror)
{
	struct index_image **indexes = xcalloc(mirror->request->n_sources, sizeof(*indexes));

	for (size_t i = 0; i < mirror->request->n_sources; i++)
		indexes[i] = &mirror->jobs[i].index;
	return indexes;
}

/* The files are made from the remembered lists: that needs no network, and makes the same bytes. */
static int finish_unchanged(struct catalog_mirror *mirror, struct error *err)
{
	mirror->outcome->is_nothing_new = true;
	mirror->run->is_done = true;
	for (size_t i = 0; i < mirror->request->n_sources; i++) {
		if (build_mapping(mirror, &mirror->jobs[i], err) < 0)
			return -1;
		mirror->outcome->n_asked += mirror->jobs[i].mapping.count;
	}
	if (goes_to_registry(mirror))
		return write_files(mirror, err);
	archive_target_note(mirror->request->target.path, true, mirror->outcome);
	return write_sources(mirror, err);
}

static int check_finished(struct catalog_mirror *mirror, bool *is_finished, struct error *err)
{
	CLEANUP(free_memory) struct index_image **indexes = list_indexes(mirror);

	*is_finished = false;
	if (mirror->request->naming.manifests_only || mirror->run->options->is_dry_run)
		return 0;
	return finished_check(mirror->run, mirror->request, mirror->source, indexes, is_finished, err);
}

static int note_finished(struct catalog_mirror *mirror, struct error *err)
{
	CLEANUP(free_memory) struct index_image **indexes = list_indexes(mirror);

	if (mirror->run->options->is_dry_run || outcome_exit_status(mirror->outcome) != 0)
		return 0;
	mirror->run->is_done = true;
	return finished_write(mirror->run, mirror->request, indexes, err);
}

/* --- the command */

static int mirror_catalogs(struct catalog_mirror *mirror, struct error *err)
{
	for (size_t i = 0; i < mirror->request->n_sources; i++)
		if (read_job(mirror, &mirror->jobs[i], err) < 0)
			return -1;
	if (mirror->request->naming.manifests_only) {
		struct mapping *mapping = &mirror->jobs[0].mapping;

		mirror->outcome->n_asked = mapping->count;
		mirror->run->is_done = true;
		if (!goes_to_registry(mirror))
			return write_sources(mirror, err);
		return catalog_files_check_conflicts(mapping, true, err) < 0 ? -1 : write_files(mirror, err);
	}
	if (resolve(mirror, err) < 0)
		return -1;
	if (goes_to_registry(mirror) ? mirror_to_target_registry(mirror, err) < 0
				     : mirror_to_archive(mirror, err) < 0)
		return -1;
	return note_finished(mirror, err);
}

int catalog_mirror(struct run *run, const struct catalog_request *request, struct outcome *outcome,
		   struct error *err)
{
	if (request->target.type == LOCATION_ARCHIVE && archive_target_check(request->target.path, err) < 0)
		return -1;
	CLEANUP(mirror_release) struct catalog_mirror mirror = {
		.run = run, .request = request, .outcome = outcome};
	bool is_finished;

	outcome->is_dry_run = run->options->is_dry_run;
	mirror.jobs = xcalloc(request->n_sources, sizeof(*mirror.jobs));
	mirror.source = source_new_registry(run->registry);
	for (size_t i = 0; i < request->n_sources; i++)
		if (open_job(&mirror, i, err) < 0)
			return -1;
	outcome_phase(outcome, "catalog");
	if (check_finished(&mirror, &is_finished, err) < 0)
		return -1;
	int result = is_finished ? finish_unchanged(&mirror, err) : mirror_catalogs(&mirror, err);
	outcome_phase(outcome, NULL);
	return result;
}
