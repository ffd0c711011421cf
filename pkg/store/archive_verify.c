/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "store/layout_index.h"

/* What one read brings. */
#define PORTION_SIZE (256u << 10)

/* One chunk of one blob: what a worker takes at a time. With states each can be checked by itself, so
 * that the cores share a large blob as well as many small ones. */
struct part {
	uint32_t slot;
	uint32_t chunk;
};

/* The fields of a worker are its own. */
struct worker {
	struct hasher *hasher;
	uint8_t *portion; /* PORTION_SIZE bytes */
};

struct verify {
	struct archive_store *archive;
	struct progress *progress; /* or NULL */
	struct part *parts;
	size_t n_parts;
	struct worker *workers;
	struct findings findings;
};

static void advance(struct verify *verify, uint64_t bytes)
{
	if (verify->progress)
		atomic_fetch_add(&verify->progress->bytes_done, bytes);
}

static void add_finding(struct verify *verify, enum finding_kind kind, size_t slot, uint64_t offset,
			uint64_t length)
{
	findings_add(&verify->findings,
		     &(struct finding){.kind = kind, .slot = slot, .offset = offset, .length = length});
}

/* Bytes that cannot be read (a bad sector) are as bad as wrong ones. */
static bool read_bytes(struct verify *verify, uint64_t offset, void *data, size_t length)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	advance(verify, length);
	return volume_set_read_all(verify->archive->bytes, offset, data, length, &ignored) == 0;
}

/* Compares a few bytes, such as a header, with what they must be: at most ARCHIVE_START_LENGTH. */
static void check_bytes(struct verify *verify, enum finding_kind kind, size_t slot, uint64_t offset,
			const uint8_t *expected, size_t length)
{
	uint8_t found[ARCHIVE_START_LENGTH];

	if (length && (!read_bytes(verify, offset, found, length) || memcmp(found, expected, length) != 0))
		add_finding(verify, kind, slot, offset, length);
}

static void check_padding(struct verify *verify, enum finding_kind kind, size_t slot, uint64_t end)
{
	static const uint8_t zeros[TAR_BLOCK_SIZE];

	check_bytes(verify, kind, slot, end, zeros, (size_t)(tar_padded(end) - end));
}

/* --- a chunk */

static bool is_right_chunk(struct verify *verify, struct worker *worker, const struct archive_slot *slot,
			   const struct part *part, uint64_t begin, size_t length)
{
	bool is_last = part->chunk == chunk_count_states(slot->size_bytes);
	const struct digest *expected =
		is_last ? &verify->archive->layout.digests.digests[part->slot] : &slot->states[part->chunk];
	struct digest computed = {0};

	hasher_reset(worker->hasher);
	if (part->chunk)
		hasher_resume(worker->hasher, slot->states[part->chunk - 1].bytes, begin);
	for (size_t done = 0; done < length;) {
		size_t portion = length - done < PORTION_SIZE ? length - done : PORTION_SIZE;
		if (!read_bytes(verify, slot->offset + begin + done, worker->portion, portion))
			return false;
		hasher_update(worker->hasher, worker->portion, portion);
		done += portion;
	}
	if (is_last)
		hasher_finish(worker->hasher, &computed);
	else
		hasher_state(worker->hasher, computed.bytes);
	return digest_equal(&computed, expected);
}

static bool is_zero_chunk(struct verify *verify, struct worker *worker, uint64_t offset, size_t length)
{
	for (size_t done = 0; done < length;) {
		size_t portion = length - done < PORTION_SIZE ? length - done : PORTION_SIZE;
		if (!read_bytes(verify, offset + done, worker->portion, portion) ||
		    !tar_is_zero(worker->portion, portion))
			return false;
		done += portion;
	}
	return true;
}

static void check_part(size_t index, unsigned worker_number, void *context)
{
	struct verify *verify = context;
	struct worker *worker = &verify->workers[worker_number];
	const struct part *part = &verify->parts[index];
	const struct archive_layout *layout = &verify->archive->layout;
	const struct archive_slot *slot = &layout->slots[part->slot];
	bool is_absent = slot->status != SLOT_FILLED;
	uint64_t begin = (uint64_t)part->chunk * CHUNK_SIZE;
	uint64_t rest = slot->size_bytes - begin;
	size_t length = rest < CHUNK_SIZE ? (size_t)rest : CHUNK_SIZE;

	if (!part->chunk) {
		uint8_t header[TAR_HEADER_MAX_LENGTH];
		size_t header_length = archive_slot_header(layout, part->slot, is_absent, header);
		check_bytes(verify, FINDING_HEADER, part->slot, archive_slot_header_offset(slot), header,
			    header_length);
	}
	if (is_absent && !is_zero_chunk(verify, worker, slot->offset + begin, length))
		add_finding(verify, FINDING_ABSENT, part->slot, slot->offset + begin, length);
	if (!is_absent && !is_right_chunk(verify, worker, slot, part, begin, length))
		add_finding(verify, FINDING_BLOB, part->slot, slot->offset + begin, length);
	if (part->chunk != chunk_count_states(slot->size_bytes))
		return;
	check_padding(verify, is_absent ? FINDING_ABSENT : FINDING_PADDING, part->slot,
		      slot->offset + slot->size_bytes);
	if (verify->progress)
		atomic_fetch_add(&verify->progress->items_done, 1);
}

