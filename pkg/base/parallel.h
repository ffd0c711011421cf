/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to start threads.
 *
 * Calls run(index, worker, context) once for every index below n_items, from at most n_workers
 * threads, and returns when all calls have returned. `worker` (below n_workers) lets the caller
 * give each thread something of its own, such as a session. Items are handed out in order; items
 * that have not started when cancel_flag becomes true never start, so callers that need every item
 * look at the flag afterwards.
 *
 * Data that a run function reaches is frozen, or indexed by `index` or `worker`, or atomic, or
 * named in a comment with its mutex.
 */
#pragma once

#include <stddef.h>

typedef void parallel_function(size_t index, unsigned worker, void *context);

void parallel_for(size_t n_items, unsigned n_workers, parallel_function *run, void *context);

/* Cores that this process may use; at least 1. */
unsigned parallel_cores(void);
