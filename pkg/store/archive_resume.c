/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "store/archive_writer.h"

#define PORTION_SIZE (256u << 10)

struct resume {
	struct archive_writer *writer;
	struct progress *progress; /* or NULL */
	size_t *candidates;        /* slots whose headers are in place */
	size_t n_candidates;
	pthread_mutex_t lock; /* for err */
	struct error err;     /* the first */
};

int archive_has_header(const struct archive_layout *layout, const struct volume_set *bytes, size_t slot,
		       bool *has, struct error *err)
{
	uint8_t expected[TAR_HEADER_MAX_LENGTH], found[TAR_HEADER_MAX_LENGTH];
	size_t length = archive_slot_header(layout, slot, false, expected);
	uint64_t offset = archive_slot_header_offset(&layout->slots[slot]);

	if (volume_set_read_all(bytes, offset, found, length, err) < 0)
		return -1;
	*has = !memcmp(found, expected, length);
	return 0;
}

static int collect(struct resume *resume, uint64_t *total_bytes, struct error *err)
{
	const struct archive_layout *layout = &resume->writer->layout;

	resume->candidates = xcalloc(layout->digests.count, sizeof(*resume->candidates));
	for (size_t i = 0; i < layout->digests.count; i++) {
		bool has = false;
		if (archive_has_header(layout, resume->writer->bytes, i, &has, err) < 0)
			return -1;
		if (!has)
			continue;
		resume->candidates[resume->n_candidates++] = i;
		*total_bytes += layout->slots[i].size_bytes;
	}
	return 0;
}

/* Hashes what lies there, and records the states as the writer would have. */
static int hash_slot(struct resume *resume, size_t index, bool *is_right, struct error *err)
{
	const struct archive_writer *writer = resume->writer;
	struct archive_slot *slot = &writer->layout.slots[index];
	CLEANUP(chunk_hasher_release) struct chunk_hasher hasher = {0};
	CLEANUP(free_memory) uint8_t *portion = xmalloc(PORTION_SIZE);
	size_t n_states = chunk_count_states(slot->size_bytes);

	slot->states = n_states ? xcalloc(n_states, sizeof(*slot->states)) : NULL;
	chunk_hasher_init(&hasher, slot->size_bytes);
	hasher.record = slot->states;
	while (hasher.length < slot->size_bytes) {
		uint64_t rest = slot->size_bytes - hasher.length;
		size_t length = rest < PORTION_SIZE ? (size_t)rest : PORTION_SIZE;
		if (cancel_requested())
			return cancel_error(err);
		if (volume_set_read_all(writer->bytes, slot->offset + hasher.length, portion, length, err) <
		    0)
			return -1;
		chunk_hasher_update(&hasher, portion, length);
		if (resume->progress)
			atomic_fetch_add(&resume->progress->bytes_done, length);
	}
	*is_right = chunk_hasher_is(&hasher, &writer->layout.digests.digests[index]);
	return 0;
}

static int verify_slot(struct resume *resume, size_t index, struct error *err)
{
	struct archive_slot *slot = &resume->writer->layout.slots[index];
	bool is_right = false;

	if (hash_slot(resume, index, &is_right, err) < 0)
		return -1;
	if (is_right) {
		atomic_store(&slot->status, SLOT_FILLED);
		return 0;
	}
	free(steal(&slot->states));
	return archive_clear_header(resume->writer, index, err);
}

static void verify_candidate(size_t index, unsigned worker, void *context)
{
	struct resume *resume = context;
	struct error err = ERROR_INIT;

	(void)worker;
	int result = verify_slot(resume, resume->candidates[index], &err);
	if (resume->progress)
		atomic_fetch_add(&resume->progress->items_done, 1);
	if (result == 0)
		return;
	pthread_mutex_lock(&resume->lock);
	error_move(&resume->err, &err);
	pthread_mutex_unlock(&resume->lock);
}

int archive_resume(struct archive_writer *writer, struct progress *progress, struct error *err)
{
	struct resume resume = {.writer = writer, .progress = progress, .lock = PTHREAD_MUTEX_INITIALIZER};
	uint64_t total_bytes = 0;

	int result = collect(&resume, &total_bytes, err);
	if (result == 0) {
		if (progress)
			progress_start(progress, "verifying what is there", resume.n_candidates, total_bytes);
		parallel_for(resume.n_candidates, parallel_cores(), verify_candidate, &resume);
		if (resume.err.code != ERROR_NONE)
			result = error_move(err, &resume.err);
		else if (cancel_requested())
			result = cancel_error(err);
	}
	free(resume.candidates);
	pthread_mutex_destroy(&resume.lock);
	return result;
}