static void make_parts(struct verify *verify)
{
	const struct archive_layout *layout = &verify->archive->layout;
	size_t n_parts = 0;

	for (size_t i = 0; i < layout->digests.count; i++)
		n_parts += chunk_count_states(layout->slots[i].size_bytes) + 1;
	verify->parts = xcalloc(n_parts, sizeof(*verify->parts));
	for (size_t i = 0; i < layout->digests.count; i++)
		for (size_t chunk = 0; chunk <= chunk_count_states(layout->slots[i].size_bytes); chunk++)
			verify->parts[verify->n_parts++] = (struct part){(uint32_t)i, (uint32_t)chunk};
}

static void check_parts(struct verify *verify)
{
	unsigned n_workers = parallel_cores();

	make_parts(verify);
	verify->workers = xcalloc(n_workers, sizeof(*verify->workers));
	for (unsigned i = 0; i < n_workers; i++)
		verify->workers[i] =
			(struct worker){.hasher = hasher_new(), .portion = xmalloc(PORTION_SIZE)};
	parallel_for(verify->n_parts, n_workers, check_part, verify);
	for (unsigned i = 0; i < n_workers; i++) {
		hasher_free(verify->workers[i].hasher);
		free(verify->workers[i].portion);
	}
	free(verify->workers);
	free(verify->parts);
}

/* --- the rest: oci-layout, and the tail but for the trailer, which the opening has compared */

static void check_index(struct verify *verify)
{
	const struct archive_store *archive = verify->archive;
	uint64_t offset = archive_store_index_offset(archive);
	size_t length = (size_t)archive->index.size;
	CLEANUP(free_memory) uint8_t *text = xmalloc(length);
	uint8_t header[TAR_HEADER_MAX_LENGTH];
	struct digest digest = {0};

	size_t header_length = tar_header_format(header, LAYOUT_INDEX_FILE, length);
	check_bytes(verify, FINDING_INDEX, 0, offset - header_length, header, header_length);
	if (read_bytes(verify, offset, text, length))
		digest_of(text, length, &digest);
	if (!digest_equal(&digest, &archive->index.digest))
		add_finding(verify, FINDING_INDEX, 0, offset, length);
	check_padding(verify, FINDING_INDEX, 0, offset + length);
}

static void check_frame(struct verify *verify)
{
	const struct archive_trailer *trailer = &verify->archive->trailer;
	uint8_t start[ARCHIVE_START_LENGTH], header[TAR_HEADER_MAX_LENGTH];

	archive_format_start(start, true);
	check_bytes(verify, FINDING_LAYOUT, 0, 0, start, ARCHIVE_LAYOUT_LENGTH);
	check_bytes(verify, FINDING_DIRECTORIES, 0, ARCHIVE_LAYOUT_LENGTH, start + ARCHIVE_LAYOUT_LENGTH,
		    ARCHIVE_START_LENGTH - ARCHIVE_LAYOUT_LENGTH);
	size_t length = tar_header_format(header, ARCHIVE_RECORDS_FILE, trailer->records_size);
	check_bytes(verify, FINDING_RECORDS, 0, trailer->records_offset - length, header, length);
	advance(verify, trailer->records_size + ARCHIVE_END_LENGTH);
	check_padding(verify, FINDING_RECORDS, 0, trailer->records_offset + trailer->records_size);
	check_index(verify);
}

int archive_verify(const char *path, struct progress *progress, struct archive_verification *verification,
		   struct error *err)
{
	CLEANUP(archive_store_freep) struct archive_store *archive = NULL;

	if (archive_store_open_records(&archive, path, err) < 0)
		return -1;
	if (archive->index.size > LAYOUT_INDEX_MAX_SIZE)
		return error_set(err, ERROR_DIGEST, "%s: " LAYOUT_INDEX_FILE " is larger than 256 MiB", path);
	struct verify verify = {
		.archive = archive,
		.progress = progress,
		.findings.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	if (progress)
		progress_start(progress, "verifying", archive->layout.digests.count,
			       volume_set_size(archive->bytes));
	check_parts(&verify);
	if (!cancel_requested())
		check_frame(&verify);
	int result = cancel_requested() ? cancel_error(err) : 0;
	*verification = (struct archive_verification){.bytes = volume_set_size(archive->bytes)};
	archive_store_blob_bytes(&archive->store, &verification->n_blobs);
	if (result == 0)
		findings_report(&verify.findings, archive, verification);
	free(verify.findings.items);
	pthread_mutex_destroy(&verify.findings.lock);
	return result;
}
