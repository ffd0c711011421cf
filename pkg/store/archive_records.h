/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: airlift/index.json, both ways. docs/archive-format.md describes its members. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "document/document.h"
#include "store/archive.h"
#include "store/archive_layout.h"

#define ARCHIVE_FORMAT 1

/* What airlift/index.json says about the index.json behind it. */
struct archive_index {
	uint64_t size;
	struct digest digest;
};

/* How the list of blobs begins and ends: line ends included, so that it can be found without parsing. (No
 * string in JSON contains a line end.) */
#define ARCHIVE_RECORDS_BLOBS_START ",\n \"blobs\": [\n"
#define ARCHIVE_RECORDS_BLOBS_END " ]\n}\n"

/* Writes the records and the blobs of a layout in place of what `out` holds; fills records->id. */
void archive_records_format(struct strbuf *out, struct archive_records *records,
			    const struct archive_layout *layout, const struct archive_index *index);

/* A copy of a name as the records may hold it: what a terminal could take for a command is escaped.
 * Names come from catalogs too, and an image whose name is none must not make the archive unreadable. */
char *archive_records_name(const char *text);

/* archive_records_roots.c: the member "roots", into empty records. */
int archive_records_read_roots(const struct node *records_node, struct archive_records *records,
			       struct error *err) MUST_CHECK;

/* Into empty records and an initialised layout, whose slots become filled or stay empty. Every member, the
 * id and the place of each blob are checked, and that names hold no control characters; reasons may: escape
 * them before they are shown. ERROR_DIGEST for what no airlift has written. */
int archive_records_parse(struct archive_records *records, struct archive_layout *layout,
			  struct archive_index *index, const char *name, const struct strbuf *text,
			  struct error *err) MUST_CHECK;
