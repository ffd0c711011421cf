/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/platform_image.h"

#include <stdlib.h>
#include <string.h>

#include "operation/platform_filter.h"

void platform_image_release(struct platform_image *image)
{
	free(image->children);
	manifest_release(&image->manifest);
	*image = (struct platform_image){0};
}

/* --- which of a list */

static size_t find_matches(const struct manifest *list, const regex_t *pattern,
			   const struct descriptor **first)
{
	size_t n_matches = 0;

	for (size_t i = 0; i < list->n_children; i++) {
		if (!platform_filter_matches(pattern, &list->children[i]))
			continue;
		if (!n_matches++)
			*first = &list->children[i];
	}
	return n_matches;
}

static void no_choice(const struct manifest *list, const struct platform_choice *choice, size_t n_matches,
		      struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf children = STRBUF_INIT;

	if (!list->n_children) {
		error_set(err, ERROR_INVALID, "is a manifest list without images");
		return;
	}
	platform_filter_list(list, &children);
	error_set(err, ERROR_INVALID,
		  "is a manifest list and %s of its images match '%s' - use %s to select from:%s",
		  n_matches ? "several" : "none", choice->filter, choice->flag, children.buf);
}

/* NULL: an error. */
static const struct descriptor *choose(const struct manifest *list, const struct platform_choice *choice,
				       struct error *err)
{
	const struct descriptor *first = NULL;
	regex_t pattern;

	if (!choice->filter && list->n_children)
		return &list->children[0];
	if (platform_filter_compile(&pattern, choice->flag, choice->filter ? choice->filter : "", err) < 0)
		return NULL;
	size_t n_matches = find_matches(list, &pattern, &first);
	regfree(&pattern);
	if (n_matches == 1 || (n_matches && choice->rule != PLATFORM_ONLY))
		return first;
	if (!n_matches && choice->rule == PLATFORM_WISH && list->n_children)
		return &list->children[0];
	no_choice(list, choice, n_matches, err);
	return NULL;
}

/* --- reading */

static int read_child(struct manifest_cache *cache, struct source_session *session, struct source_image *from,
		      const struct descriptor *child, struct manifest *manifest, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (!cache || !manifest_cache_read(cache, &child->digest, &bytes)) {
		if (source_read_manifest(session, from, child, &bytes, err) < 0)
			return -1;
		if (cache && manifest_cache_write(cache, &child->digest, bytes.buf, bytes.len, err) < 0)
			return -1;
	}
	if (manifest_parse(manifest, bytes.buf, bytes.len, child->media_type, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	if (!manifest_type_is_index(manifest->type))
		return 0;
	return error_set(err, ERROR_INVALID, "what it lists is a list again, not an image");
}

static int descend(struct manifest_cache *cache, struct source_session *session, struct source_image *from,
		   const struct platform_choice *choice, struct platform_image *image, struct error *err)
{
	CLEANUP(manifest_release) struct manifest list = steal(&image->manifest);
	const struct descriptor *child = choose(&list, choice, err);

	if (!child)
		return -1;
	image->is_list = true;
	image->chosen = child->digest;
	image->children = xcalloc(list.n_children, sizeof(*image->children));
	for (; image->n_children < list.n_children; image->n_children++)
		image->children[image->n_children] = list.children[image->n_children].digest;
	return read_child(cache, session, from, child, &image->manifest, err);
}

static int read_top(struct manifest_cache *cache, struct source_session *session, struct source_image *from,
		    const struct digest *digest, struct platform_image *image, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};

	if (digest)
		top.digest = *digest;
	if (!digest || !cache || !manifest_cache_read(cache, digest, &bytes)) {
		if (source_resolve(session, from, &bytes, &top, err) < 0)
			return -1;
		if (digest && !digest_equal(&top.digest, digest))
			return error_set(err, ERROR_DIGEST, "the manifest has another digest");
		if (cache && manifest_cache_write(cache, &top.digest, bytes.buf, bytes.len, err) < 0)
			return -1;
	}
	image->top = image->chosen = top.digest;
	return manifest_parse(&image->manifest, bytes.buf, bytes.len, top.media_type, OCI_MAX_CHILDREN, err);
}

int platform_image_read(struct run *run, struct source_session *session, struct source_image *from,
			const struct digest *digest, const struct platform_choice *choice,
			struct platform_image *image, struct error *err)
{
	CLEANUP(platform_image_release) struct platform_image read = {0};
	struct manifest_cache *cache = source_session_is_stored(session) ? NULL : run->cache;

	if (read_top(cache, session, from, digest, &read, err) < 0)
		return -1;
	if (manifest_type_is_index(read.manifest.type) &&
	    descend(cache, session, from, choice, &read, err) < 0)
		return -1;
	*image = steal(&read);
	return 0;
}
