/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a run is: counters that workers add to and that a view (cmd/) reads whenever it likes.
 * All fields are atomic; a phase name is a string that lives as long as the program.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct progress {
	_Atomic(const char *) phase;      /* "reading the catalog", "resolving", "copying", ... */
	atomic_uint_fast64_t items_done;  /* images (or manifests, or files) in this phase */
	atomic_uint_fast64_t items_total; /* 0: not known yet */
	atomic_uint_fast64_t bytes_done;
	atomic_uint_fast64_t bytes_total; /* 0: not known yet */
};

/* A new phase starts from zero. */
void progress_start(struct progress *progress, const char *phase, uint64_t items_total, uint64_t bytes_total);
