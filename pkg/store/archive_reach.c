/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_reach.h"

#include "base/strbuf.h"
#include "digest/digest_map.h"

struct walk {
	struct blob_store *store;
	archive_reach_visit *visit;
	void *context;
	struct digest_map seen;
};

static void release_walk(struct walk *walk)
{
	digest_map_release(&walk->seen);
}

/* Whether it is the first time. */
static bool visit_once(struct walk *walk, const struct digest *digest, uint64_t size)
{
	bool is_new = false;

	digest_map_add(&walk->seen, digest, &is_new);
	if (is_new)
		walk->visit(digest, size, walk->context);
	return is_new;
}

static int walk_manifest(struct walk *walk, const struct digest *digest, uint64_t size,
			 const char *media_type, unsigned depth, struct error *err);

static int walk_child(struct walk *walk, const struct descriptor *child, unsigned depth, struct error *err)
{
	if (manifest_type_parse(child->media_type) != MANIFEST_UNKNOWN)
		return walk_manifest(walk, &child->digest, child->size, child->media_type, depth + 1, err);
	visit_once(walk, &child->digest, child->size);
	return 0;
}

static int walk_manifest(struct walk *walk, const struct digest *digest, uint64_t size,
			 const char *media_type, unsigned depth, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error found = ERROR_INIT;
	int result = 0;

	if (!visit_once(walk, digest, size))
		return 0;
	if (depth > OCI_MAX_INDEX_DEPTH) {
		error_set(&found, ERROR_INVALID, "indexes are nested more than %d deep", OCI_MAX_INDEX_DEPTH);
		return error_move(err, &found);
	}
	if (blob_store_read_blob(walk->store, digest, size, OCI_MAX_MANIFEST_SIZE, &text, &found) < 0 ||
	    manifest_parse(&manifest, text.buf, text.len, media_type, OCI_MAX_CHILDREN, &found) < 0)
		return error_move(err, &found);
	for (size_t i = 0; i < manifest.n_children; i++)
		if (walk_child(walk, &manifest.children[i], depth, err) < 0)
			result = -1;
	if (manifest_type_is_index(manifest.type))
		return result;
	visit_once(walk, &manifest.config.digest, manifest.config.size);
	for (size_t i = 0; i < manifest.n_layers; i++)
		if (!descriptor_is_foreign(&manifest.layers[i]))
			visit_once(walk, &manifest.layers[i].digest, manifest.layers[i].size);
	return result;
}

int archive_reach(struct blob_store *store, const struct archive_image *image, archive_reach_visit *visit,
		  void *context, struct error *err)
{
	CLEANUP(release_walk) struct walk walk = {.store = store, .visit = visit, .context = context};

	return walk_manifest(&walk, &image->digest, image->size, manifest_type_name(image->type), 0, err);
}
