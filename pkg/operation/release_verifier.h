/* SPDX-License-Identifier: Apache-2.0 */
/* Who has signed a release? Asked by release verify, and by release mirror and push before they believe
 * one. */
#pragma once

#include "operation/run.h"
#include "release/signature.h"
#include "store/archive.h"

struct release_image;

/* The images that a release may be a list of: one an architecture. */
#define RELEASE_MAX_IMAGES 64

/* The flags about trust. */
struct trust_options {
	struct strvec key_files; /* --release-key */
	struct strvec stores;    /* --signature-store; none: the default ones */
	bool allows_unsigned;    /* --allow-unsigned */
};

void trust_options_release(struct trust_options *options);
/* ERROR_USAGE for a store that is no URL. */
int trust_options_check(const struct trust_options *options, struct error *err) MUST_CHECK;

/* What is known about the signatures of one release. */
struct release_verification {
	/* Of what the reference names; then those of the images in its list, as far as there are any. */
	struct release_signature *signatures;
	size_t n_signatures;
	bool had_key; /* there was a key to check them with, whatever came of it */
};

void release_verification_release(struct release_verification *verification);

/* The keys and stores of one command: a store that turned out to be of no use is not asked again. */
struct release_verifier;

int release_verifier_open(struct release_verifier **verifier, struct run *run,
			  const struct trust_options *options, struct error *err) MUST_CHECK;
void release_verifier_free(struct release_verifier *verifier);
void release_verifier_freep(struct release_verifier **verifier);

/*
 * Looks for the signature of what the reference names (of a manifest list: of the list), in the stores or,
 * if `recorded` is given, among those that an archive has recorded. Signatures of the images of a signed
 * list are taken along where there are any. The payload is read where the keys must be looked for there; so
 * is the manifest, if the image is not resolved. ERROR_DIGEST (exit status 4) with all reasons; had_key is
 * set then too.
 */
int release_verifier_check(struct release_verifier *verifier, struct source *source,
			   struct release_image *image, const struct archive_release *recorded,
			   struct release_verification *verification, struct error *err) MUST_CHECK;
