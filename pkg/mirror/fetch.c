/* SPDX-License-Identifier: Apache-2.0 */
/* From wherever a blob is into the store that wants it, or into the spool. */
#include "base/log.h"
#include "mirror/private.h"

static int download(struct mirror *mirror, unsigned worker, uint32_t number, uint32_t image,
		    struct blob_store *into, struct error *err)
{
	struct plan *plan = mirror->plan;
	struct descriptor descriptor = {.digest = plan->blob_digests.digests[number],
					.size = plan->blobs[number].size};

	return source_download(mirror_source_session(mirror, worker), &plan->images[image]->from, &descriptor,
			       into, mirror->options.progress, err);
}

/* Whether the same blob may be had from another image's repository. */
static bool is_worth_another_source(const struct error *err)
{
	return error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_DIGEST) ||
	       error_is(err, ERROR_UNAUTHORIZED) || error_is(err, ERROR_TRANSIENT);
}

/* A wrong digest may be a bad proxy's doing: the whole is fetched once more, then elsewhere. */
static int download_from_any(struct mirror *mirror, unsigned worker, uint32_t number, struct blob_store *into,
			     struct error *err)
{
	const struct plan_blob *blob = &mirror->plan->blobs[number];
	const uint32_t *uses = &mirror->plan->uses[blob->first_use];
	uint32_t attempts = blob->n_uses < 3 ? blob->n_uses : 3;

	for (uint32_t i = 0;; i++) {
		CLEANUP(error_clear) struct error failed = ERROR_INIT;

		if (download(mirror, worker, number, uses[i < blob->n_uses ? i : 0], into, &failed) == 0)
			return 0;
		bool is_last = i + 1 >= attempts && !(i == 0 && error_is(&failed, ERROR_DIGEST));
		if (is_last || !is_worth_another_source(&failed))
			return error_move(err, &failed);
	}
}

/* The stores that may have a blob already, in the order of trying; the last is the source, if it is one. */
#define MAX_LOCAL (2 + MIRROR_MAX_EARLIER)

static size_t find_local(struct mirror *mirror, uint32_t number, struct blob_store *found[MAX_LOCAL])
{
	const struct digest *digest = &mirror->plan->blob_digests.digests[number];
	struct blob_store *candidates[MAX_LOCAL] = {mirror->options.spool};
	size_t count = 0;

	for (size_t i = 0; i < MIRROR_MAX_EARLIER; i++)
		candidates[1 + i] = mirror->options.earlier[i];
	candidates[MAX_LOCAL - 1] = source_store(mirror->plan->source);
	for (size_t i = 0; i < MAX_LOCAL; i++)
		if (candidates[i] && blob_store_has(candidates[i], digest, mirror->plan->blobs[number].size))
			found[count++] = candidates[i];
	return count;
}

static int open_in(struct mirror *mirror, struct blob_store *store, uint32_t number,
		   struct blob_reader **reader, struct error *err)
{
	return blob_store_open_blob(store, &mirror->plan->blob_digests.digests[number],
				    mirror->plan->blobs[number].size, reader, err);
}

static int not_held(struct mirror *mirror, uint32_t number, struct error *err)
{
	char text[DIGEST_TEXT_SIZE];

	return error_set(err, ERROR_NOT_FOUND, "%s does not hold it: %s",
			 blob_store_name(source_store(mirror->plan->source)),
			 digest_format(&mirror->plan->blob_digests.digests[number], text));
}

int mirror_open_blob(struct mirror *mirror, unsigned worker, uint32_t number, struct blob_reader **reader,
		     bool *is_spooled, struct error *err)
{
	struct blob_store *local[MAX_LOCAL];

	*is_spooled = false;
	if (find_local(mirror, number, local))
		return open_in(mirror, local[0], number, reader, err);
	if (source_store(mirror->plan->source))
		return not_held(mirror, number, err);
	if (download_from_any(mirror, worker, number, mirror->options.spool, err) < 0)
		return -1;
	*is_spooled = true;
	return open_in(mirror, mirror->options.spool, number, reader, err);
}

/* What lies on our side may be damaged: then it is looked for elsewhere. */
int mirror_fetch_blob(struct mirror *mirror, unsigned worker, uint32_t number, struct blob_store *into,
		      struct error *err)
{
	struct blob_store *local[MAX_LOCAL], *source = source_store(mirror->plan->source);
	size_t count = find_local(mirror, number, local);
	struct descriptor descriptor = {.digest = mirror->plan->blob_digests.digests[number],
					.size = mirror->plan->blobs[number].size};

	for (size_t i = 0; i < count; i++) {
		if (source_copy_blob(local[i], &descriptor, into, mirror->options.progress, err) == 0)
			return 0;
		bool is_damaged = error_is(err, ERROR_DIGEST) || error_is(err, ERROR_NOT_FOUND);
		if (!is_damaged || local[i] == source)
			return -1;
		log_warning("%s; fetching it again", err->message);
		error_clear(err);
	}
	if (source)
		return not_held(mirror, number, err);
	return download_from_any(mirror, worker, number, into, err);
}
