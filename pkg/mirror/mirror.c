/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/map.h"
#include "mirror/private.h"

static void intern_repositories(struct mirror *mirror)
{
	struct plan *plan = mirror->plan;
	struct map numbers = MAP_INIT;

	mirror->repositories = xcalloc(plan->n_images, sizeof(*mirror->repositories));
	for (size_t i = 0; i < plan->n_images; i++) {
		const char *path = plan->images[i]->target_repository;

		if (!path)
			continue;
		if (!map_contains(&numbers, path)) {
			map_set(&numbers, path, (void *)(uintptr_t)mirror->n_repositories);
			mirror->repositories[mirror->n_repositories++] = path;
		}
		mirror->images[i].repository = (uint32_t)(uintptr_t)map_get(&numbers, path);
	}
	map_release(&numbers);
}

struct mirror *mirror_new(struct plan *plan, const struct mirror_options *options)
{
	struct mirror *mirror = xcalloc(1, sizeof(*mirror));
	unsigned workers = options->jobs > options->request_jobs ? options->jobs : options->request_jobs;

	mirror->plan = plan;
	mirror->options = *options;
	mirror->images = xcalloc(plan->n_images, sizeof(*mirror->images));
	mirror->order = xcalloc(plan->n_blobs, sizeof(*mirror->order));
	mirror->sources = xcalloc(workers, sizeof(*mirror->sources));
	mirror->targets = xcalloc(workers, sizeof(*mirror->targets));
	pthread_mutex_init(&mirror->mutex, NULL);
	for (size_t i = 0; i < MIRROR_TURNS; i++)
		pthread_mutex_init(&mirror->turns[i], NULL);
	intern_repositories(mirror);
	for (size_t i = 0; i < plan->n_images; i++)
		atomic_store(&mirror->images[i].has_failed, !plan_image_takes_part(plan->images[i]));
	return mirror;
}

static void free_sessions(struct mirror *mirror)
{
	unsigned jobs = mirror->options.jobs, request_jobs = mirror->options.request_jobs;

	for (unsigned i = 0; i < (jobs > request_jobs ? jobs : request_jobs); i++) {
		source_session_free(mirror->sources[i]);
		registry_session_free(mirror->targets[i]);
	}
}

void mirror_free(struct mirror *mirror)
{
	if (!mirror)
		return;
	free_sessions(mirror);
	for (size_t i = 0; i < mirror->plan->n_images; i++)
		error_clear(&mirror->images[i].failure);
	free(mirror->images);
	free(mirror->repositories);
	free(mirror->order);
	free(mirror->sources);
	free(mirror->targets);
	error_clear(&mirror->own_failure);
	pthread_mutex_destroy(&mirror->mutex);
	for (size_t i = 0; i < MIRROR_TURNS; i++)
		pthread_mutex_destroy(&mirror->turns[i]);
	map_release(&mirror->published);
	free(mirror);
}

void mirror_freep(struct mirror **mirror)
{
	mirror_free(*mirror);
}

struct source_session *mirror_source_session(struct mirror *mirror, unsigned worker)
{
	if (!mirror->sources[worker])
		mirror->sources[worker] = source_session_new(mirror->plan->source);
	return mirror->sources[worker];
}

struct registry_session *mirror_target_session(struct mirror *mirror, unsigned worker)
{
	if (!mirror->targets[worker])
		mirror->targets[worker] = registry_session_new(mirror->options.client);
	return mirror->targets[worker];
}

void mirror_count_remaining(struct mirror *mirror)
{
	const struct plan *plan = mirror->plan;

	for (size_t i = 0; i < mirror->n_order; i++) {
		const struct plan_blob *blob = &plan->blobs[mirror->order[i]];
		for (uint32_t use = 0; use < blob->n_uses; use++)
			atomic_fetch_add(&mirror->images[plan->uses[blob->first_use + use]].remaining, 1);
	}
}

/* --- failures */

void mirror_fail_image(struct mirror *mirror, uint32_t image, struct error *err)
{
	pthread_mutex_lock(&mirror->mutex);
	if (error_is_own_side(err)) {
		error_move(&mirror->own_failure, err);
		atomic_store(&mirror->is_stopped, true);
	} else {
		atomic_store(&mirror->images[image].has_failed, true);
		if (!mirror->options.continue_on_error &&
		    mirror->plan->images[image]->attached_to == PLAN_NONE)
			atomic_store(&mirror->is_stopped, true);
		error_move(&mirror->images[image].failure, err);
	}
	pthread_mutex_unlock(&mirror->mutex);
}

static bool is_among(uint32_t repository, const uint32_t *repositories, size_t n_repositories)
{
	for (size_t i = 0; i < n_repositories; i++)
		if (repositories[i] == repository)
			return true;
	return !n_repositories;
}

