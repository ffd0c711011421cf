/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module and its tests: file-based catalogs.
 *
 * One worker unpacks the layers and cuts files into pieces at document boundaries; all others, and it too
 * whenever enough pieces wait, parse them. What to ignore is decided at the end, because an ignore file
 * may come after, or in another layer than, the files that it names.
 */
#pragma once

#include "catalog/catalog.h"
#include "catalog/source.h"

/* Adds to catalog->images, unsorted, and sets n_files. */
int file_based_read(const struct catalog_source *source, const char *location, struct catalog *catalog,
		    struct error *err) MUST_CHECK;
