/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifests of an image whose blobs have arrived: children first, each once in a repository, then the
 * top under its tag.
 *
 * A registry may say that it lacks what a manifest names although it has said before that it took it: some
 * need a moment when two clients write the same; some throw away what nothing refers to; some caches lie.
 * So the manifests are repeated; then the blobs are asked for and the missing ones brought; then all of
 * them are brought without asking.
 */
#include "base/cancel.h"
#include "base/log.h"
#include "mirror/private.h"

#define PAUSE_MS 250

enum stage { STAGE_FIRST, STAGE_REPEAT, STAGE_ASK_FOR_BLOBS, STAGE_BRING_BLOBS, STAGE_END };

struct publication {
	struct mirror *mirror;
	unsigned worker;
	uint32_t number;
	const struct plan_image *image;
	enum stage stage;
	struct error *err;
};

static int put_manifest(const struct publication *publication, uint32_t position, const char *tag)
{
	struct mirror *mirror = publication->mirror;
	struct plan *plan = mirror->plan;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct repository repository = {.side = REGISTRY_TARGET,
					.host = mirror->options.host,
					.path = publication->image->target_repository};

	if (plan_read_manifest(plan, mirror_source_session(mirror, publication->worker), position, &bytes,
			       publication->err) < 0)
		return -1;
	return registry_write_manifest(mirror_target_session(mirror, publication->worker), &repository, tag,
				       manifest_type_name((enum manifest_type)plan->manifests[position].type),
				       &plan->manifest_digests.digests[position], bytes.buf, bytes.len,
				       publication->err);
}

/* A child may belong to many images of one repository: it is written once, and by one worker at a time. */
static int put_child(const struct publication *publication, uint32_t position)
{
	struct mirror *mirror = publication->mirror;
	uint32_t repository = mirror->images[publication->number].repository;
	CLEANUP(free_string) char *key = xasprintf("%x:%x", (unsigned)repository, (unsigned)position);
	pthread_mutex_t *turn = &mirror->turns[(repository + position) % MIRROR_TURNS];

	pthread_mutex_lock(turn);
	pthread_mutex_lock(&mirror->mutex);
	bool is_there = publication->stage == STAGE_FIRST && map_contains(&mirror->published, key);
	pthread_mutex_unlock(&mirror->mutex);
	int result = is_there ? 0 : put_manifest(publication, position, NULL);
	if (result == 0 && !is_there) {
		pthread_mutex_lock(&mirror->mutex);
		map_set(&mirror->published, key, NULL);
		pthread_mutex_unlock(&mirror->mutex);
	}
	pthread_mutex_unlock(turn);
	return result;
}

static int publish_manifest(uint32_t position, void *context)
{
	struct publication *publication = context;

	if (position != publication->image->top)
		return put_child(publication, position);
	return put_manifest(publication, position, publication->image->target_tag);
}

static int bring_blobs(uint32_t position, void *context)
{
	struct publication *publication = context;
	struct plan *plan = publication->mirror->plan;
	const struct plan_manifest *manifest = &plan->manifests[position];

	for (uint32_t i = 0; i < manifest->n_blobs; i++)
		if (mirror_redeliver_blob(publication->mirror, publication->worker,
					  plan->manifest_blobs[manifest->first_blob + i],
					  publication->image->target_repository,
					  publication->stage == STAGE_ASK_FOR_BLOBS, publication->err) < 0)
			return -1;
	return 0;
}

static int prepare(struct publication *publication, struct error *err)
{
	switch (publication->stage) {
	case STAGE_FIRST:
	case STAGE_END:
		return 0;
	case STAGE_REPEAT:
		return cancel_sleep(PAUSE_MS, err);
	case STAGE_ASK_FOR_BLOBS:
	case STAGE_BRING_BLOBS:
		return plan_walk(publication->mirror->plan, publication->image, bring_blobs, publication);
	}
	return 0;
}

int mirror_publish_image(struct mirror *mirror, unsigned worker, uint32_t number, struct error *err)
{
	struct publication publication = {
		.mirror = mirror,
		.worker = worker,
		.number = number,
		.image = mirror->plan->images[number],
		.err = err,
	};

	for (;;) {
		if (prepare(&publication, err) < 0)
			return -1;
		if (plan_walk(mirror->plan, publication.image, publish_manifest, &publication) == 0)
			return 0;
		publication.stage++;
		if (!registry_error_is_missing_blobs(err) || publication.stage == STAGE_END)
			return -1;
		log_info("%s: %s; trying again", publication.image->name, err->message);
		error_clear(err);
	}
}
