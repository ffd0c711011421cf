/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "operation/archive_target.h"
#include "operation/cluster_directory.h"
#include "operation/release_image.h"
#include "operation/release_print.h"
#include "operation/release_record.h"

/* --- one release on its way */

struct release_job {
	struct release_image image;
	struct reference by_digest; /* the release image */
	struct release_verification verification;
	struct archive_release *record;
	struct mapping mapping;
	struct plan_image **images; /* of the mapping's entries; NULL without a plan */
};

struct release_mirror {
	struct run *run;
	const struct release_request *request;
	struct outcome *outcome;
	struct strbuf *out;
	struct source *source;
	struct plan *plan;                 /* to the target */
	struct release_verifier *verifier; /* NULL: nothing is verified */
	struct plan *image_plan; /* the release image to another registry (--to-release-image), or NULL */
	struct release_job *jobs;
};

static void mirror_release(struct release_mirror *mirror)
{
	for (size_t i = 0; i < mirror->request->n_sources; i++) {
		struct release_job *job = &mirror->jobs[i];

		release_image_release(&job->image);
		reference_release(&job->by_digest);
		release_verification_release(&job->verification);
		archive_release_free(job->record);
		mapping_release(&job->mapping);
		free(job->images);
	}
	free(mirror->jobs);
	release_verifier_free(mirror->verifier);
	plan_free(mirror->plan);
	plan_free(mirror->image_plan);
	source_free(mirror->source);
}

static bool goes_to_registry(const struct release_mirror *mirror)
{
	return mirror->request->targets[RELEASE_TARGET].type == LOCATION_REGISTRY;
}

/* --- what it is, and who has signed it */

static int verify(struct release_mirror *mirror, struct release_job *job, struct error *err)
{
	struct error reason = ERROR_INIT;

	outcome_phase(mirror->outcome, "signature");
	if (release_verifier_check(mirror->verifier, mirror->source, &job->image, NULL, &job->verification,
				   &reason) == 0)
		return 0;
	if (!error_is(&reason, ERROR_DIGEST) || !mirror->request->trust.allows_unsigned) {
		/* What was read so far is of no use to anybody. */
		mirror->run->is_done = true;
		if (error_is(&reason, ERROR_DIGEST))
			error_advise(&reason, "nothing was copied; --allow-unsigned mirrors it all the same");
		return error_move(err, &reason);
	}
	log_warning("%s; it is mirrored all the same (--allow-unsigned)", reason.message);
	error_clear(&reason);
	return 0;
}

static const char *architecture_of(const struct release_mirror *mirror, const struct release_job *job)
{
	if (job->image.platform.is_list && mirror->request->keeps_manifest_list)
		return "multi";
	const char *architecture = release_image_architecture(&job->image);
	if (!*architecture)
		log_warning("%s: its config does not say for which architecture it is; its tags are without",
			    job->image.name);
	return architecture;
}

/* For an archive no target is known: only the sources of the mapping matter. */
static int map_images(struct release_mirror *mirror, struct release_job *job, struct error *err)
{
	const struct release_request *request = mirror->request;
	CLEANUP(release_target_release) struct release_target nowhere = RELEASE_TARGET_INIT;

	if (!goes_to_registry(mirror) && release_target_parse(&nowhere, "archive.invalid/release", err) < 0)
		return -1;
	return release_record_map(job->record, &job->by_digest,
				  goes_to_registry(mirror) ? &request->to : &nowhere,
				  request->targets[RELEASE_IMAGE_TARGET].text
					  ? &request->targets[RELEASE_IMAGE_TARGET].reference
					  : NULL,
				  &job->mapping, err);
}

