/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share. Private to this module. */
#pragma once

#include "source/source.h"

struct source {
	struct registry_client *client; /* borrowed; NULL for a store */
	struct blob_store *store;
};

struct source_session {
	struct source *source;
	struct registry_session *registry; /* NULL for a store */
};

/* places.c: what is done at one place of an image in a registry. */
struct attempt {
	int (*run)(struct attempt *attempt, struct registry_session *session,
		   const struct repository *repository, const char *tag_or_digest, struct error *err);
	void *context; /* of run */
};

/* Place after place until one attempt succeeds. */
int source_try_places(struct source_session *session, struct source_image *image, struct attempt *attempt,
		      struct error *err) MUST_CHECK;
/* The places in the order of registries.conf. */
int source_find_places(const struct source *source, const struct source_image *image,
		       struct pull_sources *places, struct error *err) MUST_CHECK;

/* stored.c: the same questions to a store. */
int stored_resolve_tag(struct blob_store *store, const char *tag, struct strbuf *bytes,
		       struct descriptor *top, struct error *err) MUST_CHECK;
void stored_find_referrers(struct blob_store *store, const struct digest *subject, struct strbuf *bytes);
struct descriptor stored_copy_descriptor(const struct descriptor *descriptor);
