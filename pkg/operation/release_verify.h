/* SPDX-License-Identifier: Apache-2.0 */
/* airlift release verify, and what release mirror and push ask before they believe a release. */
#pragma once

#include "operation/run.h"
#include "release/signature.h"

struct release_image;

/* The flags about trust; all is borrowed. */
struct trust_options {
	struct strvec key_files; /* --release-key */
	struct strvec stores;    /* --signature-store; none: the default ones */
	bool allows_unsigned;    /* --allow-unsigned */
};

/* ERROR_USAGE for a store that is no URL. */
int trust_options_check(const struct trust_options *options, struct error *err) MUST_CHECK;

/* What is known about the signatures of one release. */
struct release_verification {
	struct release_signature
		*signatures; /* of what the reference names, then of the images in its list */
	size_t n_signatures;
	bool had_key; /* there was a key to check them with, whatever came of it */
};

void release_verification_release(struct release_verification *verification);

/*
 * Looks for the signatures of a resolved release image, in the stores or, if `recorded` is given, among those
 * that an archive has recorded. What the reference names must be signed; of a manifest list it is enough if every
 * one of its images is. Signatures of the images of a signed list are taken along where there are any. Its payload
 * is read where the keys must be looked for there. ERROR_DIGEST (exit status 4) with all reasons.
 */
int release_verify_image(struct run *run, const struct trust_options *options, struct source *source,
			 struct release_image *image, const struct archive_release *recorded,
			 struct release_verification *verification, struct error *err) MUST_CHECK;

/* --- the command */

struct verify_request {
	struct location location;
	bool is_digest; /* a bare digest: `location` is where its payload would be, for its keys */
	struct digest digest;
	struct trust_options trust;
};

/* REF (also archive:PATH) or a bare DIGEST; `from`, of a digest: the repository of the release, or NULL. */
int verify_request_parse(struct verify_request *request, const char *text, const char *from, const char *arch,
			 struct error *err) MUST_CHECK;
void verify_request_release(struct verify_request *request);

/* Adds who has signed what, for people. */
int release_verify(struct run *run, const struct verify_request *request, struct strbuf *out,
		   struct outcome *outcome, struct error *err) MUST_CHECK;
