/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From images to manifests: wide, level by level. First the top manifest of each image, with a look for
 * what is attached to it; then the children of indexes, wave after wave, until none is left. Attached
 * images are images like the others and take part in the next round.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/map.h"
#include "base/parallel.h"
#include "base/text.h"
#include "plan/plan.h"

#define MAX_ATTACHED_DEPTH 4
#define MAX_ATTACHED_PER_IMAGE 128
#define MAX_REFUSALS 3

/* What was learnt about where attached images can be found; under the plan's mutex. */
struct attached_knowledge {
	struct map refusals;     /* repository -> number of times in a row that it had no .sig */
	struct map referrer_hosts; /* host -> &yes or &no */
};

struct resolution {
	struct plan *plan;
	const struct plan_options *options;
	struct source_session **sessions; /* per worker */
	size_t first_image, end_image;    /* of this round */
	size_t image_step;                /* between images that are read one after another */
	size_t next_manifest;             /* those below have had their wave */
	uint32_t *wave;                   /* manifests to be read in this wave */
	struct attached_knowledge attached;
	struct error own_failure;         /* of our side; under the plan's mutex */
};

static struct source_session *session_of(struct resolution *resolution, unsigned worker)
{
	if (!resolution->sessions[worker])
		resolution->sessions[worker] = source_session_new(resolution->plan->source);
	return resolution->sessions[worker];
}

/* --- adding what was read to the plan; the mutex is held */

static uint32_t add_blob(struct plan *plan, const struct descriptor *descriptor, bool is_config)
{
	bool is_new;
	uint32_t position = digest_map_add(&plan->blob_digests, &descriptor->digest, &is_new);

	if (is_new) {
		array_grow(plan->blobs, plan->n_blobs, plan->allocated_blobs);
		plan->blobs[plan->n_blobs++] =
			(struct plan_blob){.size = descriptor->size, .is_config = is_config};
	}
	return position;
}

static void add_manifest_blob(struct plan *plan, const struct descriptor *descriptor, bool is_config)
{
	uint32_t position = add_blob(plan, descriptor, is_config);

	array_grow(plan->manifest_blobs, plan->n_manifest_blobs, plan->allocated_manifest_blobs);
	plan->manifest_blobs[plan->n_manifest_blobs++] = position;
}

static uint32_t add_manifest(struct plan *plan, const struct digest *digest, uint64_t size,
			     enum manifest_type type, uint32_t image)
{
	bool is_new;
	uint32_t position = digest_map_add(&plan->manifest_digests, digest, &is_new);

	if (is_new) {
		array_grow(plan->manifests, plan->n_manifests, plan->allocated_manifests);
		plan->manifests[plan->n_manifests++] = (struct plan_manifest){
			.size = (uint32_t)size, .type = (uint8_t)type, .image = image};
	}
	return position;
}

/* Two manifests may claim different sizes for one blob: one of them lies, and neither can be believed. */
static int check_sizes(const struct plan *plan, const struct manifest *manifest, struct error *err)
{
	for (size_t i = 0; i <= manifest->n_layers; i++) {
		const struct descriptor *blob = i < manifest->n_layers ? &manifest->layers[i] : &manifest->config;
		uint32_t known = digest_map_find(&plan->blob_digests, &blob->digest);
		char text[DIGEST_TEXT_SIZE];

		if (known != DIGEST_MAP_NONE && plan->blobs[known].size != blob->size)
			return error_set(err, ERROR_DIGEST, "blob %s: %" PRIu64 " bytes here, %" PRIu64 " bytes in another manifest",
					 digest_format(&blob->digest, text), blob->size, plan->blobs[known].size);
	}
	return 0;
}

