/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From images to manifests: wide, level by level. First the top manifest of each image; then the children
 * of indexes, wave after wave, until none is left; then what is attached to the images, which makes new
 * images for the next round.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "base/text.h"
#include "plan/private.h"

struct source_session *resolution_session(struct resolution *resolution, unsigned worker)
{
	if (!resolution->sessions[worker])
		resolution->sessions[worker] = source_session_new(resolution->plan->source);
	return resolution->sessions[worker];
}

void resolution_fail(struct resolution *resolution, struct error *err)
{
	pthread_mutex_lock(&resolution->plan->mutex);
	error_move(&resolution->own_failure, err);
	pthread_mutex_unlock(&resolution->plan->mutex);
}

int plan_keep_manifest(struct plan *plan, const struct digest *digest, const struct strbuf *bytes,
		       struct error *err)
{
	if (source_store(plan->source))
		return 0;
	return manifest_cache_write(plan->cache, digest, bytes->buf, bytes->len, err);
}

/* --- the tops */

static int read_top(struct resolution *resolution, struct source_session *session, struct plan_image *image,
		    struct strbuf *bytes, struct descriptor *top, struct error *err)
{
	struct plan *plan = resolution->plan;

	if (image->is_pinned && !source_store(plan->source) &&
	    manifest_cache_read(plan->cache, &image->digest, bytes)) {
		*top = (struct descriptor){
			.digest = image->digest, .size = bytes->len, .media_type = xstrdup("")};
		return 0;
	}
	if (source_resolve(session, &image->from, bytes, top, err) < 0)
		return -1;
	if (image->is_pinned && !digest_equal(&image->digest, &top->digest)) {
		char wanted[DIGEST_TEXT_SIZE], got[DIGEST_TEXT_SIZE];
		return error_set(err, ERROR_DIGEST, "the manifest has digest %s, should be %s",
				 digest_format(&top->digest, got), digest_format(&image->digest, wanted));
	}
	return plan_keep_manifest(plan, &top->digest, bytes, err);
}

/* With --platform: from the index to the child that was asked for. */
static int choose_platform(const struct plan_options *options, const struct manifest *parsed,
			   const struct descriptor **child, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf offered = STRBUF_INIT;

	*child = NULL;
	if (!options->platform || !manifest_type_is_index(parsed->type))
		return 0;
	for (size_t i = 0; i < parsed->n_children; i++) {
		if (!parsed->children[i].has_platform)
			continue;
		if (platform_matches(&parsed->children[i].platform, options->platform)) {
			*child = &parsed->children[i];
			return 0;
		}
		CLEANUP(free_string) char *name = platform_format(&parsed->children[i].platform);
		CLEANUP(free_string) char *shown = text_escaped(name);
		strbuf_addf(&offered, "%s%s", offered.len ? ", " : "", shown);
	}
	CLEANUP(free_string) char *wanted = platform_format(options->platform);
	return error_set(err, ERROR_NOT_FOUND, "has no platform %s; it has: %s", wanted,
			 offered.len ? offered.buf : "none");
}

/* The mutex is held. */
static int add_top_locked(struct plan *plan, struct plan_image *image, const struct descriptor *top,
			  const struct manifest *parsed, const struct descriptor *child, struct error *err)
{
	uint32_t position;

	if (child) {
		if (plan_add_manifest(plan, &child->digest, child->size,
				      manifest_type_parse(child->media_type), image->number, &position,
				      err) < 0)
			return -1;
	} else if (plan_add_manifest(plan, &top->digest, top->size, parsed->type, image->number, &position,
				     err) < 0 ||
		   plan_add_contents(plan, position, parsed, image->number, err) < 0) {
		return -1;
	}
	image->top = position;
	image->is_of_index = child != NULL;
	image->digest = plan->manifest_digests.digests[position];
	return 0;
}

static int add_top(struct resolution *resolution, struct plan_image *image, const struct descriptor *top,
		   const struct strbuf *bytes, struct error *err)
{
	struct plan *plan = resolution->plan;
	CLEANUP(manifest_release) struct manifest parsed = MANIFEST_INIT;
	const struct descriptor *child;

	if (manifest_parse(&parsed, bytes->buf, bytes->len, top->media_type, OCI_MAX_CHILDREN, err) < 0 ||
	    choose_platform(resolution->options, &parsed, &child, err) < 0)
		return -1;
	pthread_mutex_lock(&plan->mutex);
	int result = add_top_locked(plan, image, top, &parsed, child, err);
	pthread_mutex_unlock(&plan->mutex);
	return result;
}

