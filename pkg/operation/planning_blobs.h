/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs that planning itself reads: into the run's spool, where the copying will find them again.
 * Private to this module. */
#pragma once

#include "operation/run.h"

/* Those that are not there yet, several at a time. `what` is for progress: "reading the index image". */
int planning_blobs_fetch(struct run *run, struct source *source, struct source_image *image,
			 const struct descriptor *blobs, size_t count, const char *what,
			 struct error *err) MUST_CHECK;

/* The config of an image manifest; `bytes` (may be NULL) gets it as it is. */
int planning_blobs_read_config(struct run *run, struct source *source, struct source_image *image,
			       const struct manifest *manifest, const char *what, struct image_config *config,
			       struct strbuf *bytes, struct error *err) MUST_CHECK;
/* Where they are then: the spool, or the source's own store. Borrowed. */
struct blob_store *planning_blobs_store(struct run *run, struct source *source);
