/* SPDX-License-Identifier: Apache-2.0 */
/* Into a registry: a blob to each repository that needs it, and an image's manifests as soon as its last
 * blob has arrived. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/parallel.h"
#include "mirror/private.h"

/* One blob on its way into one or more repositories. */
struct delivery {
	struct mirror *mirror;
	unsigned worker;
	uint32_t number;
	struct descriptor descriptor;
	struct blob_reader *reader; /* opened when the first upload needs it */
	bool is_spooled;
	bool is_unavailable;                 /* its bytes cannot be had */
	uint64_t reported_bytes;             /* added to the progress by the upload that is running */
	const struct repository *repository; /* that it is on its way into */
	bool was_present;                    /* there, when it could not be mounted */
};

static struct repository repository_named(const struct mirror *mirror, const char *path)
{
	return (struct repository){.side = REGISTRY_TARGET, .host = mirror->options.host, .path = path};
}

static ssize_t read_for_upload(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	struct delivery *delivery = context;
	struct progress *progress = delivery->mirror->options.progress;
	ssize_t got = blob_reader_read(delivery->reader, offset, data, length, err);

	/* A repeated upload starts from the beginning: progress goes back with it. */
	if (got > 0 && source_store(delivery->mirror->plan->source)) {
		uint64_t now = offset + (uint64_t)got;
		atomic_fetch_add(&progress->bytes_done, now - delivery->reported_bytes);
		delivery->reported_bytes = now;
	}
	return got;
}

/* A repository at the target that has the blob already, by an image that was found there; or one of the
 * source, when source and target are the same registry. `path` is what the result may need to live on. */
static const char *mount_source(const struct delivery *delivery, char **path)
{
	const struct mirror *mirror = delivery->mirror;
	const struct plan *plan = mirror->plan;
	const struct plan_blob *blob = &plan->blobs[delivery->number];
	const struct plan_image *image = plan->images[plan->uses[blob->first_use]];

	*path = NULL;
	for (uint32_t i = 0; i < blob->n_uses; i++) {
		const struct mirror_image *user = &mirror->images[plan->uses[blob->first_use + i]];
		if (user->is_present)
			return mirror->repositories[user->repository];
	}
	*path = source_image_path_at(plan->source, &image->from, mirror->options.host);
	return *path;
}

static void count_arrival(struct delivery *delivery, bool was_mounted)
{
	struct mirror *mirror = delivery->mirror;

	if (was_mounted) {
		atomic_fetch_add(&mirror->counts.blobs_mounted, 1);
		return;
	}
	atomic_fetch_add(&mirror->counts.blobs_copied, 1);
	atomic_fetch_add(&mirror->counts.bytes_copied, delivery->descriptor.size);
}

static int open_reader(struct delivery *delivery, struct error *err)
{
	if (delivery->reader)
		return 0;
	if (mirror_open_blob(delivery->mirror, delivery->worker, delivery->number, &delivery->reader,
			     &delivery->is_spooled, err) == 0)
		return 0;
	delivery->is_unavailable = true;
	return -1;
}

/* The blob must be sent: only now it is worth to have its bytes at hand. */
static int open_for_upload(void *context, bool *is_needed, struct error *err)
{
	struct delivery *delivery = context;

	*is_needed = true;
	return open_reader(delivery, err);
}

/* The same, after the registry has not mounted it: it may be there all the same. */
static int open_if_absent(void *context, bool *is_needed, struct error *err)
{
	struct delivery *delivery = context;

	if (registry_has_blob(mirror_target_session(delivery->mirror, delivery->worker), delivery->repository,
			      &delivery->descriptor, &delivery->was_present, err) < 0)
		return -1;
	*is_needed = !delivery->was_present;
	return *is_needed ? open_reader(delivery, err) : 0;
}

static int write_blob(struct delivery *delivery, const struct repository *repository, const char *mount_from,
		      int (*open)(void *context, bool *is_needed, struct error *err), struct error *err)
{
	struct mirror *mirror = delivery->mirror;
	struct blob_source source = {
		.bytes = {.read = read_for_upload, .context = delivery, .size = delivery->descriptor.size},
		.open = open,
	};
	bool was_mounted = false;

	delivery->repository = repository;
	delivery->was_present = false;
	if (registry_write_blob(mirror_target_session(mirror, delivery->worker), repository,
				&delivery->descriptor, mount_from, &source, &was_mounted, err) < 0)
		return -1;
	if (!delivery->was_present)
		count_arrival(delivery, was_mounted);
	return 0;
}

/* A small blob is sent as quickly as it is asked for. Where so many in a row were not there, the target is
 * new to us: then only some are asked for, to see whether that has changed. */
