/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a tar that somebody else made, one after another: ustar, GNU (long names, base-256
 * sizes) and pax (`path` and `size`).
 *
 * Strict where a header could be read in two ways: sparse entries, links with data, global pax records
 * that change names or sizes, wrong checksums and data beyond the end of the file are refused. Limits:
 * 1,000,000 entries, 64 KiB for one pax header, 4,096 bytes for a name. Nothing is ever extracted by name.
 *
 * Private to this module.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/volumes.h"

struct tar_entry {
	char type;        /* '0' for any regular file */
	const char *name; /* borrowed; a leading "./" is taken away; bytes from outside */
	uint64_t offset;  /* of the data */
	uint64_t size_bytes;
};

/* A result below 0 ends the walk with err set. */
typedef int tar_visit(const struct tar_entry *entry, void *context, struct error *err);

/* `name` is for messages. ERROR_INVALID for what is no tar, ERROR_DIGEST for one that ends early. */
int tar_list(const struct volume_set *bytes, const char *name, tar_visit *visit, void *context,
	     struct error *err) MUST_CHECK;
