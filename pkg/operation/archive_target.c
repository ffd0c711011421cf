/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/archive_target.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "operation/archive_assembly.h"

void archive_assembly_release(struct archive_assembly *assembly)
{
	mirror_free(assembly->mirrors[0]);
	mirror_free(assembly->mirrors[1]);
	plan_free(assembly->plans[1]);
	map_release(&assembly->earlier_images);
	source_free(assembly->earlier);
	archive_records_release(&assembly->records);
}

/* --- the blobs of both plans, each once */

struct blob_list {
	struct digest_map seen;
	struct archive_blob *items;
	size_t count, allocated;
};

static void list_blob(struct blob_list *list, const struct digest *digest, uint64_t size,
		      enum archive_blob_kind kind)
{
	bool is_new;

	digest_map_add(&list->seen, digest, &is_new);
	if (!is_new)
		return;
	array_grow(list->items, list->count, list->allocated);
	list->items[list->count++] = (struct archive_blob){.digest = *digest, .size = size, .kind = kind};
}

static void list_plan(struct blob_list *list, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_manifests; i++)
		if (plan->is_manifest_used[i])
			list_blob(list, &plan->manifest_digests.digests[i], plan->manifests[i].size,
				  ARCHIVE_MANIFEST);
	for (size_t i = 0; i < plan->n_blobs; i++)
		if (plan->blobs[i].n_uses)
			list_blob(list, &plan->blob_digests.digests[i], plan->blobs[i].size,
				  plan->blobs[i].is_config ? ARCHIVE_CONFIG : ARCHIVE_LAYER);
}

static void blob_list_release(struct blob_list *list)
{
	digest_map_release(&list->seen);
	free(list->items);
}

/* --- completeness */

static int check_complete(const struct archive_assembly *assembly, struct error *err)
{
	const struct plan *plan = assembly->target->plan;
	size_t n_images, n_failed;

	plan_count_images(plan, &n_images, &n_failed);
	if (!assembly->target->require_complete || !n_failed)
		return 0;
	for (size_t i = 0; i < plan->n_images; i++)
		if (plan->images[i]->attached_to == PLAN_NONE && !plan_image_takes_part(plan->images[i]))
			return error_set(err, ERROR_INVALID,
					 "%s: not finished: %zu of %zu images are missing, and "
					 "--require-complete was given; the first: %s",
					 assembly->target->path, n_failed, n_images,
					 plan->images[i]->failure.message);
	return 0;
}

/* --- writing */

/* What an interrupted run with the same plan has put there takes no space again. */
static uint64_t bytes_there(const char *path)
{
	CLEANUP(free_string) char *partial = xasprintf("%s.partial", path);
	struct stat status;

	return stat(partial, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

static int check_space(const struct archive_assembly *assembly, const struct blob_list *blobs,
		       struct error *err)
{
	CLEANUP(free_string) char *parent = path_parent(assembly->target->path);
	uint64_t planned = archive_planned_size(blobs->items, blobs->count);
	uint64_t there = bytes_there(assembly->target->path);

	return run_check_space(parent, planned > there ? planned - there : 0, "the archive", err);
}

static int write_plan(struct archive_assembly *assembly, size_t number, struct archive_writer *writer,
		      struct error *err)
{
	struct plan *plan = assembly->plans[number];
	struct run *run = assembly->run;
	struct mirror_options options = {
		.jobs = run->jobs,
		.request_jobs = run->jobs,
		.continue_on_error = !run->options->stops_on_error,
		.spool = run->spool,
		.earlier = {assembly->earlier ? source_store(assembly->earlier) : NULL,
			    archive_writer_leftover(writer)},
		.progress = &run->progress,
	};

	assembly->mirrors[number] = mirror_new(plan, &options);
	if (mirror_to_store(assembly->mirrors[number], archive_writer_store(writer), err) < 0)
		return -1;
	return run_check_failures(run, plan, err);
}

/* Without what was asked for, the rest is of no use: the unfinished archive waits for the next run. */
static int check_roots(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct plan_image *image = plan->images[i];

		if (image->is_root && !plan_image_takes_part(image))
			return error_set(err, image->failure.code, "%s", image->failure.message);
	}
	return 0;
}

static int write_archive(struct archive_assembly *assembly, const struct blob_list *blobs,
			 struct outcome *outcome, struct error *err)
{
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct archive_target *target = assembly->target;
	struct run *run = assembly->run;

	if (archive_writer_open(&writer, target->path, blobs->items, blobs->count, target->with_records,
				&run->progress, err) < 0 ||
	    archive_assembly_check_earlier(assembly, err) < 0 || check_space(assembly, blobs, err) < 0)
		return -1;
	outcome_phase(outcome, "copying");
	/* What is kept goes first: if it is damaged nothing has been fetched in vain. */
	if ((assembly->n_plans > 1 && write_plan(assembly, 1, writer, err) < 0) ||
	    archive_assembly_check_kept(assembly, err) < 0 || write_plan(assembly, 0, writer, err) < 0)
		return -1;
	if (check_roots(target->plan, err) < 0 || check_complete(assembly, err) < 0)
		return -1;
	outcome_phase(outcome, "finishing");
	archive_assembly_make_records(assembly);
	return archive_writer_finish(writer, &assembly->records, run->options->skip_sync, err);
}

/* For --dry-run: what an earlier archive holds already. */
static void count_held(const struct archive_assembly *assembly, const struct blob_list *blobs,
		       struct outcome *outcome)
{
	for (size_t i = 0; assembly->earlier && i < blobs->count; i++) {
		const struct archive_blob *blob = &blobs->items[i];

		if (!blob_store_has(source_store(assembly->earlier), &blob->digest, blob->size))
			continue;
		outcome->counts.blobs_present++;
		outcome->counts.bytes_present += blob->size;
	}
}

/* A run may have ended between the archive and its index; on read-only media it stays that way. */
static void restore_index(const char *path)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (archive_restore_index(path, &err) < 0)
		log_warning("%s", err.message);
}

