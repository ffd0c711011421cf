/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The portable archive: one tar that is an OCI image layout with records of our own
 * (docs/archive-format.md). Every blob's place is known before the first byte is written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "store/store.h"

/* --- what an archive says about itself: airlift/index.json */

/* A top manifest. */
struct archive_image {
	char *source; /* its name as written, e.g. "quay.io/a/b@sha256:..." */
	struct digest digest;
	uint64_t size;
	enum manifest_type type;
	char *attached_to; /* a signature or referrer: `source` of the image that it belongs to; else NULL */
	char *tag;         /* tag of an attached image ("sha256-<hex>.sig"); NULL: by digest only */
};

/* One component of a release: a name, and the pull spec of its image as the release has it. */
struct archive_component {
	char *name;
	char *image;
};

/* A signature of a release, byte for byte as its store served it. */
struct archive_signature {
	struct digest digest; /* of what is signed */
	struct strbuf message;
};

/* What push needs of a release beside its images. */
struct archive_release {
	char *version;
	char *architecture; /* as in its tags: "x86_64", "multi"; "" if unknown */
	bool without_image; /* --skip-release-image: the release image itself was not asked for */
	struct archive_component *components; /* in the order of the release */
	size_t n_components;
	struct archive_signature *signatures; /* verified when they were recorded; none: it was not signed */
	size_t n_signatures;
	struct strvec previous; /* versions that it can be updated from */
};

void archive_release_free(struct archive_release *release);

/* What was asked for: a catalog or a release, with the images it consists of. */
struct archive_root {
	char *kind;                      /* "catalog", "release", "image" */
	char *source;                    /* as written on the command line */
	struct strvec images;            /* texts as in the catalog, sorted; also those that are missing */
	struct archive_release *release; /* of a release, else NULL */
};

void archive_root_release(struct archive_root *root);
/* A deep copy into an empty root. */
void archive_root_copy(struct archive_root *to, const struct archive_root *from);

struct archive_missing {
	char *source;
	char *reason;
};

struct archive_records {
	char id[DIGEST_HEX_LENGTH + 1]; /* digest of the records without it: same content, same id */
	struct strvec predecessors;     /* ids; for increments */
	struct archive_root *roots;
	size_t n_roots;
	struct archive_image *images;
	size_t n_images;
	struct archive_missing *missing;
	size_t n_missing;
};

#define ARCHIVE_RECORDS_INIT \
	{ \
		0 \
	}
void archive_records_release(struct archive_records *records);
/* By its recorded name; NULL if the archive does not hold it. */
const struct archive_image *archive_records_find_image(const struct archive_records *records,
						       const char *source);

/* --- writing */

enum archive_blob_kind { ARCHIVE_MANIFEST, ARCHIVE_CONFIG, ARCHIVE_LAYER };

struct archive_blob {
	struct digest digest;
	uint64_t size;
	enum archive_blob_kind kind;
};

struct archive_writer;

/* The size of the finished archive for a plan, without the tail: for the space check. What an interrupted run
 * with another plan has left (archive_writer_leftover) takes space beside it. */
uint64_t archive_planned_size(const struct archive_blob *blobs, size_t n_blobs);

/* Takes the lock (ERROR_BUSY), fixes the layout for the given blobs (any order; repetitions are an
 * error) and opens PATH.partial. If PATH.plan of an interrupted run has the same blobs, what that run
 * has finished is verified and kept: blob_store_has() says so afterwards. If its plan was another one,
 * its file is kept beside the new one until that is finished: see archive_writer_leftover.
 * `with_records` false: a plain oci-archive for others, without airlift/ entries, .plan and .index.json. */
int archive_writer_open(struct archive_writer **writer, const char *path, const struct archive_blob *blobs,
			size_t n_blobs, bool with_records, struct progress *progress,
			struct error *err) MUST_CHECK;
/* The place to write the blobs to; borrowed, lives as long as the writer. */
struct blob_store *archive_writer_store(struct archive_writer *writer);
/* What interrupted runs with other plans had finished, as a store for reading, to copy from before
 * anything is fetched; NULL if there is nothing. Borrowed, lives as long as the writer. Of several
 * interrupted runs the one that had finished more bytes is kept (the later one if they are equal). Blobs
 * are verified when they are read: ERROR_DIGEST means no more than that the blob must be fetched. */
struct blob_store *archive_writer_leftover(struct archive_writer *writer);
/* Planned blobs that never came become absent entries; the tail is written, everything synced
 * (`skip_sync`: for measurements), renamed; PATH.index.json last. Fills records->id. */
int archive_writer_finish(struct archive_writer *writer, struct archive_records *records, bool skip_sync,
			  struct error *err) MUST_CHECK;
/* Unfinished: leaves PATH.partial and PATH.plan for the next run. Releases the lock. */
void archive_writer_free(struct archive_writer *writer);
void archive_writer_freep(struct archive_writer **writer);

/*
 * A run that was killed between the appearance of PATH and that of PATH.index.json has left work undone,
 * which this does: the sidecar is written from the archive and, unless a further run is unfinished,
 * PATH.plan and what archive_writer_leftover gave are removed. Does nothing, and needs no permission to
 * write, where all is well. Errors are those of archive_open; ERROR_BUSY while somebody writes; ERROR_IO
 * where nothing can be written: the archive is whole all the same.
 */
int archive_restore_index(const char *path, struct error *err) MUST_CHECK;

/* --- reading */

/* ERROR_NOT_FOUND, or ERROR_DIGEST for what is not a whole archive (truncated, foreign, unfinished:
 * the message says which and what to do). */
int archive_open(struct blob_store **store, const char *path, struct error *err) MUST_CHECK;
/* Of a store that archive_open gave, borrowed; NULL for any other store. */
const struct archive_records *archive_store_records(const struct blob_store *store);
/* Position of a blob in the archive, for reading in its order; UINT64_MAX if it is not there, or if the
 * store is no archive. */
uint64_t archive_store_offset(const struct blob_store *store, const struct digest *digest);
/* Bytes of all blobs that are there, and how many. */
uint64_t archive_store_blob_bytes(const struct blob_store *store, size_t *n_blobs);

struct archive_damage {
	uint64_t offset; /* in the archive */
	uint64_t length;
	char *what;           /* "blob sha256:...", "header of ...", "index.json" */
	struct strvec images; /* sources that need it */
};

struct archive_verification {
	uint64_t bytes; /* read */
	size_t n_blobs;
	struct archive_damage *damages;
	size_t n_damages;
};

void archive_verification_release(struct archive_verification *verification);

/* Reads everything once, in order, with all cores. Damage is a result, not an error. Every byte of the
 * file is accounted for: headers, padding and zeros too. */
int archive_verify(const char *path, struct progress *progress, struct archive_verification *verification,
		   struct error *err) MUST_CHECK;
