/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/archive_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"

/* The plan that was asked for, and one for what an earlier archive holds beside it. */
struct assembly {
	struct run *run;
	struct archive_target *target;
	struct source *earlier;         /* NULL: there is none */
	struct map earlier_images;      /* source -> struct archive_image of the earlier archive */
	struct map recorded;            /* sources that are in `records` */
	struct plan *plans[2];
	size_t n_plans;
	struct archive_records records;
};

static void assembly_release(struct assembly *assembly)
{
	plan_free(assembly->plans[1]);
	map_release(&assembly->earlier_images);
	map_release(&assembly->recorded);
	source_free(assembly->earlier);
	archive_records_release(&assembly->records);
}

static const struct archive_records *earlier_records(const struct assembly *assembly)
{
	return assembly->earlier ? archive_store_records(source_store(assembly->earlier)) : NULL;
}

/* --- an earlier archive */

static int open_earlier(struct assembly *assembly, struct error *err)
{
	struct blob_store *store = NULL;

	if (!assembly->target->with_records) {
		if (access(assembly->target->path, F_OK) == 0)
			return error_set(err, ERROR_INVALID, "%s: exists already; an oci-archive is not added to: choose another name or remove it",
					 assembly->target->path);
		return 0;
	}
	if (access(assembly->target->path, F_OK) != 0)
		return 0;
	if (archive_open(&store, assembly->target->path, err) < 0)
		return error_advise(err, "nothing was changed: choose another name, or remove it first");
	assembly->earlier = source_new_store(store);
	const struct archive_records *records = archive_store_records(store);
	for (size_t i = 0; i < records->n_images; i++)
		map_set(&assembly->earlier_images, records->images[i].source, &records->images[i]);
	return 0;
}

static const struct archive_image *find_earlier(const struct assembly *assembly, const char *source)
{
	return map_get(&assembly->earlier_images, source);
}

static bool has_root(const struct archive_records *records, const struct archive_root *root)
{
	for (size_t i = 0; i < records->n_roots; i++)
		if (!strcmp(records->roots[i].kind, root->kind) && !strcmp(records->roots[i].source, root->source))
			return true;
	return false;
}

static bool has_everything(const struct assembly *assembly)
{
	const struct archive_records *records = earlier_records(assembly);
	const struct plan *plan = assembly->plans[0];

	if (!records)
		return false;
	for (size_t i = 0; i < assembly->target->n_roots; i++)
		if (!has_root(records, &assembly->target->roots[i]))
			return false;
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct archive_image *image = find_earlier(assembly, plan->images[i]->name);
		if (plan_image_takes_part(plan->images[i]) &&
		    (!image || !digest_equal(&image->digest, &plan->images[i]->digest)))
			return false;
	}
	return true;
}

/* Whether the root is asked for anew, so that the earlier archive's images of it are of no interest. */
static bool is_replaced(const struct assembly *assembly, const struct archive_root *root)
{
	for (size_t i = 0; i < assembly->target->n_roots; i++)
		if (!strcmp(assembly->target->roots[i].kind, root->kind) &&
		    !strcmp(assembly->target->roots[i].source, root->source))
			return true;
	return false;
}

static void keep_image(const struct assembly *assembly, struct plan *plan, const char *source)
{
	const struct archive_image *image = find_earlier(assembly, source);
	struct source_image from = {0};

	if (!image)
		return;
	struct descriptor top = {.digest = image->digest, .size = image->size,
				 .media_type = (char *)manifest_type_name(image->type)};
	source_image_init_store(&from, &top);
	struct plan_image *added = plan_add_image(plan, image->source, &from);
	added->is_pinned = true;
	added->digest = image->digest;
}