static int add_contents(struct plan *plan, uint32_t position, const struct manifest *parsed,
			uint32_t image, struct error *err)
{
	if (plan->manifests[position].is_resolved)
		return 0;
	if (manifest_type_is_index(parsed->type)) {
		uint32_t first = (uint32_t)plan->n_children;

		for (size_t i = 0; i < parsed->n_children; i++) {
			const struct descriptor *child = &parsed->children[i];
			uint32_t added = add_manifest(plan, &child->digest, child->size,
						      manifest_type_parse(child->media_type), image);

			array_grow(plan->children, plan->n_children, plan->allocated_children);
			plan->children[plan->n_children++] = added;
		}
		plan->manifests[position].first_child = first;
		plan->manifests[position].n_children = (uint32_t)parsed->n_children;
	} else {
		if (check_sizes(plan, parsed, err) < 0)
			return -1;
		plan->manifests[position].first_blob = (uint32_t)plan->n_manifest_blobs;
		add_manifest_blob(plan, &parsed->config, true);
		for (size_t i = 0; i < parsed->n_layers; i++)
			add_manifest_blob(plan, &parsed->layers[i], false);
		plan->manifests[position].n_blobs = (uint32_t)parsed->n_layers + 1;
	}
	plan->manifests[position].type = (uint8_t)parsed->type;
	plan->manifests[position].is_resolved = true;
	return 0;
}

/* --- reading a manifest */

static int keep_manifest(struct plan *plan, const struct digest *digest, const struct strbuf *bytes,
			 struct error *err)
{
	if (source_store(plan->source))
		return 0;
	return manifest_cache_write(plan->cache, digest, bytes->buf, bytes->len, err);
}

static int read_top(struct resolution *resolution, struct source_session *session,
		    struct plan_image *image, struct strbuf *bytes, struct descriptor *top, struct error *err)
{
	struct plan *plan = resolution->plan;

	if (image->is_pinned && !source_store(plan->source) &&
	    manifest_cache_read(plan->cache, &image->digest, bytes)) {
		*top = (struct descriptor){.digest = image->digest, .size = bytes->len, .media_type = xstrdup("")};
		return 0;
	}
	if (source_resolve(session, &image->from, bytes, top, err) < 0)
		return -1;
	if (image->is_pinned && !digest_equal(&image->digest, &top->digest)) {
		char wanted[DIGEST_TEXT_SIZE], got[DIGEST_TEXT_SIZE];
		return error_set(err, ERROR_DIGEST, "%s: the manifest has digest %s, should be %s", image->name,
				 digest_format(&top->digest, got), digest_format(&image->digest, wanted));
	}
	return keep_manifest(plan, &top->digest, bytes, err);
}

/* With --platform: from the index to the child that was asked for. */
static int choose_platform(const struct plan_options *options, const struct manifest *parsed,
			   const struct plan_image *image, const struct descriptor **child, struct error *err)
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
	return error_set(err, ERROR_NOT_FOUND, "%s: has no platform %s; it has: %s", image->name, wanted,
			 offered.len ? offered.buf : "none");
}

static int add_top(struct resolution *resolution, uint32_t number, const struct descriptor *top,
		   const struct strbuf *bytes, struct error *err)
{
	struct plan *plan = resolution->plan;
	struct plan_image *image = plan->images[number];
	CLEANUP(manifest_release) struct manifest parsed = MANIFEST_INIT;
	const struct descriptor *child;

	if (manifest_parse(&parsed, bytes->buf, bytes->len, top->media_type, OCI_MAX_CHILDREN, err) < 0 ||
	    choose_platform(resolution->options, &parsed, image, &child, err) < 0)
		return error_is(err, ERROR_NOT_FOUND) ? -1 : error_wrap(err, "%s", image->name);
	pthread_mutex_lock(&plan->mutex);
	uint32_t position;
	int result = 0;
	if (child) {
		position = add_manifest(plan, &child->digest, child->size,
					manifest_type_parse(child->media_type), number);
	} else {
		position = add_manifest(plan, &top->digest, top->size, parsed.type, number);
		result = add_contents(plan, position, &parsed, number, err);
	}
	image->top = position;
	image->digest = plan->manifest_digests.digests[position];
	pthread_mutex_unlock(&plan->mutex);
	return result < 0 ? error_wrap(err, "%s", image->name) : 0;
}

/* --- what is attached to an image */

static bool may_have_signatures(struct resolution *resolution, const char *repository)
{
	pthread_mutex_lock(&resolution->plan->mutex);
	bool may = (uintptr_t)map_get(&resolution->attached.refusals, repository) < MAX_REFUSALS;
	pthread_mutex_unlock(&resolution->plan->mutex);
	return may;
}

static void note_signature(struct resolution *resolution, const char *repository, bool was_there)
{
	pthread_mutex_lock(&resolution->plan->mutex);
	uintptr_t refusals = was_there ? 0 : (uintptr_t)map_get(&resolution->attached.refusals, repository) + 1;
	map_set(&resolution->attached.refusals, repository, (void *)refusals);
	pthread_mutex_unlock(&resolution->plan->mutex);
}

