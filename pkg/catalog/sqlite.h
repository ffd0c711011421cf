/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module and its tests: sqlite catalogs. */
#pragma once

#include "catalog/catalog.h"
#include "catalog/source.h"

/*
 * The database at `location`, or the first one (in the order of a directory walk) below it, is copied
 * into an unnamed file in the work directory and read there: as a file that cannot change, without views,
 * triggers or functions of its own schema. Adds to catalog->images, unsorted.
 */
int sqlite_read(const struct catalog_source *source, const char *location, const char *work_directory,
		struct catalog *catalog, struct error *err) MUST_CHECK;
