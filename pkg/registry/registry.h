/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of container registries (OCI distribution-spec; docker token authentication).
 *
 *   struct registry_client    what all workers share: settings, credentials, tokens, what was learnt
 *                             about each registry (scheme, upload habits). Thread-safe.
 *   struct registry_session   one a worker: owns the http session.
 *   struct repository         host, path and side: a plain value, borrowed by every call.
 *
 * Every by-digest read takes the descriptor of a verified parent; bytes that do not match never reach
 * the caller as a success (ERROR_DIGEST). The one unverified read, registry_resolve, returns the
 * descriptor of what it got. Servers' headers are hints.
 *
 * Requests are repeated here (http/retry.h), and authorised here: token or Basic with the first
 * request when known, one new token on 401, then it is final (ERROR_UNAUTHORIZED; the message says which
 * credentials were used, or where none were found). http is spoken only to insecure registries:
 * https first, http if that cannot connect.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "http/http.h"
#include "http/retry.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/registries_conf.h"

enum registry_side { REGISTRY_SOURCE, REGISTRY_TARGET };

/* Settings of one side. Strings are borrowed for the life of the client. */
struct registry_side_options {
	const char *auth_file;             /* NULL: the usual places */
	const char *certificate_directory; /* --cert-dir: used as it is; NULL: certs.d by host */
	bool is_insecure;                  /* for `insecure_hosts` only */
	struct strvec insecure_hosts;      /* hosts that were named on the command line */
};

struct registry_options {
	struct http_client *http;              /* borrowed */
	struct registry_side_options sides[2]; /* by enum registry_side */
	const char *registries_conf;           /* file for sources, or NULL */
	struct retry_policy retry;
	bool pull_scope_only; /* --dry-run: never ask for push */
};

struct registry_client;
int registry_client_new(struct registry_client **client, const struct registry_options *options,
			struct error *err) MUST_CHECK;
void registry_client_free(struct registry_client *client);
void registry_client_freep(struct registry_client **client);
const struct registries_conf *registry_client_registries_conf(const struct registry_client *client);

struct registry_session;
struct registry_session *registry_session_new(struct registry_client *client);
void registry_session_free(struct registry_session *session);
void registry_session_freep(struct registry_session **session);

struct repository {
	enum registry_side side;
	const char *host; /* "quay.io", "localhost:5000", as the user knows it (docker.io, not registry-1) */
	const char *path; /* "openshift/release" */
	bool is_insecure; /* in addition: registries.conf said so for this place */
};

/* --- manifests */

/* By tag or digest text. Whatever comes back is hashed: *descriptor gets digest, size and media type
 * (release with descriptor_release). A digest that was asked for is enforced. ERROR_NOT_FOUND. */
int registry_resolve(struct registry_session *session, const struct repository *repository,
		     const char *tag_or_digest, struct strbuf *bytes, struct descriptor *descriptor,
		     struct error *err) MUST_CHECK;

/* By descriptor: digest and size are checked. The parent's media type counts, not the server's header;
 * manifest_parse compares it with the body. `is_size_known` false: a root that the user named by digest
 * only. */
int registry_read_manifest(struct registry_session *session, const struct repository *repository,
			   const struct descriptor *expected, bool is_size_known, struct strbuf *bytes,
			   struct error *err) MUST_CHECK;

/* HEAD: *is_present, and what the server says the digest is (*has_digest). Falls back to GET where a
 * server cannot HEAD, or says no digest of a tag. 404 is not an error. Only a hint: never a reason to
 * believe bytes. */
int registry_head_manifest(struct registry_session *session, const struct repository *repository,
			   const char *tag_or_digest, bool *is_present, bool *has_digest,
			   struct digest *digest, struct error *err) MUST_CHECK;

/* PUT with the exact bytes and type under a tag, or under its digest when tag is NULL. Where a manifest has
 * a subject and the registry has no referrers API, the list of referrers under the tag sha256-<hex>
 * is kept up to date as well (distribution-spec "Pushing Manifests with Subject"). */
int registry_write_manifest(struct registry_session *session, const struct repository *repository,
			    const char *tag, const char *media_type, const struct digest *digest,
			    const void *bytes, size_t length, struct error *err) MUST_CHECK;
/* After registry_write_manifest failed: the registry said that it lacks blobs of this manifest. */
bool registry_error_is_missing_blobs(const struct error *err);

/* The referrers of a digest as an OCI index (distribution-spec "Listing Referrers", with pagination,
 * then the fallback tag sha256-<hex>). *is_supported false: the API is not there (fallback was tried).
 * Nothing found: 0 and an empty strbuf. */
int registry_read_referrers(struct registry_session *session, const struct repository *repository,
			    const struct digest *digest, bool *is_supported, struct strbuf *bytes,
			    struct error *err) MUST_CHECK;

/* Whether `referrer` is among the referrers of `subject`: its manifest may be there while the list is not,
 * when whoever wrote it was interrupted. */
int registry_has_referrer(struct registry_session *session, const struct repository *repository,
			  const struct digest *subject, const struct digest *referrer, bool *is_listed,
			  struct error *err) MUST_CHECK;

/* --- blobs */

/* Where bytes of a download go. `offset` is where the next byte belongs: after a broken connection the
 * download goes on there by Range; restart() is called when it must begin anew. */
struct blob_sink {
	int (*write)(void *context, const void *data, size_t length, struct error *err);
	/* Forget everything that was written. */
	int (*restart)(void *context, struct error *err);
	void *context;
	uint64_t offset; /* bytes that are there already; advanced by registry_read_blob */
};

/* Streams exactly descriptor->size bytes into the sink. The sink's owner checks the digest (it sees
 * every byte once); wrong lengths are refused here. */
int registry_read_blob(struct registry_session *session, const struct repository *repository,
		       const struct descriptor *descriptor, struct blob_sink *sink,
		       struct error *err) MUST_CHECK;

/* Whether the target has the blob (HEAD; a size that differs counts as absent). */
int registry_has_blob(struct registry_session *session, const struct repository *repository,
		      const struct descriptor *descriptor, bool *is_present, struct error *err) MUST_CHECK;

/* What a blob is made of, if it must be sent. */
struct blob_source {
	struct http_source bytes; /* size: exactly that of the blob */
	/* NULL, or called once, with the context of `bytes`, when the blob was not mounted and before
	 * the first byte is asked for: the time to open what `bytes` reads. *is_needed is true; set to
	 * false it ends the call without an upload, as a success. */
	int (*open)(void *context, bool *is_needed, struct error *err);
};

/*
 * Gets the blob into `repository`: by mounting it from `mount_from` (a repository path of the same
 * registry, or NULL) or by sending the source. A refused mount that has opened an upload is used for
 * it. No HEAD is made: see registry_has_blob. *was_mounted may be NULL.
 *
 * POST, then one PUT. Where a registry or a proxy refuses that (413, connections that break): one
 * PATCH, then PATCHes of 50 MiB, then of 4 MiB (more if the registry wants that:
 * OCI-Chunk-Min-Length). What worked after a 413 is remembered for the run. An upload in chunks goes
 * on where it broke off, if the registry knows where that was.
 */
int registry_write_blob(struct registry_session *session, const struct repository *repository,
			const struct descriptor *descriptor, const char *mount_from,
			const struct blob_source *source, bool *was_mounted, struct error *err) MUST_CHECK;