#define SMALL_BLOB_BYTES 65536
#define MANY_ABSENCES 64
#define ASK_FOR_EVERY 16

static bool is_worth_asking(const struct delivery *delivery)
{
	return delivery->descriptor.size > SMALL_BLOB_BYTES || delivery->number % ASK_FOR_EVERY == 0 ||
	       atomic_load(&delivery->mirror->absences) < MANY_ABSENCES;
}

static int ask_for_blob(struct delivery *delivery, const struct repository *repository, bool *is_present,
			struct error *err)
{
	struct mirror *mirror = delivery->mirror;

	*is_present = false;
	if (!is_worth_asking(delivery))
		return 0;
	if (registry_has_blob(mirror_target_session(mirror, delivery->worker), repository,
			      &delivery->descriptor, is_present, err) < 0)
		return -1;
	if (*is_present)
		atomic_store(&mirror->absences, 0);
	else
		atomic_fetch_add(&mirror->absences, 1);
	return 0;
}

/* Into the first repository: it may be there; the registry may have it elsewhere; else it is uploaded. */
static int deliver_first(struct delivery *delivery, const struct repository *repository, struct error *err)
{
	struct mirror *mirror = delivery->mirror;
	CLEANUP(free_string) char *path = NULL;
	bool is_present;

	if (ask_for_blob(delivery, repository, &is_present, err) < 0)
		return -1;
	if (!is_present)
		return write_blob(delivery, repository, mount_source(delivery, &path), open_for_upload, err);
	atomic_fetch_add(&mirror->counts.blobs_present, 1);
	atomic_fetch_add(&mirror->counts.bytes_present, delivery->descriptor.size);
	return 0;
}

/* Into a further repository of the same registry: one request, where it mounts. */
static int deliver_again(struct delivery *delivery, const struct repository *repository,
			 const char *mount_from, struct error *err)
{
	return write_blob(delivery, repository, mount_from, open_if_absent, err);
}

static void end_delivery(struct delivery *delivery, bool is_delivered)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	struct mirror *mirror = delivery->mirror;

	blob_reader_free(delivery->reader);
	/* What could not be delivered before the run was stopped is there for the next one. */
	if (delivery->is_spooled && (is_delivered || !mirror_is_stopped(mirror)) &&
	    directory_store_remove_blob(mirror->options.spool, &delivery->descriptor.digest, &err) < 0)
		log_warning("%s", err.message);
	/* Whatever was not counted while it moved (it was there, or mounted) is done now. */
	if (is_delivered && !delivery->is_spooled)
		atomic_fetch_add(&mirror->options.progress->bytes_done,
				 delivery->descriptor.size - delivery->reported_bytes);
}