/* A copy of where an image is, for something else in the same repository. */
static void copy_places(struct source_image *to, const struct source_image *from)
{
	to->name = xstrdup(from->name);
	to->places.items = xcalloc(from->places.count, sizeof(*to->places.items));
	to->places.count = from->places.count;
	for (size_t i = 0; i < from->places.count; i++) {
		reference_copy(&to->places.items[i].reference, &from->places.items[i].reference);
		to->places.items[i].is_insecure = from->places.items[i].is_insecure;
		to->places.items[i].is_original = from->places.items[i].is_original;
	}
	atomic_store(&to->preferred, atomic_load((atomic_uint *)&from->preferred));
}

/* "quay.io/a/b" of an image's name. */
static char *repository_of(const char *name)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct reference reference = REFERENCE_INIT;
	char *repository = NULL;

	if (reference_parse(&reference, name, &ignored) == 0) {
		reference_set(&reference.tag, "");
		reference_set(&reference.id, "");
		repository = reference_exact(&reference);
	}
	reference_release(&reference);
	return repository ? repository : xstrdup(name);
}

/* The mutex is held. The new image's manifest is read in the next round, from the cache. */
static void add_attached(struct resolution *resolution, uint32_t subject, const char *tag,
			 const struct digest *digest, const struct descriptor *stored)
{
	struct plan *plan = resolution->plan;
	struct plan_image *image = plan->images[subject];
	struct source_image from = {0};
	CLEANUP(free_string) char *repository = repository_of(image->name);
	char text[DIGEST_TEXT_SIZE];
	CLEANUP(free_string) char *name = tag ? xasprintf("%s:%s", repository, tag)
					      : xasprintf("%s@%s", repository, digest_format(digest, text));

	if (source_store(plan->source)) {
		source_image_init_store(&from, name, stored);
	} else {
		copy_places(&from, &image->from);
		for (size_t i = 0; i < from.places.count; i++) {
			reference_set(&from.places.items[i].reference.tag, "");
			reference_set(&from.places.items[i].reference.id, digest_format(digest, text));
		}
	}
	struct plan_image *added = plan_add_image(plan, name, &from);
	added->is_pinned = true;
	added->digest = *digest;
	added->attached_to = subject;
	added->target_repository = image->target_repository ? xstrdup(image->target_repository) : NULL;
	added->target_tag = tag ? xstrdup(tag) : NULL;
}

static void find_signature(struct resolution *resolution, struct source_session *session, uint32_t number)
{
	struct plan *plan = resolution->plan;
	pthread_mutex_lock(&plan->mutex);
	struct plan_image *image = plan->images[number];
	pthread_mutex_unlock(&plan->mutex);
	CLEANUP(free_string) char *repository = repository_of(image->name);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char hex[DIGEST_HEX_LENGTH + 1];

	if (!may_have_signatures(resolution, repository))
		return;
	CLEANUP(free_string) char *tag = xasprintf("sha256-%s.sig", digest_format_hex(&image->digest, hex));
	int result = source_resolve_tag(session, &image->from, tag, &bytes, &top, &err);
	note_signature(resolution, repository, result == 0);
	if (result == 0 && keep_manifest(plan, &top.digest, &bytes, &err) == 0) {
		pthread_mutex_lock(&plan->mutex);
		add_attached(resolution, number, tag, &top.digest, &top);
		pthread_mutex_unlock(&plan->mutex);
	} else if (err.code != ERROR_NONE && !error_is(&err, ERROR_NOT_FOUND)) {
		log_info("%s: looking for its signature: %s", image->name, err.message);
	}
}

/* Whether this host is worth asking for referrers: 1 yes, 0 not known yet, -1 no. */
static int referrers_knowledge(struct resolution *resolution, const char *host)
{
	pthread_mutex_lock(&resolution->plan->mutex);
	intptr_t known = (intptr_t)map_get(&resolution->attached.referrer_hosts, host);
	pthread_mutex_unlock(&resolution->plan->mutex);
	return (int)known;
}

static int parse_referrers(struct resolution *resolution, uint32_t number, const struct strbuf *bytes,
			   struct error *err)
{
	CLEANUP(manifest_release) struct manifest index = MANIFEST_INIT;
	struct plan *plan = resolution->plan;