static int read_job(struct release_mirror *mirror, size_t number, struct error *err)
{
	struct release_job *job = &mirror->jobs[number];
	const char *version = mirror->request->versions[number];
	char digest[DIGEST_TEXT_SIZE];

	if (release_image_resolve(mirror->run, mirror->source, &job->image,
				  release_image_choice(mirror->request->keeps_manifest_list), err) < 0)
		return -1;
	if (!mirror->request->prints_mapping && verify(mirror, job, err) < 0)
		return -1;
	outcome_phase(mirror->outcome, "release");
	if (release_image_read_payload(mirror->run, mirror->source, &job->image, err) < 0 ||
	    (version &&
	     release_image_check_version(mirror->run, mirror->source, &job->image, version, err) < 0))
		return -1;
	reference_copy(&job->by_digest, &job->image.reference);
	reference_set(&job->by_digest.tag, "");
	reference_set(&job->by_digest.id, digest_format(&job->image.platform.top, digest));
	job->record = release_record_new(&job->image, architecture_of(mirror, job),
					 mirror->request->skips_release_image, &job->verification);
	if (map_images(mirror, job, err) < 0)
		return error_wrap(err, "%s", job->image.name);
	log_info("%s: release %s, %zu components", job->image.name, job->record->version,
		 job->record->n_components);
	return 0;
}

/* The names of the mapping are made up: nobody would know them. */
static void name_conflict(const struct release_mirror *mirror, struct error *err)
{
	const struct release_job *jobs = mirror->jobs;

	for (size_t i = 1; i < mirror->request->n_sources; i++)
		for (size_t earlier = 0; earlier < i; earlier++) {
			if (!strcmp(jobs[i].by_digest.id, jobs[earlier].by_digest.id) ||
			    strcmp(jobs[i].record->version, jobs[earlier].record->version) != 0 ||
			    strcmp(jobs[i].record->architecture, jobs[earlier].record->architecture) != 0)
				continue;
			error_clear(err);
			error_set(err, ERROR_INVALID,
				  "%s and %s are both release %s for %s: at a mirror they would overwrite "
				  "each other",
				  jobs[earlier].image.name, jobs[i].image.name, jobs[i].record->version,
				  jobs[i].record->architecture);
			error_advise(err, "use another archive for %s", jobs[i].image.name);
			return;
		}
}

/* Two releases of one version, or --to-release-image with the tag of a component. */
static int check_conflicts(const struct release_mirror *mirror, struct error *err)
{
	struct mapping all = {.is_release = true}; /* its entries belong to the jobs' mappings */

	for (size_t number = 0; number < mirror->request->n_sources; number++) {
		const struct mapping *mapping = &mirror->jobs[number].mapping;

		for (size_t i = 0; i < mapping->count; i++) {
			array_grow(all.entries, all.count, all.allocated);
			all.entries[all.count++] = mapping->entries[i];
		}
	}
	int result = catalog_files_check_conflicts(&all, false, err);
	free(all.entries);
	if (result < 0 && !goes_to_registry(mirror))
		name_conflict(mirror, err);
	return result;
}

/* --- the plan */

static bool is_release_image(const struct release_job *job, const struct mapping_entry *entry)
{
	CLEANUP(free_string) char *image = reference_exact(&job->by_digest);

	return !strcmp(entry->text, image);
}

/* The release image is called as it was asked for, the components as the release calls them. */
static const char *plan_name(const struct release_job *job, const struct mapping_entry *entry)
{
	return is_release_image(job, entry) ? job->image.name : entry->text;
}

static struct plan *plan_of(struct release_mirror *mirror, const struct mapping_entry *entry)
{
	if (!goes_to_registry(mirror) ||
	    !strcmp(entry->target.registry, mirror->request->targets[RELEASE_TARGET].reference.registry))
		return mirror->plan;
	if (!mirror->image_plan)
		mirror->image_plan = plan_new(mirror->source, mirror->run->cache);
	return mirror->image_plan;
}

static struct plan_image *plan_entry(struct release_mirror *mirror, struct release_job *job,
				     struct mapping_entry *entry)
{
	CLEANUP(error_clear) struct error failure = ERROR_INIT;
	struct source_image from = {0};
	const char *name = plan_name(job, entry);