/* Images of roots that stay, with what is attached to them. */
static int plan_earlier(struct assembly *assembly, struct outcome *outcome, struct error *err)
{
	const struct archive_records *records = earlier_records(assembly);
	CLEANUP(strvec_release) struct strvec kept = STRVEC_INIT;

	if (!records)
		return 0;
	for (size_t i = 0; i < records->n_roots; i++) {
		if (is_replaced(assembly, &records->roots[i]))
			continue;
		strvec_push(&kept, records->roots[i].source);
		for (size_t image = 0; image < records->roots[i].images.count; image++)
			strvec_push(&kept, records->roots[i].images.items[image]);
	}
	struct map names = MAP_INIT;
	for (size_t i = 0; i < kept.count; i++)
		map_set(&names, kept.items[i], NULL);
	for (size_t i = 0; i < records->n_images; i++)
		if (records->images[i].attached_to && map_contains(&names, records->images[i].attached_to))
			strvec_push(&kept, records->images[i].source);
	map_release(&names);
	if (!kept.count)
		return 0;
	strvec_sort_unique(&kept);
	assembly->plans[1] = plan_new(assembly->earlier, assembly->run->cache);
	assembly->n_plans = 2;
	for (size_t i = 0; i < kept.count; i++)
		keep_image(assembly, assembly->plans[1], kept.items[i]);
	struct plan_options options = {.workers = assembly->run->jobs, .progress = &assembly->run->progress};
	outcome_phase(outcome, "earlier archive");
	if (plan_resolve(assembly->plans[1], &options, err) < 0)
		return -1;
	plan_seal(assembly->plans[1]);
	return 0;
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
			list_blob(list, &plan->manifest_digests.digests[i], plan->manifests[i].size, ARCHIVE_MANIFEST);
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

static int check_complete(const struct assembly *assembly, struct error *err)
{
	const struct plan *plan = assembly->target->plan;
	size_t n_images, n_failed;

	plan_count_images(plan, &n_images, &n_failed);
	if (!assembly->target->require_complete || !n_failed)
		return 0;
	for (size_t i = 0; i < plan->n_images; i++)
		if (plan->images[i]->attached_to == PLAN_NONE && !plan_image_takes_part(plan->images[i]))
			return error_set(err, ERROR_INVALID, "%s: not finished: %zu of %zu images are missing, and --require-complete was given; the first: %s",
					 assembly->target->path, n_failed, n_images, plan->images[i]->failure.message);
	return 0;
}

/* --- records */

static void record_image(struct archive_records *records, size_t *allocated, const struct plan *plan,
			 const struct plan_image *image)
{
	const struct plan_manifest *top = &plan->manifests[image->top];
	bool is_attached = image->attached_to != PLAN_NONE;

	array_grow(records->images, records->n_images, *allocated);
	records->images[records->n_images++] = (struct archive_image){
		.source = xstrdup(image->name),
		.digest = plan->manifest_digests.digests[image->top],
		.size = top->size,
		.type = (enum manifest_type)top->type,
		.attached_to = is_attached ? xstrdup(plan->images[image->attached_to]->name) : NULL,
		.tag = is_attached && image->target_tag ? xstrdup(image->target_tag) : NULL,
	};
}

static void record_missing(struct archive_records *records, size_t *allocated, const struct plan_image *image)
{
	if (image->attached_to != PLAN_NONE)
		return;
	array_grow(records->missing, records->n_missing, *allocated);
	records->missing[records->n_missing++] = (struct archive_missing){
		.source = xstrdup(image->name), .reason = xstrdup(image->failure.message)};
}

static void record_plan(struct assembly *assembly, const struct plan *plan, size_t *allocated_images,
			size_t *allocated_missing)
{
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct plan_image *image = plan->images[i];

		/* An image of the earlier archive may be asked for now as well: ours is the newer. */
		if (map_contains(&assembly->recorded, image->name))
			continue;
		map_set(&assembly->recorded, image->name, NULL);
		if (plan_image_takes_part(image))
			record_image(&assembly->records, allocated_images, plan, image);
		else
			record_missing(&assembly->records, allocated_missing, image);
	}
}

static void record_attachment(const struct assembly *assembly, struct archive_records *records)
{
	for (size_t i = 0; i < records->n_images; i++) {
		const struct archive_image *known = find_earlier(assembly, records->images[i].source);

		if (!known || records->images[i].attached_to || !known->attached_to)
			continue;
		records->images[i].attached_to = xstrdup(known->attached_to);
		records->images[i].tag = known->tag ? xstrdup(known->tag) : NULL;
	}
}

static void copy_root(struct archive_root *to, const struct archive_root *from)
{
	*to = (struct archive_root){.kind = xstrdup(from->kind), .source = xstrdup(from->source)};
	for (size_t i = 0; i < from->images.count; i++)
		strvec_push(&to->images, from->images.items[i]);
}

static int compare_image_sources(const void *a, const void *b)
{
	return strcmp(((const struct archive_image *)a)->source, ((const struct archive_image *)b)->source);
}

static int compare_missing_sources(const void *a, const void *b)
{
	return strcmp(((const struct archive_missing *)a)->source, ((const struct archive_missing *)b)->source);
}

static int compare_roots(const void *a, const void *b)
{
	const struct archive_root *first = a, *second = b;
	int order = strcmp(first->kind, second->kind);

	return order ? order : strcmp(first->source, second->source);
}

static void record_roots(struct assembly *assembly)
{
	struct archive_records *records = &assembly->records;
	const struct archive_records *earlier = earlier_records(assembly);

	records->roots = xcalloc(assembly->target->n_roots + (earlier ? earlier->n_roots : 0), sizeof(*records->roots));
	for (size_t i = 0; i < assembly->target->n_roots; i++)
		copy_root(&records->roots[records->n_roots++], &assembly->target->roots[i]);
	for (size_t i = 0; earlier && i < earlier->n_roots; i++)
		if (!is_replaced(assembly, &earlier->roots[i]))
			copy_root(&records->roots[records->n_roots++], &earlier->roots[i]);
	qsort(records->roots, records->n_roots, sizeof(*records->roots), compare_roots);
}