	if (!bytes->len)
		return 0;
	if (manifest_parse(&index, bytes->buf, bytes->len, MEDIA_TYPE_OCI_INDEX, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	if (index.n_children > MAX_ATTACHED_PER_IMAGE)
		return error_set(err, ERROR_INVALID, "has %zu referrers, more than %d", index.n_children,
				 MAX_ATTACHED_PER_IMAGE);
	pthread_mutex_lock(&plan->mutex);
	for (size_t i = 0; i < index.n_children; i++)
		if (digest_map_find(&plan->manifest_digests, &index.children[i].digest) == DIGEST_MAP_NONE)
			add_attached(resolution, number, NULL, &index.children[i].digest, &index.children[i]);
	pthread_mutex_unlock(&plan->mutex);
	return 0;
}

static void find_referrers(struct resolution *resolution, struct source_session *session, uint32_t number)
{
	struct plan *plan = resolution->plan;
	pthread_mutex_lock(&plan->mutex);
	struct plan_image *image = plan->images[number];
	pthread_mutex_unlock(&plan->mutex);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	bool is_supported = false;

	const char *host = source_store(plan->source)
				   ? "" : image->from.places.items[atomic_load(&image->from.preferred)].reference.registry;
	if (referrers_knowledge(resolution, host) < 0)
		return;
	int result = source_read_referrers(session, &image->from, &image->digest, &is_supported, &bytes, &err);
	pthread_mutex_lock(&plan->mutex);
	map_set(&resolution->attached.referrer_hosts, host, (void *)(intptr_t)(is_supported ? 1 : -1));
	pthread_mutex_unlock(&plan->mutex);
	if (result < 0 || parse_referrers(resolution, number, &bytes, &err) < 0)
		log_info("%s: looking for its referrers: %s", image->name, err.message);
}

/* --- the waves */

/* The image comes first, as it is written. "<its repository>: manifest <its tag>" says no more than that. */
static void name_failure(const struct plan_image *image, struct error *err)
{
	CLEANUP(free_string) char *repository = repository_of(image->name);
	size_t length = text_starts_with(image->name, repository) ? strlen(repository) : strlen(image->name);
	const char *tag = image->name[length] ? image->name + length + 1 : "latest";
	CLEANUP(free_string) char *place = xasprintf("%s: manifest %s: ", repository, tag);
	CLEANUP(error_clear) struct error named = ERROR_INIT;

	if (text_starts_with(err->message, image->name))
		return;
	bool is_same_place = text_starts_with(err->message, place);
	error_set(&named, err->code, "%s: %s", image->name, err->message + (is_same_place ? strlen(place) : 0));
	error_clear(err);
	error_move(err, &named);
}

static void fail_image(struct plan_image *image, struct resolution *resolution, struct error *err)
{
	bool is_ours = error_is(err, ERROR_IO) || error_is(err, ERROR_CANCELLED);

	if (!is_ours) {
		name_failure(image, err);
		error_move(&image->failure, err);
		return;
	}
	pthread_mutex_lock(&resolution->plan->mutex);
	error_move(&resolution->own_failure, err);
	pthread_mutex_unlock(&resolution->plan->mutex);
}

/* Images of one repository are neighbours in the plan. Read far apart, the first few tell whether the
 * repository has signatures before the others ask, and no repository gets all requests at once. */
static size_t choose_step(size_t count)
{
	for (size_t step = count * 5 / 8;; step++) {
		size_t a = count, b = step;

		/* Every image has its turn if the two have no common divisor. */
		while (b) {
			size_t rest = a % b;
			a = b;
			b = rest;
		}
		if (a <= 1)
			return step;
	}
}

static void resolve_image(size_t index, unsigned worker, void *context)
{
	struct resolution *resolution = context;
	struct plan *plan = resolution->plan;
	struct source_session *session = session_of(resolution, worker);
	size_t count = resolution->end_image - resolution->first_image;
	uint32_t number = (uint32_t)(resolution->first_image + index * resolution->image_step % count);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	/* Others may be adding images, which moves the array. */
	pthread_mutex_lock(&plan->mutex);
	struct plan_image *image = plan->images[number];
	pthread_mutex_unlock(&plan->mutex);
	if (!plan_image_takes_part(image))
		return;
	if (read_top(resolution, session, image, &bytes, &top, &err) < 0 ||
	    add_top(resolution, number, &top, &bytes, &err) < 0) {
		fail_image(image, resolution, &err);
	} else if (resolution->options->with_attached) {
		if (image->attached_to == PLAN_NONE)
			find_signature(resolution, session, number);
		find_referrers(resolution, session, number);
	}
	atomic_fetch_add(&resolution->options->progress->items_done, 1);
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
	struct plan_image *image = plan->images[manifest.image];
	pthread_mutex_unlock(&plan->mutex);
	const char *type = manifest_type_name((enum manifest_type)manifest.type);
	struct descriptor descriptor = {.digest = digest, .size = manifest.size, .media_type = (char *)type};

	bool is_cached = !source_store(plan->source) && manifest_cache_read(plan->cache, &digest, &bytes);
	if (!is_cached) {
		if (source_read_manifest(session, &image->from, &descriptor, &bytes, err) < 0 ||
		    keep_manifest(plan, &digest, &bytes, err) < 0)
			return -1;
	}
	if (bytes.len != manifest.size)
		return error_set(err, ERROR_DIGEST, "manifest has %zu bytes, its index says %" PRIu32, bytes.len,
				 manifest.size);
	if (manifest_parse(&parsed, bytes.buf, bytes.len, type, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	pthread_mutex_lock(&plan->mutex);
	int result = add_contents(plan, position, &parsed, manifest.image, err);
	pthread_mutex_unlock(&plan->mutex);
	return result;
}

static void resolve_child(size_t index, unsigned worker, void *context)
{
	struct resolution *resolution = context;
	struct plan *plan = resolution->plan;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	uint32_t position = resolution->wave[index];

	if (read_child(resolution, session_of(resolution, worker), position, &err) == 0)
		return;
	pthread_mutex_lock(&plan->mutex);
	struct plan_image *image = plan->images[plan->manifests[position].image];
	char text[DIGEST_TEXT_SIZE];
	error_wrap(&err, "%s: manifest %s of its index", image->name,
		   digest_format(&plan->manifest_digests.digests[position], text));
	if (error_is(&err, ERROR_IO) || error_is(&err, ERROR_CANCELLED))
		error_move(&resolution->own_failure, &err);
	else
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
				  "%s: a manifest of its index could not be read, or indexes are nested deeper than %d",
				  image->name, OCI_MAX_INDEX_DEPTH);
	}
	for (size_t i = 0; i < plan->n_images; i++) {
		struct plan_image *image = plan->images[i];

		/* A signature without what it signs is of no use. */
		if (image->attached_to != PLAN_NONE && plan_image_takes_part(image) &&
		    !plan_image_takes_part(plan->images[image->attached_to]))
			error_set(&image->failure, ERROR_NOT_FOUND, "%s: what it belongs to is missing", image->name);
	}
}

static int resolve_rounds(struct resolution *resolution, struct error *err)
{
	struct plan *plan = resolution->plan;

	for (unsigned round = 0; round <= MAX_ATTACHED_DEPTH; round++) {
		size_t end = plan->n_images;

		if (resolution->first_image == end)
			break;
		resolution->end_image = end;
		resolution->image_step = choose_step(end - resolution->first_image);
		parallel_for(end - resolution->first_image, resolution->options->workers, resolve_image, resolution);
		if (check_own_side(resolution, err) < 0 || resolve_children(resolution, err) < 0)
			return -1;
		resolution->first_image = end;
		atomic_store(&resolution->options->progress->items_total, plan->n_images);
	}
	return 0;
}

int plan_resolve(struct plan *plan, const struct plan_options *options, struct error *err)
{
	struct resolution resolution = {.plan = plan, .options = options};

	progress_start(options->progress, "reading manifests", plan->n_images, 0);
	resolution.sessions = xcalloc(options->workers, sizeof(struct source_session *));
	int result = resolve_rounds(&resolution, err);
	if (result == 0)
		fail_incomplete(plan);
	for (unsigned i = 0; i < options->workers; i++)
		source_session_free(resolution.sessions[i]);
	free(resolution.sessions);
	free(resolution.wave);
	map_release(&resolution.attached.refusals);
	map_release(&resolution.attached.referrer_hosts);
	error_clear(&resolution.own_failure);
	return result;
}
