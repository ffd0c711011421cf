/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"

void progress_start(struct progress *progress, const char *phase, uint64_t items_total, uint64_t bytes_total)
{
	atomic_store(&progress->items_done, 0);
	atomic_store(&progress->bytes_done, 0);
	atomic_store(&progress->items_total, items_total);
	atomic_store(&progress->bytes_total, bytes_total);
	atomic_store(&progress->phase, phase);
}