	(void)!source_image_init_registry(&from, mirror->source, name, &entry->source, &failure);
	struct plan_image *image = plan_add_image(plan_of(mirror, entry), name, &from);
	image->is_root = is_release_image(job, entry);
	if (failure.code != ERROR_NONE) {
		error_move(&image->failure, &failure);
		return image;
	}
	image->is_pinned = true;
	image->digest = entry->digest;
	if (goes_to_registry(mirror)) {
		image->target_repository = reference_repository_path(&entry->target);
		image->target_tag = xstrdup(entry->target.tag);
	}
	return image;
}

/* An archive has no tags of its own: there an image of several names is one. */
static void plan_job(struct release_mirror *mirror, struct release_job *job, struct map *planned)
{
	job->images = xcalloc(job->mapping.count, sizeof(struct plan_image *));
	for (size_t i = 0; i < job->mapping.count; i++) {
		struct mapping_entry *entry = &job->mapping.entries[i];
		const char *name = plan_name(job, entry);
		struct plan_image *known = goes_to_registry(mirror) ? NULL : map_get(planned, name);

		job->images[i] = known ? known : plan_entry(mirror, job, entry);
		map_set(planned, name, job->images[i]);
	}
}

static int resolve(struct release_mirror *mirror, struct error *err)
{
	struct map planned = MAP_INIT;

	mirror->plan = plan_new(mirror->source, mirror->run->cache);
	for (size_t i = 0; i < mirror->request->n_sources; i++)
		plan_job(mirror, &mirror->jobs[i], &planned);
	map_release(&planned);
	if (run_resolve_release(mirror->run, mirror->plan, mirror->outcome, err) < 0)
		return -1;
	return mirror->image_plan ? run_resolve_release(mirror->run, mirror->image_plan, mirror->outcome, err)
				  : 0;
}

/* --- the files */

static size_t list_missing(const struct release_job *job, struct strvec *missing)
{
	size_t n_missing = 0;

	for (size_t i = 0; job->images && i < job->mapping.count; i++) {
		if (plan_image_takes_part(job->images[i]))
			continue;
		n_missing++;
		strvec_push(missing, job->images[i]->failure.message);
	}
	strvec_sort_unique(missing);
	return n_missing;
}

static struct release_files files_of(const struct release_job *job, const struct strvec *missing,
				     size_t n_missing)
{
	return (struct release_files){
		.release = job->record,
		.source = job->image.name,
		.image = &job->by_digest,
		.mapping = &job->mapping,
		.missing = missing,
		.n_missing = n_missing,
	};
}

static bool wants_files(const struct release_mirror *mirror)
{
	return !mirror->run->options->is_dry_run || mirror->request->naming.to_manifests;
}

static int check_signature_directory(const struct release_mirror *mirror, struct error *err)
{
	const char *directory = mirror->request->signature_directory;

	if (!directory || mirror->run->options->is_dry_run)
		return 0;
	return cluster_directory_check_path(directory, "--release-image-signature-to-dir", err);
}

static int check_files(const struct release_mirror *mirror, struct error *err)
{
	for (size_t i = 0; wants_files(mirror) && i < mirror->request->n_sources; i++) {
		struct release_files files = files_of(&mirror->jobs[i], NULL, 0);

		if (release_files_check(&mirror->request->naming, &files, err) < 0)
			return -1;
	}
	return 0;
}

/* Not called manifests-...: oc writes no such directory here, and scripts look for the newest of that
 * name. */
static int write_job_files(const struct release_mirror *mirror, const struct release_job *job,
			   struct error *err)
{
	CLEANUP(strvec_release) struct strvec missing = STRVEC_INIT;
	CLEANUP(free_string) char *name = release_files_name(job->record, &job->by_digest);
	CLEANUP(free_string) char *stem =
		xasprintf("release-%s%s%s", job->record->version, *job->record->architecture ? "-" : "",
			  job->record->architecture);
	size_t n_missing = list_missing(job, &missing);
	struct release_files files = files_of(job, &missing, n_missing);

	files.stem = stem;
	files.subdirectory = mirror->request->n_sources > 1 ? name : NULL;
	return release_files_write(&mirror->request->naming, &files, mirror->outcome, err);
}

