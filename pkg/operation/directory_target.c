/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/directory_target.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/parallel.h"

#define PORTION ((size_t)256 << 10)

/* --- what is there already */

struct check {
	struct blob_store *store;
	const struct plan *plan;
	struct error *errors; /* one a blob: of our side */
};

static int read_to_end(struct blob_store *store, const struct digest *digest, uint64_t size,
		       struct error *err)
{
	CLEANUP(blob_reader_freep) struct blob_reader *reader = NULL;
	CLEANUP(free_memory) char *portion = xmalloc(PORTION);

	if (blob_store_open_blob(store, digest, size, &reader, err) < 0)
		return -1;
	for (uint64_t offset = 0; offset < size && !cancel_requested();) {
		ssize_t length = blob_reader_read(reader, offset, portion, PORTION, err);
		if (length < 0)
			return -1;
		offset += (uint64_t)length;
	}
	return 0;
}

static int check_blob(struct blob_store *store, const struct digest *digest, uint64_t size, struct error *err)
{
	CLEANUP(error_clear) struct error damage = ERROR_INIT;

	if (!blob_store_has(store, digest, size) || read_to_end(store, digest, size, &damage) == 0)
		return 0;
	if (!error_is(&damage, ERROR_DIGEST))
		return error_move(err, &damage);
	log_warning("%s; fetching it again", damage.message);
	return directory_store_remove_blob(store, digest, err);
}

/* Manifests first, then blobs. */
static void check_item(size_t index, unsigned worker, void *context)
{
	struct check *check = context;
	const struct plan *plan = check->plan;
	size_t number = index - plan->n_manifests;

	(void)worker;
	if (cancel_requested())
		return;
	if (index < plan->n_manifests)
		(void)!check_blob(check->store, &plan->manifest_digests.digests[index],
				  plan->manifests[index].size, &check->errors[index]);
	else if (plan->blobs[number].n_uses)
		(void)!check_blob(check->store, &plan->blob_digests.digests[number], plan->blobs[number].size,
				  &check->errors[index]);
}

static int remove_damaged(const struct run *run, const struct plan *plan, struct blob_store *store,
			  struct error *err)
{
	size_t count = plan->n_manifests + plan->n_blobs;
	CLEANUP(free_memory) struct error *errors = xcalloc(count, sizeof(*errors));
	struct check check = {.store = store, .plan = plan, .errors = errors};
	int result = 0;

	parallel_for(count, run->jobs, check_item, &check);
	for (size_t i = 0; i < count; i++) {
		if (errors[i].code != ERROR_NONE)
			result = error_move(err, &errors[i]);
		error_clear(&errors[i]);
	}
	if (result == 0 && cancel_requested())
		return cancel_error(err);
	return result;
}

/* --- writing */

static uint64_t missing_bytes(const struct plan *plan, const struct blob_store *store)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < plan->n_blobs; i++)
		if (plan->blobs[i].n_uses &&
		    !blob_store_has(store, &plan->blob_digests.digests[i], plan->blobs[i].size))
			bytes += plan->blobs[i].size;
	return bytes;
}

int directory_target_write(struct run *run, struct plan *plan, const struct location *target,
			   struct outcome *outcome, struct error *err)
{
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;

	if (run_check_failures(run, plan, err) < 0)
		return -1;
	outcome->needed_bytes = plan->total_bytes;
	if (run->options->is_dry_run) {
		outcome_add_plan(outcome, plan, NULL, NULL);
		return 0;
	}
	/* A directory that cannot hold the image is not made. */
	if (access(target->path, F_OK) != 0 &&
	    run_check_space(target->path, plan->total_bytes, "the image", err) < 0)
		return -1;
	if (directory_store_open(&store, target->path, DIRECTORY_WRITE, err) < 0 ||
	    remove_damaged(run, plan, store, err) < 0 ||
	    run_check_space(target->path, missing_bytes(plan, store), "the image", err) < 0)
		return -1;
	struct mirror_options options = {.jobs = run->jobs,
					 .request_jobs = run->jobs,
					 .continue_on_error = true,
					 .spool = run->spool,
					 .progress = &run->progress};
	CLEANUP(mirror_freep) struct mirror *mirror = mirror_new(plan, &options);
	outcome_phase(outcome, "copying");
	int result = mirror_to_store(mirror, store, err);
	for (size_t i = 0; i < plan->n_images && result == 0; i++) {
		const struct plan_image *image = plan->images[i];

		if (!plan_image_takes_part(image))
			continue;
		struct descriptor top = {.digest = image->digest,
					 .size = plan->manifests[image->top].size,
					 .media_type = (char *)manifest_type_name(
						 (enum manifest_type)plan->manifests[image->top].type)};
		result = directory_store_add_image(store, image->is_root ? target->name : image->name, &top,
						   err);
	}
	outcome_phase(outcome, NULL);
	outcome_add_plan(outcome, plan, mirror, NULL);
	return result;
}