static void note(const char *path, bool with_records, struct outcome *outcome)
{
	struct stat status;

	outcome->archive = xstrdup(path);
	outcome->is_plain_archive = !with_records;
	if (stat(path, &status) == 0)
		outcome->archive_bytes = (uint64_t)status.st_size;
	outcome_phase(outcome, NULL);
}

void archive_target_note(const char *path, bool with_records, struct outcome *outcome)
{
	if (with_records)
		restore_index(path);
	note(path, with_records, outcome);
}

/* The archive would take the place of the link, on the link's disk. */
static int refuse_link(const char *path, struct error *err)
{
	struct stat status;

	if (lstat(path, &status) < 0 || !S_ISLNK(status.st_mode))
		return 0;
	error_set(err, ERROR_INVALID, "%s: is a symbolic link", path);
	return error_advise(err, "name the file that it stands for");
}

int archive_target_check(const char *path, struct error *err)
{
	CLEANUP(free_string) char *parent = path_parent(path);
	struct stat status;

	if (refuse_link(path, err) < 0)
		return -1;
	if (stat(parent, &status) < 0)
		return error_set_errno(err, "%s: the archive cannot be made: %s", path, parent);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_IO, "%s: the archive cannot be made: %s is not a directory", path,
				 parent);
	return 0;
}

int archive_target_write(struct run *run, struct archive_target *target, struct outcome *outcome,
			 struct error *err)
{
	CLEANUP(archive_assembly_release) struct archive_assembly assembly = {
		.run = run, .target = target, .plans = {target->plan}, .n_plans = 1};
	CLEANUP(blob_list_release) struct blob_list blobs = {0};

	if (refuse_link(target->path, err) < 0 || run_check_failures(run, target->plan, err) < 0 ||
	    check_complete(&assembly, err) < 0 || archive_assembly_open_earlier(&assembly, err) < 0 ||
	    archive_assembly_check_releases(&assembly, err) < 0)
		return -1;
	if (archive_assembly_has_everything(&assembly)) {
		outcome->is_nothing_new = true;
		outcome->counts.bytes_present = target->plan->total_bytes;
		outcome->counts.blobs_present = target->plan->n_blobs_used;
		outcome_add_plan(outcome, target->plan, NULL, NULL);
		outcome->counts.images_present = outcome->n_asked - outcome->n_missing;
		archive_target_note(target->path, target->with_records, outcome);
		return 0;
	}
	if (archive_assembly_plan_earlier(&assembly, outcome, err) < 0)
		return -1;
	for (size_t i = 0; i < (run->options->is_dry_run ? 1 : assembly.n_plans); i++)
		list_plan(&blobs, assembly.plans[i]);
	outcome->needed_bytes = target->plan->total_bytes;
	if (run->options->is_dry_run) {
		outcome_add_plan(outcome, target->plan, NULL, NULL);
		count_held(&assembly, &blobs, outcome);
		return bytes_there(target->path) ? 0 : check_space(&assembly, &blobs, err);
	}
	/* Where nothing is there, nothing shall be left. What an interrupted run has left counts only if
	 * its plan was this one: then write_archive looks again. */
	if (!bytes_there(target->path) && check_space(&assembly, &blobs, err) < 0)
		return -1;
	int result = write_archive(&assembly, &blobs, outcome, err);
	/* In an archive that was not finished nothing has arrived. */
	outcome_add_plan(outcome, target->plan, result == 0 ? assembly.mirrors[0] : NULL, NULL);
	if (assembly.mirrors[0])
		outcome->counts = mirror_counts(assembly.mirrors[0]);
	if (result < 0 || run_empty_spool(run, target->plan, err) < 0)
		return -1;
	note(target->path, target->with_records, outcome);
	return 0;
}