static struct delivery new_delivery(struct mirror *mirror, unsigned worker, uint32_t number)
{
	return (struct delivery){
		.mirror = mirror,
		.worker = worker,
		.number = number,
		.descriptor = {.digest = mirror->plan->blob_digests.digests[number],
			       .size = mirror->plan->blobs[number].size},
	};
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

/* The target repositories of the images that need the blob, each once. */
static size_t list_repositories(const struct mirror *mirror, const struct plan_blob *blob, uint32_t *list)
{
	size_t count = 0, kept = 0;

	for (uint32_t i = 0; i < blob->n_uses; i++) {
		const struct mirror_image *image = &mirror->images[mirror->plan->uses[blob->first_use + i]];
		if (!image->is_present && !atomic_load(&image->has_failed))
			list[count++] = image->repository;
	}
	qsort(list, count, sizeof(*list), compare_numbers);
	for (size_t i = 0; i < count; i++)
		if (!i || list[i] != list[kept - 1])
			list[kept++] = list[i];
	return kept;
}

/* A repository that refuses the blob costs its own images; a blob that cannot be had, all that still
 * wait for it. */
static void deliver(struct mirror *mirror, unsigned worker, uint32_t number)
{
	const struct plan_blob *blob = &mirror->plan->blobs[number];
	CLEANUP(free_memory) uint32_t *repositories = xcalloc(blob->n_uses, sizeof(*repositories));
	size_t count = list_repositories(mirror, blob, repositories);
	struct delivery delivery = new_delivery(mirror, worker, number);
	const char *home = NULL; /* has it by now: the others can mount from there */

	for (size_t i = 0; i < count && !mirror_is_stopped(mirror); i++) {
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		const char *path = mirror->repositories[repositories[i]];
		struct repository repository = repository_named(mirror, path);

		if ((home ? deliver_again(&delivery, &repository, home, &err)
			  : deliver_first(&delivery, &repository, &err)) == 0) {
			home = path;
			continue;
		}
		size_t n_lost = delivery.is_unavailable ? count - i : 1;
		mirror_fail_uses(mirror, number, &repositories[i], n_lost, &err);
		i += n_lost - 1;
	}
	end_delivery(&delivery, home != NULL);
}

int mirror_redeliver_blob(struct mirror *mirror, unsigned worker, uint32_t number, const char *path,
			  bool asks_first, struct error *err)
{
	struct delivery delivery = new_delivery(mirror, worker, number);
	struct repository repository = repository_named(mirror, path);
	bool is_present = false;
	int result = 0;

	/* Its bytes are in the progress already. */
	delivery.reported_bytes = delivery.descriptor.size;
	if (asks_first)
		result = registry_has_blob(mirror_target_session(mirror, worker), &repository,
					   &delivery.descriptor, &is_present, err);
	if (result == 0 && !is_present)
		result = write_blob(&delivery, &repository, NULL, open_for_upload, err);
	end_delivery(&delivery, result == 0);
	return result;
}

/* --- images */

static void finish_image(struct mirror *mirror, unsigned worker, uint32_t number);

/* One thing less that an image waits for. Roots wait for the end of the phase. */
static void release_image(struct mirror *mirror, unsigned worker, uint32_t number)
{
	if (atomic_fetch_sub(&mirror->images[number].remaining, 1) == 1 &&
	    !mirror->plan->images[number]->is_root)
		finish_image(mirror, worker, number);
}

static void finish_image(struct mirror *mirror, unsigned worker, uint32_t number)
{
	struct mirror_image *state = &mirror->images[number];
	const struct plan_image *image = mirror->plan->images[number];
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (atomic_exchange(&state->is_finished, true))
		return;
	if (!state->is_present && !atomic_load(&state->has_failed) && !mirror_is_stopped(mirror)) {
		if (mirror_publish_image(mirror, worker, number, &err) == 0) {
			state->is_done = true;
			atomic_fetch_add(&mirror->counts.images_copied, 1);
		} else {
			if (!error_is(&err, ERROR_CANCELLED))
				error_wrap(&err, "%s", image->name);
			mirror_fail_image(mirror, number, &err);
		}
	}
	if (image->attached_to == PLAN_NONE)
		atomic_fetch_add(&mirror->options.progress->items_done, 1);
	else
		release_image(mirror, worker, image->attached_to);
}

/* --- the phase */

static void move_blob(size_t index, unsigned worker, void *context)
{
	struct mirror *mirror = context;
	uint32_t number = mirror->order[index];
	const struct plan_blob *blob = &mirror->plan->blobs[number];

	if (mirror_is_stopped(mirror))
		return;
	if (mirror_is_needed(mirror, number))
		deliver(mirror, worker, number);
	for (uint32_t i = 0; i < blob->n_uses; i++)
		release_image(mirror, worker, mirror->plan->uses[blob->first_use + i]);
}

static void finish_item(size_t index, unsigned worker, void *context)
{
	struct mirror *mirror = context;

	if (!mirror->plan->images[index]->is_root && !mirror_is_stopped(mirror) &&
	    atomic_load(&mirror->images[index].remaining) == 0)
		finish_image(mirror, worker, (uint32_t)index);
}

static void finish_roots(struct mirror *mirror)
{
	for (size_t i = 0; i < mirror->plan->n_images; i++)
		if (mirror->plan->images[i]->is_root && !mirror_is_stopped(mirror))
			finish_image(mirror, 0, (uint32_t)i);
}

/* A subject also waits for what is attached to it. */
static void count_attached(struct mirror *mirror)
{
	const struct plan *plan = mirror->plan;

	for (size_t i = 0; i < plan->n_images; i++)
		if (plan->images[i]->attached_to != PLAN_NONE)
			atomic_fetch_add(&mirror->images[plan->images[i]->attached_to].remaining, 1);
}

int mirror_to_registry(struct mirror *mirror, struct error *err)
{
	size_t n_blobs, n_images, n_failed;
	uint64_t bytes;

	plan_count_images(mirror->plan, &n_images, &n_failed);
	mirror_count_needed(mirror, &n_blobs, &bytes);
	mirror_order_blobs(mirror);
	mirror_count_remaining(mirror);
	count_attached(mirror);
	progress_start(mirror->options.progress, "copying", n_images, bytes);
	/* Those that wait for no blob, first: others may wait for them. */
	parallel_for(mirror->plan->n_images, mirror->options.jobs, finish_item, mirror);
	parallel_for(mirror->n_order, mirror->options.jobs, move_blob, mirror);
	parallel_for(mirror->plan->n_images, mirror->options.jobs, finish_item, mirror);
	finish_roots(mirror);
	return mirror_end_phase(mirror, err);
}
