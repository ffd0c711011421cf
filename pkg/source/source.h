/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where images are read from, behind one interface: a registry (through registries.conf: mirrors first,
 * then the registry itself) or a store.
 *
 *   struct source          shared by all workers, thread-safe
 *   struct source_session  one a worker
 *   struct source_image    one image: its name, from which its places are found for each request
 *
 * A place that does not have the image, cannot be reached or refuses us is left for the next one; when all
 * have failed, the error of the registry itself is reported. Bytes with a wrong digest are one place's
 * fault too.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/registry.h"
#include "store/store.h"

struct source;
struct source_session;

/* Borrows the client. */
struct source *source_new_registry(struct registry_client *client);
/* Takes the store. */
struct source *source_new_store(struct blob_store *store);
void source_free(struct source *source);
void source_freep(struct source **source);

/* The store of a source that is one, else NULL; borrowed. */
struct blob_store *source_store(struct source *source);

struct source_session *source_session_new(struct source *source);
void source_session_free(struct source_session *session);
void source_session_freep(struct source_session **session);
/* Whether it reads a store, not a registry. */
bool source_session_is_stored(const struct source_session *session);

struct source_image {
	char *reference;           /* of a registry: "host/path[:tag][@digest]", the host always there */
	struct descriptor *stored; /* of a store: the top manifest */
	atomic_uint preferred;     /* the place that answered last: tried first */
};

void source_image_release(struct source_image *image);

/* An image in a registry. `name` is for the message. ERROR_INVALID when registries.conf blocks it. */
int source_image_init_registry(struct source_image *image, struct source *source, const char *name,
			       const struct reference *reference, struct error *err) MUST_CHECK;
/* An image in a store, by its top descriptor. */
void source_image_init_store(struct source_image *image, const struct descriptor *top);
/* Another image by digest in the repository of an image in a registry. */
void source_image_init_sibling(struct source_image *image, const struct source_image *of,
			       const struct digest *digest);
/* The registry of the image as it was named, "" for stores. The caller frees it. */
char *source_image_host(const struct source_image *image);
/* The repository path of the place that answered last, if that is at `host`; else NULL. The caller frees
 * it. */
char *source_image_path_at(struct source *source, const struct source_image *image, const char *host);

/* The top manifest by the image's own tag or digest. For stores: what index.json says. */
int source_resolve(struct source_session *session, struct source_image *image, struct strbuf *bytes,
		   struct descriptor *top, struct error *err) MUST_CHECK;
/* The digest that the source says the image has now: HEAD, a hint. *is_known false: it did not say. */
int source_peek(struct source_session *session, struct source_image *image, bool *is_known,
		struct digest *digest, struct error *err) MUST_CHECK;
/* A manifest by its verified parent's descriptor. */
int source_read_manifest(struct source_session *session, struct source_image *image,
			 const struct descriptor *descriptor, struct strbuf *bytes,
			 struct error *err) MUST_CHECK;
/* A small blob (a config) of at most `limit` bytes, verified, into memory. */
int source_read_blob(struct source_session *session, struct source_image *image,
		     const struct descriptor *descriptor, size_t limit, struct strbuf *bytes,
		     struct error *err) MUST_CHECK;
/* A blob into a store, verified by the store's commit. `progress` (its bytes_done) goes along with what
 * arrives, and back when it comes to nothing. */
int source_download(struct source_session *session, struct source_image *image,
		    const struct descriptor *descriptor, struct blob_store *into, struct progress *progress,
		    struct error *err) MUST_CHECK;

/* The same from one store into another. */
int source_copy_blob(struct blob_store *from, const struct descriptor *descriptor, struct blob_store *into,
		     struct progress *progress, struct error *err) MUST_CHECK;

/* The manifest with this tag in the repository of the image (a signature: "sha256-<hex>.sig").
 * ERROR_NOT_FOUND. Stores: looked up by the tag in the names of index.json. */
int source_resolve_tag(struct source_session *session, struct source_image *image, const char *tag,
		       struct strbuf *bytes, struct descriptor *top, struct error *err) MUST_CHECK;
/* The referrers of a digest as an OCI index, empty when there are none; *is_supported as in
 * registry_read_referrers. Stores: those in index.json whose subject it is. */
int source_read_referrers(struct source_session *session, struct source_image *image,
			  const struct digest *digest, bool *is_supported, struct strbuf *bytes,
			  struct error *err) MUST_CHECK;
