/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw manifests in the work directory, by digest: what was read once is not asked for again, in this run
 * or a later one, and need not be kept in memory. Only verified bytes are put in; what is taken out is
 * verified again, and counts as absent if it was damaged. May be used from any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "digest/digest.h"

struct manifest_cache;

/* Made in `directory` (which exists already) as "manifests/". */
int manifest_cache_open(struct manifest_cache **cache, const char *directory, struct error *err) MUST_CHECK;
void manifest_cache_free(struct manifest_cache *cache);
void manifest_cache_freep(struct manifest_cache **cache);

/* Appends the bytes; false (and an unchanged `bytes`) if they are not there. */
bool manifest_cache_read(struct manifest_cache *cache, const struct digest *digest, struct strbuf *bytes);
/* `bytes` must have this digest: the caller has checked. */
int manifest_cache_write(struct manifest_cache *cache, const struct digest *digest, const void *bytes,
			 size_t length, struct error *err) MUST_CHECK;
