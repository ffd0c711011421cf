/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator catalogs: from the layers of an index image to the images that the catalog names.
 *
 * Two formats. A file-based catalog is a directory of JSON and YAML documents; every document, whatever
 * its schema, contributes its `image` and the `image` of each of its `relatedImages`. A sqlite catalog
 * (operator-registry, before OpenShift 4.11) is a database file; it contributes related_image.image and
 * operatorbundle.bundlepath. Nothing of a file-based catalog is written to disk.
 *
 * The first non-blank byte of a file decides whether it is JSON ('{') or YAML, never its name. Field
 * names are matched without regard to case, and the last of a repeated field counts (encoding/json of Go,
 * which everything that made or reads these files uses). null is absent; any other wrong type is an
 * error. Files that `.indexignore` names count neither with their content nor with their errors.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/strvec.h"
#include "oci/manifest.h"
#include "store/store.h"

#define CATALOG_LABEL_CONFIGS "operators.operatorframework.io.index.configs.v1"
#define CATALOG_LABEL_DATABASE "operators.operatorframework.io.index.database.v1"

#define CATALOG_MAX_FILE (UINT64_C(1) << 30)    /* bytes of a file, which is streamed */
#define CATALOG_MAX_DOCUMENT ((size_t)64 << 20) /* bytes of a document in it */
#define CATALOG_MAX_IMAGE 4096                  /* bytes of one image's text */
#define CATALOG_MAX_TEXT ((size_t)256 << 20)    /* bytes of all of them, with repetitions */

enum catalog_format {
	CATALOG_FILE_BASED,
	CATALOG_SQLITE,
};

struct catalog {
	enum catalog_format format;
	char *location;       /* in the image, as the label gives it */
	struct strvec images; /* as written; sorted, unique, none empty */
	size_t n_files;       /* that were read and count; 1 for sqlite */
};

#define CATALOG_INIT {0}

void catalog_release(struct catalog *catalog);

/* Format and location by the labels of the index image; the file-based one wins. ERROR_INVALID if there
 * is neither label. The caller frees *location. */
int catalog_location(const struct image_config *config, enum catalog_format *format, char **location,
		     struct error *err) MUST_CHECK;

/*
 * Reads the catalog at `location` out of the layers (bottom first), with all cores. A database needs
 * space for itself in the work directory, in a file without a name. `progress` (may be NULL) starts a
 * phase in packed bytes. Errors name file and line: "configs/foo/catalog.json: line 12: ...".
 * A directory with nothing in it gives a warning and an empty catalog.
 */
int catalog_read(struct blob_store *store, const struct descriptor *layers, size_t n_layers,
		 enum catalog_format format, const char *location, const char *work_directory,
		 struct progress *progress, struct catalog *catalog, struct error *err) MUST_CHECK;
