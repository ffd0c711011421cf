/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/index_image.h"

#include <stdlib.h>

#include "base/log.h"
#include "catalog/catalog.h"
#include "operation/image_list.h"
#include "operation/oc_store.h"
#include "operation/planning_blobs.h"
#include "operation/platform_filter.h"

void index_image_release(struct index_image *index)
{
	source_image_release(&index->from);
	reference_release(&index->reference);
	free(steal(&index->name));
	strvec_release(&index->images);
}

int index_image_init(struct index_image *index, struct source *source, const struct location *location,
		     struct error *err)
{
	if (oc_store_refuse(location, err) < 0)
		return -1;
	if (location->type != LOCATION_REGISTRY)
		return error_set(err, ERROR_USAGE,
				 "%s: the index image of a catalog is read from a registry; what an archive "
				 "holds is sent with: airlift push",
				 location->text);
	/* With its host, so that it means the same behind an archive. */
	location_reference(location, &index->reference);
	index->name = reference_exact(&index->reference);
	return source_image_init_registry(&index->from, source, index->name, &index->reference, err);
}

/* --- the platform */

static const char filter_flag[] = "--index-filter-by-os";

int index_filter_check(const char *filter, struct error *err)
{
	return platform_filter_check(filter_flag, filter, err);
}

static int choose_child(const struct manifest *manifest, const char *filter, const struct descriptor **child,
			struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf list = STRBUF_INIT;
	regex_t pattern;
	size_t n_matches = 0;

	if (platform_filter_compile(&pattern, filter_flag, filter, err) < 0)
		return -1;
	for (size_t i = 0; i < manifest->n_children; i++) {
		if (!platform_filter_matches(&pattern, &manifest->children[i]))
			continue;
		*child = &manifest->children[i];
		n_matches++;
	}
	regfree(&pattern);
	if (n_matches == 1)
		return 0;
	platform_filter_list(manifest, &list);
	error_set(err, ERROR_INVALID,
		  "the image is a manifest list and %s of its images match '%s' - use "
		  "--index-filter-by-os to select from:%s",
		  n_matches ? "several" : "none", filter, list.buf);
	return -1;
}

/* Replaces the index in `manifest` by its chosen child. */
static int descend(struct run *run, struct source_session *session, struct index_image *index,
		   const char *filter, struct manifest *manifest, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct manifest chosen = MANIFEST_INIT;
	const struct descriptor *child = NULL;

	if (choose_child(manifest, filter, &child, err) < 0)
		return -1;
	index->chosen = child->digest;
	if (!manifest_cache_read(run->cache, &child->digest, &bytes) &&
	    (source_read_manifest(session, &index->from, child, &bytes, err) < 0 ||
	     manifest_cache_write(run->cache, &child->digest, bytes.buf, bytes.len, err) < 0))
		return -1;
	if (manifest_parse(&chosen, bytes.buf, bytes.len, child->media_type, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	manifest_release(manifest);
	*manifest = chosen;
	if (manifest_type_is_index(chosen.type))
		return error_set(err, ERROR_INVALID, "the chosen platform is an index again, not an image");
	return 0;
}

static int read_manifests(struct run *run, struct source_session *session, struct index_image *index,
			  const char *filter, struct manifest *manifest, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};

	if (source_resolve(session, &index->from, &bytes, &top, err) < 0 ||
	    manifest_cache_write(run->cache, &top.digest, bytes.buf, bytes.len, err) < 0)
		return -1;
	index->top = index->chosen = top.digest;
	if (manifest_parse(manifest, bytes.buf, bytes.len, top.media_type, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	return manifest_type_is_index(manifest->type) ? descend(run, session, index, filter, manifest, err)
						      : 0;
}

/* --- the catalog in it */

static const char progress_text[] = "reading the index image";

static int read_catalog(struct run *run, struct source *source, struct index_image *index,
			const struct manifest *manifest, struct error *err)
{
	CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(free_string) char *location = NULL;
	enum catalog_format format;

	if (planning_blobs_read_config(run, source, &index->from, manifest, progress_text, &config, NULL,
				       err) < 0 ||
	    catalog_location(&config, &format, &location, err) < 0 ||
	    planning_blobs_fetch(run, source, &index->from, manifest->layers, manifest->n_layers,
				 progress_text, err) < 0 ||
	    catalog_read(run->spool, manifest->layers, manifest->n_layers, format, location,
			 run->work_directory, &run->progress, &catalog, err) < 0)
		return -1;
	log_info("%s: %zu images in %zu files", index->name, catalog.images.count, catalog.n_files);
	index->images = catalog.images;
	catalog.images = (struct strvec)STRVEC_INIT;
	return image_list_write(run->work_directory, &index->chosen, &index->images, err);
}

int index_image_read(struct run *run, struct source *source, struct index_image *index, const char *filter,
		     struct outcome *outcome, struct error *err)
{
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(source);
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;

	outcome_phase(outcome, "catalog");
	if (read_manifests(run, session, index, filter, &manifest, err) < 0)
		return error_wrap(err, "%s", index->name);
	if (image_list_read(run->work_directory, &index->chosen, &index->images)) {
		log_info("%s: the image list of this digest is remembered", index->name);
		return 0;
	}
	if (read_catalog(run, source, index, &manifest, err) < 0)
		return error_wrap(err, "%s", index->name);
	return 0;
}
