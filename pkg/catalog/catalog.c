/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/file_based.h"
#include "catalog/sqlite.h"
#include "layer/layer.h"

void catalog_release(struct catalog *catalog)
{
	free(catalog->location);
	strvec_release(&catalog->images);
	*catalog = (struct catalog)CATALOG_INIT;
}

int catalog_location(const struct image_config *config, enum catalog_format *format, char **location,
		     struct error *err)
{
	const char *label = CATALOG_LABEL_CONFIGS;
	const char *value = image_config_label(config, label);

	*format = CATALOG_FILE_BASED;
	if (!value) {
		label = CATALOG_LABEL_DATABASE;
		value = image_config_label(config, label);
		*format = CATALOG_SQLITE;
	}
	if (!value)
		return error_set(err, ERROR_INVALID, "not an operator catalog: neither label %s nor %s",
				 CATALOG_LABEL_CONFIGS, CATALOG_LABEL_DATABASE);
	if (!*value)
		return error_set(err, ERROR_INVALID, "not a usable operator catalog: label %s is empty",
				 label);
	*location = xstrdup(value);
	return 0;
}

struct stored_layers {
	struct blob_store *store;
	const struct descriptor *layers;
	size_t n_layers;
	struct progress *progress;
};

static int visit_stored_layers(const struct layer_visitor *visitor, void *context, struct error *err)
{
	const struct stored_layers *stored = context;

	return layer_read(stored->store, stored->layers, stored->n_layers, visitor, stored->progress, err);
}

static void start_progress(struct progress *progress, const struct descriptor *layers, size_t n_layers)
{
	uint64_t size_bytes = 0;

	for (size_t i = 0; i < n_layers; i++)
		size_bytes += layers[i].size;
	if (progress)
		progress_start(progress, "reading the catalog", 0, size_bytes);
}

int catalog_read(struct blob_store *store, const struct descriptor *layers, size_t n_layers,
		 enum catalog_format format, const char *location, const char *work_directory,
		 struct progress *progress, struct catalog *catalog, struct error *err)
{
	struct stored_layers stored = {
		.store = store,
		.layers = layers,
		.n_layers = n_layers,
		.progress = progress,
	};
	struct catalog_source source = {.visit = visit_stored_layers, .context = &stored};
	CLEANUP(catalog_release) struct catalog out = {.format = format, .location = xstrdup(location)};

	start_progress(progress, layers, n_layers);
	int result = format == CATALOG_SQLITE ? sqlite_read(&source, location, work_directory, &out, err)
					      : file_based_read(&source, location, &out, err);
	if (result < 0)
		return -1;
	strvec_sort_unique(&out.images);
	*catalog = steal(&out);
	return 0;
}