static int write_signatures(const struct release_mirror *mirror, const struct release_job *job,
			    struct strvec *paths, struct error *err)
{
	const char *directory = mirror->request->signature_directory;

	if (!directory || mirror->run->options->is_dry_run)
		return 0;
	return release_files_write_signatures(job->record, directory, paths, err);
}

/* Files for a release that is not there would lead a cluster to nothing. */
static bool has_arrived(const struct release_job *job)
{
	for (size_t i = 0; job->images && i < job->mapping.count; i++)
		if (job->images[i]->is_root && !plan_image_takes_part(job->images[i]))
			return false;
	return true;
}

/* The same release under another name: its files are those of the first. */
static bool is_repeated(const struct release_mirror *mirror, const struct release_job *job)
{
	CLEANUP(free_string) char *image = reference_exact(&job->by_digest);

	for (const struct release_job *earlier = mirror->jobs; earlier < job; earlier++) {
		CLEANUP(free_string) char *other = reference_exact(&earlier->by_digest);
		if (!strcmp(image, other))
			return true;
	}
	return false;
}

static int write_job_results(struct release_mirror *mirror, const struct release_job *job, struct error *err)
{
	CLEANUP(strvec_release) struct strvec missing = STRVEC_INIT;

	if (wants_files(mirror) && write_job_files(mirror, job, err) < 0)
		return -1;
	struct release_files files = files_of(job, &missing, list_missing(job, &missing));
	return release_print_result(mirror->request, &files, mirror->run->options->is_dry_run, mirror->out,
				    err);
}

static int write_results(struct release_mirror *mirror, struct error *err)
{
	CLEANUP(strvec_release) struct strvec signatures = STRVEC_INIT;

	for (size_t i = 0; i < mirror->request->n_sources; i++) {
		const struct release_job *job = &mirror->jobs[i];

		if (!has_arrived(job) || is_repeated(mirror, job))
			continue;
		if (write_signatures(mirror, job, &signatures, err) < 0 ||
		    (goes_to_registry(mirror) && write_job_results(mirror, job, err) < 0))
			return -1;
	}
	release_print_signatures(&signatures, mirror->out);
	return 0;
}

/* --- the two targets */

static int mirror_to_target_registry(struct release_mirror *mirror, struct error *err)
{
	const struct release_request *request = mirror->request;

	if (check_files(mirror, err) < 0)
		return -1;
	if (run_move_to_registry(mirror->run, mirror->plan,
				 request->targets[RELEASE_TARGET].reference.registry, mirror->outcome,
				 err) < 0)
		return -1;
	/* The release image alone, when its components are there. */
	if (mirror->image_plan &&
	    run_move_to_registry(mirror->run, mirror->image_plan,
				 request->targets[RELEASE_IMAGE_TARGET].reference.registry, mirror->outcome,
				 err) < 0)
		return -1;
	return 0;
}

static struct archive_root root_of(const struct release_job *job)
{
	struct archive_root root = {
		.kind = (char *)"release", .source = job->image.name, .release = job->record};

	release_record_list_images(job->record, job->image.name, &root.images);
	return root;
}

/* Of --to-dir the name is known only now. */
static char *archive_path(const struct release_mirror *mirror)
{
	const struct archive_release *release = mirror->jobs[0].record;

	if (!mirror->request->names_archive)
		return xstrdup(mirror->request->targets[RELEASE_TARGET].path);
	return xasprintf("%s/openshift-release-%s%s%s.tar", mirror->request->to_directory, release->version,
			 *release->architecture ? "-" : "", release->architecture);
}

static int write_sources(const struct release_mirror *mirror, struct error *err)
{
	const char *directory = mirror->request->naming.to_manifests;

	for (size_t i = 0; directory && i < mirror->request->n_sources; i++) {
		const struct release_job *job = &mirror->jobs[i];
		CLEANUP(free_string) char *name = release_files_name(job->record, &job->by_digest);
		CLEANUP(free_string) char *path = mirror->request->n_sources > 1
							  ? xasprintf("%s/%s", directory, name)
							  : xstrdup(directory);
		if (catalog_files_write_sources(path, &job->mapping, err) < 0)
			return -1;
	}
	return 0;
}