static void make_records(struct assembly *assembly)
{
	struct archive_records *records = &assembly->records;
	size_t allocated_images = 0, allocated_missing = 0;

	record_roots(assembly);
	for (size_t i = 0; i < assembly->n_plans; i++)
		record_plan(assembly, assembly->plans[i], &allocated_images, &allocated_missing);
	map_release(&assembly->recorded);
	if (assembly->n_plans > 1)
		record_attachment(assembly, records);
	if (records->n_images)
		qsort(records->images, records->n_images, sizeof(*records->images), compare_image_sources);
	if (records->n_missing)
		qsort(records->missing, records->n_missing, sizeof(*records->missing), compare_missing_sources);
}

/* --- writing */

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* What an interrupted run has put there takes no space again. */
static uint64_t bytes_there(const char *path)
{
	CLEANUP(free_string) char *partial = xasprintf("%s.partial", path);
	struct stat status;

	return stat(partial, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

static int check_space(const struct assembly *assembly, const struct blob_list *blobs, struct error *err)
{
	CLEANUP(free_string) char *parent = parent_of(assembly->target->path);
	uint64_t planned = archive_planned_size(blobs->items, blobs->count);
	uint64_t there = bytes_there(assembly->target->path);

	return run_check_space(parent, planned > there ? planned - there : 0, "the archive", err);
}

static int write_plan(struct assembly *assembly, struct plan *plan, struct blob_store *store,
		      struct outcome *outcome, struct error *err)
{
	struct run *run = assembly->run;
	struct mirror_options options = {
		.jobs = run->jobs,
		.request_jobs = run->jobs,
		.continue_on_error = !run->options->stops_on_error,
		.spool = run->spool,
		.earlier = assembly->earlier ? source_store(assembly->earlier) : NULL,
		.progress = &run->progress,
	};
	CLEANUP(mirror_freep) struct mirror *mirror = mirror_new(plan, &options);
	int result = mirror_to_store(mirror, store, err);

	if (plan == assembly->plans[0])
		outcome_add_plan(outcome, plan, mirror, NULL);
	return result < 0 ? -1 : run_check_failures(run, plan, err);
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

static int write_archive(struct assembly *assembly, const struct blob_list *blobs, struct outcome *outcome,
			 struct error *err)
{
	CLEANUP(archive_writer_freep) struct archive_writer *writer = NULL;
	struct archive_target *target = assembly->target;
	struct run *run = assembly->run;

	if (archive_writer_open(&writer, target->path, blobs->items, blobs->count, target->with_records,
				&run->progress, err) < 0)
		return -1;
	outcome_phase(outcome, "copying");
	for (size_t i = 0; i < assembly->n_plans; i++)
		if (write_plan(assembly, assembly->plans[i], archive_writer_store(writer), outcome, err) < 0)
			return -1;
	if (check_roots(target->plan, err) < 0 || check_complete(assembly, err) < 0)
		return -1;
	outcome_phase(outcome, "finishing");
	make_records(assembly);
	return archive_writer_finish(writer, &assembly->records, run->options->skip_sync, err);
}

/* For --dry-run: what an earlier archive holds already. */
static void count_held(const struct assembly *assembly, const struct blob_list *blobs, struct outcome *outcome)
{
	for (size_t i = 0; assembly->earlier && i < blobs->count; i++) {
		const struct archive_blob *blob = &blobs->items[i];

		if (!blob_store_has(source_store(assembly->earlier), &blob->digest, blob->size))
			continue;
		outcome->counts.blobs_present++;
		outcome->counts.bytes_present += blob->size;
	}
}

void archive_target_note(const char *path, bool with_records, struct outcome *outcome)
{
	struct stat status;

	outcome->archive = xstrdup(path);
	outcome->is_plain_archive = !with_records;
	if (stat(path, &status) == 0)
		outcome->archive_bytes = (uint64_t)status.st_size;
	outcome_phase(outcome, NULL);
}

int archive_target_write(struct run *run, struct archive_target *target, struct outcome *outcome,
			 struct error *err)
{
	CLEANUP(assembly_release) struct assembly assembly = {
		.run = run, .target = target, .plans = {target->plan}, .n_plans = 1};
	CLEANUP(blob_list_release) struct blob_list blobs = {0};

	if (run_check_failures(run, target->plan, err) < 0 || check_complete(&assembly, err) < 0 ||
	    open_earlier(&assembly, err) < 0)
		return -1;
	if (has_everything(&assembly)) {
		outcome->is_nothing_new = true;
		outcome_add_plan(outcome, target->plan, NULL, NULL);
		archive_target_note(target->path, target->with_records, outcome);
		return 0;
	}
	if (plan_earlier(&assembly, outcome, err) < 0)
		return -1;
	for (size_t i = 0; i < (run->options->is_dry_run ? 1 : assembly.n_plans); i++)
		list_plan(&blobs, assembly.plans[i]);
	outcome->needed_bytes = target->plan->total_bytes;
	if (run->options->is_dry_run) {
		outcome_add_plan(outcome, target->plan, NULL, NULL);
		count_held(&assembly, &blobs, outcome);
		return 0;
	}
	if (check_space(&assembly, &blobs, err) < 0 || write_archive(&assembly, &blobs, outcome, err) < 0 ||
	    run_empty_spool(run, target->plan, err) < 0)
		return -1;
	archive_target_note(target->path, target->with_records, outcome);
	return 0;
}
