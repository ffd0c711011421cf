/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs by digest, wherever they lie: a directory with an OCI image layout, a tar that holds one, or a
 * portable archive, behind one interface. Commands never know which.
 *
 * Nothing unverified is ever visible: a blob gets in through blob_writer_commit alone, which checks size
 * and digest; the hash runs while the bytes are written, never by reading them back. A reader checks
 * the digest of what it reads from beginning to end before it hands out the last bytes.
 *
 * Different blobs may be read and written by different threads at the same time; one reader or writer
 * belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "digest/digest.h"
#include "oci/manifest.h"

struct blob_store;
struct blob_reader;
struct blob_writer;

/* An entry of index.json: a top manifest and its name there (org.opencontainers.image.ref.name). */
struct store_image {
	char *name; /* NULL if the entry has none */
	struct descriptor descriptor;
};

void blob_store_free(struct blob_store *store);
void blob_store_freep(struct blob_store **store);

/* What messages call it: "archive:/media/x.tar", "oci:dir". */
const char *blob_store_name(const struct blob_store *store);

/* The images of index.json, in its order; borrowed. */
const struct store_image *blob_store_images(const struct blob_store *store, size_t *count);

/* Whether a committed blob of this digest and size is there. */
bool blob_store_has(const struct blob_store *store, const struct digest *digest, uint64_t size);

/* ERROR_NOT_FOUND if it is not there; ERROR_DIGEST if it is there with another size. */
int blob_store_open_blob(struct blob_store *store, const struct digest *digest, uint64_t size,
			 struct blob_reader **reader, struct error *err) MUST_CHECK;
/* A whole blob (a manifest, a config) of at most `limit` bytes, verified; appended to `out`. */
int blob_store_read_blob(struct blob_store *store, const struct digest *digest, uint64_t size, size_t limit,
			 struct strbuf *out, struct error *err) MUST_CHECK;

/* Up to `length` bytes from `offset`: 0 < result <= length, or -1. A reader that is read from 0 in
 * order hashes what passes; when the end is reached and the digest is wrong the last portion is not
 * handed out: ERROR_DIGEST, naming store, blob and offset of the damage where chunk sums tell it. */
ssize_t blob_reader_read(struct blob_reader *reader, uint64_t offset, void *data, size_t length,
			 struct error *err) MUST_CHECK;
void blob_reader_free(struct blob_reader *reader);
void blob_reader_freep(struct blob_reader **reader);

/* Begins a blob. Not possible in stores that are open for reading (ERROR_INVALID), nor for blobs that a
 * sealed archive has no place for. A blob that is there already may be written again. */
int blob_store_create_blob(struct blob_store *store, const struct digest *digest, uint64_t size,
			   struct blob_writer **writer, struct error *err) MUST_CHECK;
int blob_writer_write(struct blob_writer *writer, const void *data, size_t length,
		      struct error *err) MUST_CHECK;
/* Forgets all bytes so far: the next write is at 0. */
int blob_writer_restart(struct blob_writer *writer, struct error *err) MUST_CHECK;
/* Takes the writer. ERROR_DIGEST when size or digest differ: then nothing became visible. */
int blob_writer_commit(struct blob_writer *writer, struct error *err) MUST_CHECK;
/* Abandons what was not committed. */
void blob_writer_free(struct blob_writer *writer);
void blob_writer_freep(struct blob_writer **writer);

/* Writes and commits bytes in memory. */
int blob_store_put(struct blob_store *store, const struct digest *digest, const void *data, size_t length,
		   struct error *err) MUST_CHECK;

/* --- a directory: OCI image layout (image-spec image-layout.md) */

enum directory_mode {
	DIRECTORY_READ,  /* must be a layout */
	DIRECTORY_WRITE, /* made if missing; an existing layout is added to; anything else is refused */
	DIRECTORY_CACHE, /* the same, for our own work directory: no fsync, no oci-layout checks */
};
int directory_store_open(struct blob_store **store, const char *path, enum directory_mode mode,
			 struct error *err) MUST_CHECK;
/* Adds or replaces (by name) an image in index.json: the commit of a copy into a directory. */
int directory_store_add_image(struct blob_store *store, const char *name, const struct descriptor *descriptor,
			      struct error *err) MUST_CHECK;
/* Takes a blob out again (spools). Missing is fine. */
int directory_store_remove_blob(struct blob_store *store, const struct digest *digest,
				struct error *err) MUST_CHECK;

/* --- a tar with an OCI image layout made by anybody, uncompressed, for reading. Headers are read once;
 * blobs are read in place. Sparse, linked or repeated entries of blobs are refused. */
int tar_store_open(struct blob_store **store, const char *path, struct error *err) MUST_CHECK;
