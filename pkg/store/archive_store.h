/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: a finished archive, open for reading. */
#pragma once

#include "store/archive_layout.h"
#include "store/archive_records.h"
#include "store/blob_store.h"

struct archive_store {
	struct blob_store store;
	struct volume_set *bytes;
	struct archive_records records;
	struct archive_layout layout;
	struct archive_index index;
	struct archive_trailer trailer;
};

/* Opens and checks trailer and records, but not yet index.json, which archive_open does. */
int archive_store_open_records(struct archive_store **archive, const char *path,
			       struct error *err) MUST_CHECK;
/* Where the data of index.json begins. */
uint64_t archive_store_index_offset(const struct archive_store *archive);
void archive_store_freep(struct archive_store **archive);