/* The image comes first, as it is written. "<its repository>: manifest <its tag>" says no more than that. */
static void name_failure(const struct plan_image *image, struct error *err)
{
	CLEANUP(free_string) char *repository = plan_repository_of(image->name);
	size_t length = text_starts_with(image->name, repository) ? strlen(repository) : strlen(image->name);
	const char *tag = image->name[length] ? image->name + length + 1 : "latest";
	CLEANUP(free_string) char *place = xasprintf("%s: manifest %s: ", repository, tag);
	CLEANUP(error_clear) struct error named = ERROR_INIT;

	if (text_starts_with(err->message, image->name))
		return;
	bool is_same_place = text_starts_with(err->message, place);
	error_set(&named, err->code, "%s: %s", image->name,
		  err->message + (is_same_place ? strlen(place) : 0));
	error_clear(err);
	error_move(err, &named);
}

static void fail_image(struct plan_image *image, struct resolution *resolution, struct error *err)
{
	if (error_is_own_side(err)) {
		resolution_fail(resolution, err);
		return;
	}
	name_failure(image, err);
	error_move(&image->failure, err);
}

static void resolve_image(size_t index, unsigned worker, void *context)
{
	struct resolution *resolution = context;
	struct plan_image *image = resolution->plan->images[resolution->first_image + index];
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (!plan_image_takes_part(image))
		return;
	if (read_top(resolution, resolution_session(resolution, worker), image, &bytes, &top, &err) < 0 ||
	    add_top(resolution, image, &top, &bytes, &err) < 0)
		fail_image(image, resolution, &err);
	atomic_fetch_add(&resolution->options->progress->items_done, 1);
}

/* --- the children, in waves */

/* Another image whose index names the manifest: its repository may have what the first one lacks. */
static struct plan_image *next_parent(struct plan *plan, uint32_t position, uint32_t after)
{
	for (size_t i = (size_t)after + 1; i < plan->n_images; i++) {
		const struct plan_image *image = plan->images[i];

		if (image->top == PLAN_NONE)
			continue;
		const struct plan_manifest *top = &plan->manifests[image->top];
		for (uint32_t child = 0; child < top->n_children; child++)
			if (plan->children[top->first_child + child] == position)
				return plan->images[i];
	}
	return NULL;
}

static int fetch_child(struct resolution *resolution, struct source_session *session, uint32_t position,
		       const struct descriptor *descriptor, struct strbuf *bytes, struct error *err)
{
	struct plan *plan = resolution->plan;

	if (!source_store(plan->source) && manifest_cache_read(plan->cache, &descriptor->digest, bytes))
		return 0;
	pthread_mutex_lock(&plan->mutex);
	struct plan_image *image = plan->images[plan->manifests[position].image];
	pthread_mutex_unlock(&plan->mutex);
	while (source_read_manifest(session, &image->from, descriptor, bytes, err) < 0) {
		pthread_mutex_lock(&plan->mutex);
		image = error_is_own_side(err) ? NULL : next_parent(plan, position, image->number);
		pthread_mutex_unlock(&plan->mutex);
		if (!image)
			return -1;
		error_clear(err);
	}
	return plan_keep_manifest(plan, &descriptor->digest, bytes, err);
}

static int read_child(struct resolution *resolution, struct source_session *session, uint32_t position,
		      struct error *err)
{
	struct plan *plan = resolution->plan;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(manifest_release) struct manifest parsed = MANIFEST_INIT;

	pthread_mutex_lock(&plan->mutex);
	struct plan_manifest manifest = plan->manifests[position];
	struct digest digest = plan->manifest_digests.digests[position];
	pthread_mutex_unlock(&plan->mutex);
	const char *type = manifest_type_name((enum manifest_type)manifest.type);
	struct descriptor descriptor = {.digest = digest, .size = manifest.size, .media_type = (char *)type};

