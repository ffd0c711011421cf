/* SPDX-License-Identifier: Apache-2.0 */
/* Which blob goes first: from a registry the largest, so that none of them is left over at the end with
 * one connection; from an archive in its order, so that a disk reads straight on. */
#include <stdlib.h>

#include "mirror/private.h"
#include "store/archive.h"

static int compare_sizes(const void *a, const void *b, void *context)
{
	const struct plan *plan = context;
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	if (plan->blobs[first].size != plan->blobs[second].size)
		return plan->blobs[first].size < plan->blobs[second].size ? 1 : -1;
	return digest_compare(&plan->blob_digests.digests[first], &plan->blob_digests.digests[second]);
}

static int compare_offsets(const void *a, const void *b, void *context)
{
	const struct plan *plan = context;
	const struct blob_store *store = source_store(plan->source);
	uint64_t first = archive_store_offset(store, &plan->blob_digests.digests[*(const uint32_t *)a]);
	uint64_t second = archive_store_offset(store, &plan->blob_digests.digests[*(const uint32_t *)b]);

	return first < second ? -1 : first > second;
}

void mirror_order_blobs(struct mirror *mirror)
{
	struct plan *plan = mirror->plan;

	mirror->n_order = 0;
	for (size_t i = 0; i < plan->n_blobs; i++)
		if (plan->blobs[i].n_uses && mirror_is_needed(mirror, (uint32_t)i))
			mirror->order[mirror->n_order++] = (uint32_t)i;
	qsort_r(mirror->order, mirror->n_order, sizeof(*mirror->order),
		source_store(plan->source) ? compare_offsets : compare_sizes, plan);
}
