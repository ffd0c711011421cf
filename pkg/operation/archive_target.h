/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans into a portable archive (or a plain oci-archive).
 *
 * An archive that exists already is not changed: a new one is written beside it with what the earlier one
 * holds and what is asked for now, blobs that the earlier one has are taken from it, and it is replaced by
 * rename when the new one is whole. When it holds everything already, nothing is written.
 *
 * Private to this module.
 */
#pragma once

#include "operation/run.h"
#include "store/archive.h"

struct archive_target {
	const char *path;
	bool with_records;          /* false: oci-archive */
	bool require_complete;      /* an image that fails is an error, and no archive is finished */
	struct plan *plan;          /* sealed */
	struct archive_root *roots; /* what was asked for; taken */
	size_t n_roots;
	const struct archive_missing *unusable; /* texts of a catalog that are no references */
	size_t n_unusable;
};

/* Before anything is asked for: can an archive be made there? */
int archive_target_check(const char *path, struct error *err) MUST_CHECK;

/* outcome->is_nothing_new when the archive has it all. */
int archive_target_write(struct run *run, struct archive_target *target, struct outcome *outcome,
			 struct error *err) MUST_CHECK;

/* Puts an archive that is there into the outcome. */
void archive_target_note(const char *path, bool with_records, struct outcome *outcome);
