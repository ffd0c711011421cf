/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: what the stores have in common. A store embeds `struct blob_store` as its first
 * member and fills in the operations; readers and writers of blobs are the same for all, since a blob is a
 * row of bytes at some offset of some file everywhere.
 */
#pragma once

#include "store/chunks.h"
#include "store/store.h"
#include "store/volumes.h"

struct blob_store_operations {
	void (*free)(struct blob_store *store);
	bool (*has)(const struct blob_store *store, const struct digest *digest, uint64_t size);
	/* Says where the blob lies: sets reader->bytes, base and owns_bytes, and expected states if known. */
	int (*locate)(struct blob_store *store, struct blob_reader *reader, struct error *err);
	/* NULL in stores for reading. Prepares the place: sets writer->fd and base. */
	int (*create)(struct blob_store *store, struct blob_writer *writer, struct error *err);
	/* The bytes are verified: makes the blob visible. Called once, or `abandon` is; not both. */
	int (*commit)(struct blob_store *store, struct blob_writer *writer, struct error *err);
	void (*abandon)(struct blob_store *store, struct blob_writer *writer);
};

struct blob_store {
	const struct blob_store_operations *operations;
	char *name;
	struct store_image *images;
	size_t n_images;
};

struct blob_reader {
	char *store_name;
	struct digest digest;
	uint64_t size;
	struct volume_set *bytes;
	bool owns_bytes;
	uint64_t base;              /* where the blob begins in `bytes` */
	struct chunk_hasher hasher; /* its length is how far the hash has come */
	bool is_damaged;            /* known since the last reading from 0 */
};

struct blob_writer {
	struct blob_store *store;
	struct digest digest;
	uint64_t size;
	uint64_t written; /* bytes of the blob so far, with those in the buffer */
	char *buffer;     /* the last n_buffered of them, not in the file yet; NULL until needed */
	size_t n_buffered;
	int fd;        /* borrowed by writers of archives, owned by those of directories */
	uint64_t base; /* where the blob begins in the file */
	struct chunk_hasher hasher;
	struct digest *states; /* owned, or NULL if nobody wants them */
	char *temporary;       /* of a directory: the name until it is verified; NULL: none */
	size_t slot;           /* of an archive */
};

/* Frees what every store has; called by the `free` operations. */
void blob_store_release(struct blob_store *store);

/* Sets ERROR_NOT_FOUND for a blob. Always -1. */
int blob_not_found(const struct blob_store *store, const struct digest *digest, struct error *err);
/* Sets ERROR_DIGEST: it is there, but `have` bytes long. Always -1. */
int blob_wrong_size(const struct blob_store *store, const struct digest *digest, uint64_t have, uint64_t want,
		    struct error *err);
