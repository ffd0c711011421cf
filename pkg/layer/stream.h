/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module and its tests: one layer blob as a stream of tar entries, plain or compressed
 * with gzip or zstd (the first bytes decide, not the media type).
 *
 * Whatever the bytes are, work and memory are bounded: see the limits below.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define LAYER_MAX_OUTPUT (UINT64_C(4) << 30)    /* unpacked bytes of a layer */
#define LAYER_MAX_RATIO 200                     /* unpacked to packed, once more than ... */
#define LAYER_RATIO_EXEMPT (UINT64_C(16) << 20) /* ... this much has come out */
#define LAYER_MAX_ENTRIES 1000000u

/* Where the packed bytes come from. Reads are in order and without gaps. */
struct layer_source {
	/* 0 < result <= length, or -1; never called at or behind size_bytes. */
	ssize_t (*read)(void *context, uint64_t offset, void *data, size_t length, struct error *err);
	void *context;
	uint64_t size_bytes;
};

enum layer_entry_type {
	LAYER_REGULAR,
	LAYER_DIRECTORY,
	LAYER_SYMBOLIC_LINK,
	LAYER_HARD_LINK,
	LAYER_OTHER, /* devices, pipes */
};

struct layer_entry {
	enum layer_entry_type type;
	const char *path;   /* clean; borrowed until the next entry */
	const char *target; /* of a link, as written; borrowed like path; else NULL */
	uint64_t size_bytes;
	bool is_sparse;
};

struct layer_stream;

/* `source` is borrowed until the stream is freed. */
int layer_stream_open(struct layer_stream **stream, const struct layer_source *source,
		      struct error *err) MUST_CHECK;
/* 1 with the next entry, 0 at the end, or -1. */
int layer_stream_next(struct layer_stream *stream, struct layer_entry *entry, struct error *err) MUST_CHECK;
/* The bytes of the current entry: 0 at its end. */
ssize_t layer_stream_read(struct layer_stream *stream, void *data, size_t length,
			  struct error *err) MUST_CHECK;
/* Reads what is left of the packed bytes without looking at it, so that the source can check the digest
 * of the whole blob. */
int layer_stream_finish(struct layer_stream *stream, struct error *err) MUST_CHECK;
void layer_stream_free(struct layer_stream *stream);
void layer_stream_freep(struct layer_stream **stream);