static int mirror_to_archive(struct release_mirror *mirror, struct error *err)
{
	size_t n_roots = mirror->request->n_sources;
	CLEANUP(free_string) char *path = archive_path(mirror);
	CLEANUP(free_memory) struct archive_root *roots = xcalloc(n_roots, sizeof(*roots));
	struct archive_target target = {
		.path = path,
		.with_records = true,
		.require_complete = mirror->request->require_complete,
		.plan = mirror->plan,
		.roots = roots,
		.n_roots = n_roots,
	};

	CLEANUP(free_string) char *parent = path_parent(path);
	if (mirror->request->to_directory && !mirror->run->options->is_dry_run &&
	    directory_create_all(parent, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < n_roots; i++)
		roots[i] = root_of(&mirror->jobs[i]);
	int result = archive_target_write(mirror->run, &target, mirror->outcome, err);
	for (size_t i = 0; i < n_roots; i++)
		strvec_release(&roots[i].images);
	return result < 0 ? -1 : write_sources(mirror, err);
}

/* --- the command */

static void note_nothing_new(struct release_mirror *mirror)
{
	struct outcome *outcome = mirror->outcome;

	if (!outcome->is_dry_run && outcome->n_images && outcome->counts.images_present == outcome->n_images)
		outcome->is_nothing_new = true;
}

static int mirror_releases(struct release_mirror *mirror, struct error *err)
{
	const struct release_request *request = mirror->request;

	if (!request->prints_mapping &&
	    release_verifier_open(&mirror->verifier, mirror->run, &request->trust, err) < 0)
		return -1;
	for (size_t i = 0; i < request->n_sources; i++)
		if (read_job(mirror, i, err) < 0)
			return -1;
	/* Of an archive too: its names are made up, but push would meet the same conflicts. */
	if (check_conflicts(mirror, err) < 0)
		return -1;
	if (request->prints_mapping) {
		for (size_t i = 0; i < request->n_sources; i++)
			release_print_mapping(&mirror->jobs[i].mapping, mirror->out);
		mirror->run->is_done = true;
		return 0;
	}
	if (request->naming.manifests_only) {
		for (size_t i = 0; i < request->n_sources; i++)
			mirror->outcome->n_asked += mirror->jobs[i].mapping.count;
		mirror->run->is_done = true;
		return write_results(mirror, err);
	}
	if (check_signature_directory(mirror, err) < 0 || resolve(mirror, err) < 0 ||
	    (goes_to_registry(mirror) ? mirror_to_target_registry(mirror, err) < 0
				      : mirror_to_archive(mirror, err) < 0))
		return -1;
	mirror->run->is_done |= outcome_exit_status(mirror->outcome) == 0;
	note_nothing_new(mirror);
	return write_results(mirror, err);
}

int release_mirror(struct run *run, const struct release_request *request, struct strbuf *out,
		   struct outcome *outcome, struct error *err)
{
	if (request->targets[RELEASE_TARGET].type == LOCATION_ARCHIVE && !request->to_directory &&
	    archive_target_check(request->targets[RELEASE_TARGET].path, err) < 0)
		return -1;
	CLEANUP(mirror_release) struct release_mirror mirror = {
		.run = run, .request = request, .outcome = outcome, .out = out};
	int result = 0;

	outcome->is_dry_run = run->options->is_dry_run;
	mirror.jobs = xcalloc(request->n_sources, sizeof(*mirror.jobs));
	mirror.source = source_new_registry(run->registry);
	outcome_phase(outcome, "release");
	for (size_t i = 0; i < request->n_sources && result == 0; i++) {
		mirror.jobs[i].image = (struct release_image)RELEASE_IMAGE_INIT;
		result = release_image_init(&mirror.jobs[i].image, mirror.source, &request->sources[i], err);
	}
	if (result == 0)
		result = mirror_releases(&mirror, err);
	outcome_phase(outcome, NULL);
	return result;
}