	if (fetch_child(resolution, session, position, &descriptor, &bytes, err) < 0)
		return -1;
	if (bytes.len != manifest.size)
		return error_set(err, ERROR_DIGEST, "manifest has %zu bytes, its index says %" PRIu32,
				 bytes.len, manifest.size);
	if (manifest_parse(&parsed, bytes.buf, bytes.len, type, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	pthread_mutex_lock(&plan->mutex);
	int result = plan_add_contents(plan, position, &parsed, manifest.image, err);
	pthread_mutex_unlock(&plan->mutex);
	return result;
}

static void resolve_child(size_t index, unsigned worker, void *context)
{
	struct resolution *resolution = context;
	struct plan *plan = resolution->plan;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	uint32_t position = resolution->wave[index];
	char text[DIGEST_TEXT_SIZE];

	if (read_child(resolution, resolution_session(resolution, worker), position, &err) == 0)
		return;
	if (error_is_own_side(&err)) {
		resolution_fail(resolution, &err);
		return;
	}
	pthread_mutex_lock(&plan->mutex);
	struct plan_image *image = plan->images[plan->manifests[position].image];
	error_wrap(&err, "%s: manifest %s of its index", image->name,
		   digest_format(&plan->manifest_digests.digests[position], text));
	error_move(&image->failure, &err);
	pthread_mutex_unlock(&plan->mutex);
}

/* Manifests from `first` on that are not read yet. */
static size_t collect_wave(struct resolution *resolution, size_t first)
{
	struct plan *plan = resolution->plan;
	size_t count = 0;

	free(resolution->wave);
	resolution->wave = xcalloc(plan->n_manifests - first, sizeof(*resolution->wave));
	for (size_t i = first; i < plan->n_manifests; i++)
		if (!plan->manifests[i].is_resolved)
			resolution->wave[count++] = (uint32_t)i;
	return count;
}

static int check_own_side(struct resolution *resolution, struct error *err)
{
	if (resolution->own_failure.code != ERROR_NONE)
		return error_move(err, &resolution->own_failure);
	return cancel_requested() ? cancel_error(err) : 0;
}

static int resolve_children(struct resolution *resolution, struct error *err)
{
	struct plan *plan = resolution->plan;

	for (unsigned depth = 1; depth <= OCI_MAX_INDEX_DEPTH; depth++) {
		size_t end = plan->n_manifests;
		size_t count = collect_wave(resolution, resolution->next_manifest);

		parallel_for(count, resolution->options->workers, resolve_child, resolution);
		resolution->next_manifest = end;
		if (check_own_side(resolution, err) < 0)
			return -1;
		if (end == plan->n_manifests)
			return 0;
	}
	return 0;
}

/* --- the rounds */

static int reject_unresolved(uint32_t position, void *context)
{
	const struct plan *plan = context;

	return plan->manifests[position].is_resolved ? 0 : 1;
}

/* An image is whole only if each manifest below it is; one child may be missing for several images. */
static void fail_incomplete(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_images; i++) {
		struct plan_image *image = plan->images[i];

		if (!plan_image_takes_part(image))
			continue;
		if (image->top == PLAN_NONE || plan_walk(plan, image, reject_unresolved, plan) != 0)
			error_set(&image->failure, ERROR_NOT_FOUND,
				  "%s: a manifest of its index could not be read, or indexes are nested "
				  "deeper than %d",
				  image->name, OCI_MAX_INDEX_DEPTH);
	}
	for (size_t i = 0; i < plan->n_images; i++) {
		struct plan_image *image = plan->images[i];

		/* A signature without what it signs is of no use. */
		if (image->attached_to != PLAN_NONE && plan_image_takes_part(image) &&
		    !plan_image_takes_part(plan->images[image->attached_to]))
			error_set(&image->failure, ERROR_NOT_FOUND, "%s: what it belongs to is missing",
				  image->name);
	}
}

static int resolve_rounds(struct resolution *resolution, struct error *err)
{
	struct plan *plan = resolution->plan;

	for (unsigned round = 0; resolution->first_image < plan->n_images; round++) {
		size_t first = resolution->first_image, end = plan->n_images;

		parallel_for(end - first, resolution->options->workers, resolve_image, resolution);
		if (check_own_side(resolution, err) < 0 || resolve_children(resolution, err) < 0)
			return -1;
		if (resolution->options->with_attached && round < PLAN_MAX_ATTACHED_DEPTH)
			resolution_find_attached(resolution, first, end);
		if (check_own_side(resolution, err) < 0)
			return -1;
		resolution->first_image = end;
		atomic_store(&resolution->options->progress->items_total, plan->n_images);
	}
	return 0;
}

int plan_resolve(struct plan *plan, const struct plan_options *options, struct error *err)
{
	struct resolution resolution = {
		.plan = plan, .options = options, .referrer_hosts = MAP_INIT_FREEING(free)};

	progress_start(options->progress, "reading manifests", plan->n_images, 0);
	resolution.sessions = xcalloc(options->workers, sizeof(struct source_session *));
	int result = resolve_rounds(&resolution, err);
	if (result == 0)
		fail_incomplete(plan);
	for (unsigned i = 0; i < options->workers; i++)
		source_session_free(resolution.sessions[i]);
	free(resolution.sessions);
	free(resolution.wave);
	map_release(&resolution.referrer_hosts);
	map_release(&resolution.attached_names);
	error_clear(&resolution.own_failure);
	return result;
}
