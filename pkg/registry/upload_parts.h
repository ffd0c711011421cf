/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of one upload (distribution-spec "Pushing a blob"), each made once; upload.c decides what
 * happens after an error. Private to upload*.c.
 *
 * Private to this module.
 */
#pragma once

#include "oci/manifest.h"
#include "registry/registry.h"
#include "registry/request.h"
#include "registry/upload_location.h"

/* How the bytes travel, in the order in which ways are tried when a registry or a proxy finds a body
 * too large. */
enum upload_way {
	UPLOAD_PUT,          /* all in the closing PUT */
	UPLOAD_STREAM,       /* all in one PATCH, then an empty PUT */
	UPLOAD_CHUNKS,       /* PATCHes of 50 MiB */
	UPLOAD_SMALL_CHUNKS, /* PATCHes of 4 MiB: what GHCR takes, and proxies with tight limits */
};

struct upload {
	const struct access *access;
	const struct descriptor *descriptor;
	const struct http_source *source;
	char *what;                      /* for messages */
	struct upload_location location; /* of the open place; url NULL: none */
	struct http_response response;   /* of the last request */
	enum upload_way way;
	uint64_t minimum_chunk_bytes; /* OCI-Chunk-Min-Length of this place */
	uint64_t stored_bytes;        /* in the open place, by chunks */
	uint64_t tried_bytes;         /* end of the last chunk that was sent: it cannot have more */
	unsigned broken_bodies;       /* connections that broke in this way */
	unsigned lost_places;
	bool was_too_large; /* some body got 413 */
	bool may_be_there;  /* the last PUT may have been carried out */
	bool has_new_way;   /* after an answer that asked for one: not a matter of waiting */
	bool can_go_on;     /* the place may be good for the rest */
	bool has_asked;     /* for its state, and no chunk was taken since */
	bool is_final;
};

void upload_release(struct upload *upload);

/* POST: where does it go? */
int upload_open_place(struct upload *upload, struct error *err) MUST_CHECK;
/* Takes the place that the last answer names. */
int upload_read_place(struct upload *upload, struct error *err) MUST_CHECK;
/* GET: how much the place holds after a chunk got lost. Any doubt is an error. */
int upload_ask_place(struct upload *upload, struct error *err) MUST_CHECK;
void upload_drop_place(struct upload *upload);

/* All that goes before the closing PUT: nothing, one PATCH or chunks. */
int upload_send_body(struct upload *upload, struct error *err) MUST_CHECK;
/* The closing PUT. */
int upload_put(struct upload *upload, struct error *err) MUST_CHECK;
/* After a success: ERROR_DIGEST if the registry says that it has stored something else. */
int upload_check_stored(const struct upload *upload, struct error *err) MUST_CHECK;

/* The bytes that a Range header of an upload confirms, whatever its spelling: "0-9" and "bytes=0-9" are
 * ten; none, "0--1" and "0-0" (which distribution says of an empty upload too) are zero. */
uint64_t upload_confirmed_bytes(const char *range);
