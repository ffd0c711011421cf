/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/index_image.h"

#include <stdlib.h>

#include "base/log.h"
#include "catalog/catalog.h"
#include "operation/image_list.h"
#include "operation/oc_store.h"
#include "operation/planning_blobs.h"
#include "operation/platform_filter.h"
#include "operation/platform_image.h"

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

static int read_manifest(struct run *run, struct source *source, struct index_image *index,
			 const char *filter, struct platform_image *image, struct error *err)
{
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(source);
	const struct platform_choice choice = {.flag = filter_flag, .filter = filter, .rule = PLATFORM_ONLY};

	if (platform_image_read(run, session, &index->from, NULL, &choice, image, err) < 0)
		return -1;
	index->top = image->top;
	index->chosen = image->chosen;
	return 0;
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
	CLEANUP(platform_image_release) struct platform_image image = {0};

	outcome_phase(outcome, "catalog");
	if (read_manifest(run, source, index, filter, &image, err) < 0)
		return error_wrap(err, "%s", index->name);
	if (image_list_read(run->work_directory, &index->chosen, &index->images)) {
		log_info("%s: the image list of this digest is remembered", index->name);
		return 0;
	}
	if (read_catalog(run, source, index, &image.manifest, err) < 0)
		return error_wrap(err, "%s", index->name);
	return 0;
}