void mirror_fail_uses(struct mirror *mirror, uint32_t number, const uint32_t *repositories,
		      size_t n_repositories, struct error *err)
{
	const struct plan_blob *blob = &mirror->plan->blobs[number];
	CLEANUP(error_clear) struct error original = steal(err);
	char text[DIGEST_TEXT_SIZE];

	digest_format(&mirror->plan->blob_digests.digests[number], text);
	for (uint32_t i = 0; i < blob->n_uses; i++) {
		uint32_t image = mirror->plan->uses[blob->first_use + i];
		CLEANUP(error_clear) struct error copy = ERROR_INIT;

		if (mirror->images[image].is_present ||
		    !is_among(mirror->images[image].repository, repositories, n_repositories))
			continue;
		if (error_is(&original, ERROR_CANCELLED))
			error_set(&copy, original.code, "%s", original.message);
		else
			error_set(&copy, original.code, "%s: %s %s: %s", mirror->plan->images[image]->name,
				  blob->is_config ? "config" : "layer", text, original.message);
		mirror_fail_image(mirror, image, &copy);
	}
}

bool mirror_is_stopped(const struct mirror *mirror)
{
	return atomic_load_explicit(&mirror->is_stopped, memory_order_relaxed);
}

bool mirror_is_needed(const struct mirror *mirror, uint32_t number)
{
	const struct plan_blob *blob = &mirror->plan->blobs[number];

	for (uint32_t i = 0; i < blob->n_uses; i++) {
		const struct mirror_image *image = &mirror->images[mirror->plan->uses[blob->first_use + i]];
		if (!image->is_present && !atomic_load(&image->has_failed))
			return true;
	}
	return false;
}

int mirror_end_phase(struct mirror *mirror, struct error *err)
{
	for (size_t i = 0; i < mirror->plan->n_images; i++)
		if (mirror->images[i].failure.code != ERROR_NONE)
			error_move(&mirror->plan->images[i]->failure, &mirror->images[i].failure);
	if (mirror->own_failure.code != ERROR_NONE)
		return error_move(err, &mirror->own_failure);
	return cancel_requested() ? cancel_error(err) : 0;
}

/* --- counting */

bool mirror_image_is_present(const struct mirror *mirror, uint32_t image)
{
	return mirror->images[image].is_present;
}

bool mirror_image_is_done(const struct mirror *mirror, uint32_t image)
{
	return mirror->images[image].is_present || mirror->images[image].is_done;
}

struct needed_manifests {
	const struct mirror *mirror;
	bool *is_counted;
	uint64_t bytes;
};

static int count_manifest(uint32_t position, void *context)
{
	struct needed_manifests *needed = context;

	if (!needed->is_counted[position])
		needed->bytes += needed->mirror->plan->manifests[position].size;
	needed->is_counted[position] = true;
	return 0;
}

void mirror_count_needed(const struct mirror *mirror, size_t *n_blobs, uint64_t *bytes)
{
	const struct plan *plan = mirror->plan;
	struct needed_manifests needed = {.mirror = mirror};

	*n_blobs = 0;
	*bytes = 0;
	for (size_t i = 0; i < plan->n_blobs; i++) {
		if (!plan->blobs[i].n_uses || !mirror_is_needed(mirror, (uint32_t)i))
			continue;
		*n_blobs += 1;
		*bytes += plan->blobs[i].size;
	}
	needed.is_counted = xcalloc(plan->n_manifests, sizeof(*needed.is_counted));
	for (size_t i = 0; i < plan->n_images; i++)
		if (!mirror->images[i].is_present && plan_image_takes_part(plan->images[i]))
			plan_walk(plan, plan->images[i], count_manifest, &needed);
	free(needed.is_counted);
	*bytes += needed.bytes;
}

static int compare_sizes(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return first < second ? 1 : first > second ? -1 : 0;
}

uint64_t mirror_spool_bytes(const struct mirror *mirror)
{
	const struct plan *plan = mirror->plan;
	CLEANUP(free_memory) uint64_t *sizes = xcalloc(plan->n_blobs, sizeof(*sizes));
	size_t count = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < plan->n_blobs; i++)
		if (plan->blobs[i].n_uses && mirror_is_needed(mirror, (uint32_t)i))
			sizes[count++] = plan->blobs[i].size;
	qsort(sizes, count, sizeof(*sizes), compare_sizes);
	for (size_t i = 0; i < count && i < mirror->options.jobs; i++)
		bytes += sizes[i];
	return bytes;
}

struct mirror_counts mirror_counts(const struct mirror *mirror)
{
	return (struct mirror_counts){
		.images_present = atomic_load(&mirror->counts.images_present),
		.images_copied = atomic_load(&mirror->counts.images_copied),
		.blobs_present = atomic_load(&mirror->counts.blobs_present),
		.blobs_mounted = atomic_load(&mirror->counts.blobs_mounted),
		.blobs_copied = atomic_load(&mirror->counts.blobs_copied),
		.bytes_copied = atomic_load(&mirror->counts.bytes_copied),
		.bytes_present = atomic_load(&mirror->counts.bytes_present),
	};
}
