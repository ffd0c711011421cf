/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "operation/release_image.h"
#include "operation/release_record.h"
#include "operation/timestamp.h"
#include "store/archive.h"

int trust_options_check(const struct trust_options *options, struct error *err)
{
	for (size_t i = 0; i < options->stores.count; i++)
		if (release_check_store(options->stores.items[i], err) < 0)
			return error_wrap(err, "--signature-store");
	return 0;
}

void release_verification_release(struct release_verification *verification)
{
	for (size_t i = 0; i < verification->n_signatures; i++)
		release_signature_release(&verification->signatures[i]);
	free(steal(&verification->signatures));
	verification->n_signatures = 0;
}

/* --- one release */

struct verifier {
	struct run *run;
	const struct trust_options *options;
	struct release_trust *trust;
	const struct archive_release *recorded; /* or NULL: the stores are asked */
	struct strvec stores;
};

static void verifier_release(struct verifier *verifier)
{
	release_trust_free(verifier->trust);
	strvec_release(&verifier->stores);
}

static int open_verifier(struct verifier *verifier, struct error *err)
{
	const struct strvec *stores = &verifier->options->stores;
	/* What a killed run leaves there goes with the spool. */
	CLEANUP(free_string) char *spool = xasprintf("%s.spool", verifier->run->job);
	struct release_trust_options trust = {.key_files = &verifier->options->key_files,
					      .temporary_directory = spool};

	for (size_t i = 0; i < stores->count; i++)
		strvec_push(&verifier->stores, stores->items[i]);
	for (size_t i = 0; !stores->count && i < ARRAY_LENGTH(release_default_stores); i++)
		strvec_push(&verifier->stores, release_default_stores[i]);
	return release_trust_open(&verifier->trust, &trust, err);
}

static int find_keys(struct verifier *verifier, struct source *source, struct release_image *image,
		     struct error *err)
{
	CLEANUP(free_string) char *name = xasprintf("the update keys in %s", image->name);

	if (release_trust_has_key(verifier->trust))
		return 0;
	if (!image->is_resolved && release_image_resolve(verifier->run, source, image, NULL, err) < 0)
		return error_advise(err, "its keys were looked for there; --release-key FILE names others");
	if (release_image_read_payload(verifier->run, source, image, err) < 0 ||
	    release_trust_add_payload_keys(verifier->trust, name, &image->payload.keyrings, err) < 0)
		return -1;
	if (release_trust_has_key(verifier->trust))
		return 0;
	release_trust_no_key(verifier->trust, err);
	return error_wrap(err, "%s", image->name);
}

static int check_recorded(struct verifier *verifier, const struct digest *digest,
			  struct release_signature *signature, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf reasons = STRBUF_INIT;
	const struct archive_release *recorded = verifier->recorded;

	for (size_t i = 0; i < recorded->n_signatures; i++) {
		const struct archive_signature *known = &recorded->signatures[i];
		CLEANUP(error_clear) struct error reason = ERROR_INIT;

		if (!digest_equal(&known->digest, digest))
			continue;
		if (release_signature_check(verifier->trust, digest, known->message.buf, known->message.len,
					    signature, &reason) == 0)
			return 0;
		strbuf_addf(&reasons, "\n  the archive's signature: %s", reason.message);
	}
	char text[DIGEST_TEXT_SIZE];
	return error_set(err, ERROR_DIGEST, "%s: is not signed by a trusted key:%s",
			 digest_format(digest, text),
			 reasons.len ? reasons.buf : "\n  the archive has no signature of it");
}

static int find_signature(struct verifier *verifier, const struct digest *digest,
			  struct release_signature *signature, struct error *err)
{
	if (verifier->recorded)
		return check_recorded(verifier, digest, signature, err);
	return release_find_signature(verifier->run->http, &verifier->stores, verifier->trust, digest,
				      signature, err);
}

/* Adds the signature of a digest; *is_signed false and the reason in `missing` if there is none. */
static int add_signature(struct verifier *verifier, const struct digest *digest,
			 struct release_verification *verification, bool *is_signed, struct error *missing,
			 struct error *err)
{
	struct release_signature signature = RELEASE_SIGNATURE_INIT;
	struct error reason = ERROR_INIT;

	*is_signed = find_signature(verifier, digest, &signature, &reason) == 0;
	if (*is_signed) {
		verification->signatures[verification->n_signatures++] = signature;
		return 0;
	}
	release_signature_release(&signature);
	if (!error_is(&reason, ERROR_DIGEST))
		return error_move(err, &reason);
	/* The first reason is that of what was asked for. */
	(void)error_move(missing, &reason);
	return 0;
}

static int verify_digests(struct verifier *verifier, const struct release_image *image,
			  struct release_verification *verification, struct error *err)
{
	CLEANUP(error_clear) struct error missing = ERROR_INIT;
	bool is_signed, are_all_signed = image->platform.n_children > 0;

	verification->signatures = xcalloc(1 + image->platform.n_children, sizeof(*verification->signatures));
	if (add_signature(verifier, &image->platform.top, verification, &is_signed, &missing, err) < 0)
		return -1;
	for (size_t i = 0; i < image->platform.n_children; i++) {
		bool is_child_signed = false;

		if (add_signature(verifier, &image->platform.children[i], verification, &is_child_signed,
				  &missing, err) < 0)
			return -1;
		are_all_signed &= is_child_signed;
	}
	if (is_signed || are_all_signed)
		return 0;
	return error_move(err, &missing);
}

int release_verify_image(struct run *run, const struct trust_options *options, struct source *source,
			 struct release_image *image, const struct archive_release *recorded,
			 struct release_verification *verification, struct error *err)
{
	CLEANUP(verifier_release) struct verifier verifier = {
		.run = run, .options = options, .recorded = recorded};

	if (open_verifier(&verifier, err) < 0 || find_keys(&verifier, source, image, err) < 0)
		return -1;
	verification->had_key = true;
	if (verify_digests(&verifier, image, verification, err) < 0) {
		release_verification_release(verification);
		return error_wrap(err, "%s", image->name);
	}
	return 0;
}

/* --- the command */

static const char release_repository[] = "quay.io/openshift-release-dev/ocp-release";

static int parse_digest(struct verify_request *request, const char *text, const char *from, struct error *err)
{
	CLEANUP(location_release) struct location repository = LOCATION_INIT;

	if (location_parse(&repository, from ? from : release_repository, err) < 0)
		return error_wrap(err, "--from");
	if (repository.type != LOCATION_REGISTRY)
		return error_set(err, ERROR_USAGE, "--from %s: is not a repository in a registry", from);
	reference_set(&repository.reference.tag, "");
	reference_set(&repository.reference.id, text);
	CLEANUP(free_string) char *image = reference_exact(&repository.reference);
	request->is_digest = true;
	return location_parse(&request->location, image, err);
}

int verify_request_parse(struct verify_request *request, const char *text, const char *from, const char *arch,
			 struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	if (trust_options_check(&request->trust, err) < 0)
		return -1;
	if (digest_parse(&request->digest, text, &ignored) == 0)
		return parse_digest(request, text, from, err);
	if (text_starts_with(text, "sha256:"))
		return error_set(err, ERROR_USAGE, "%s", ignored.message);
	if (from)
		return error_set(err, ERROR_USAGE,
				 "--from: goes with a bare digest, whose update keys it leads to");
	return release_location_parse(&request->location, text, arch, err);
}

void verify_request_release(struct verify_request *request)
{
	location_release(&request->location);
}

static void print_signature(struct strbuf *out, const struct release_signature *signature)
{
	char digest[DIGEST_TEXT_SIZE], created[TIMESTAMP_SIZE];

	strbuf_addf(out, "verified     %s\n", digest_format(&signature->digest, digest));
	strbuf_addf(out, "signer       %s%s\n", signature->signer,
		    signature->is_key_expired ? " (the key has expired since)" : "");
	strbuf_addf(out, "fingerprint  %s\ndate         %s\n", signature->fingerprint,
		    timestamp_format(signature->created, created));
	strbuf_addf(out, "reference    %s\n", signature->docker_reference);
	if (signature->place)
		strbuf_addf(out, "signature    %s\n", signature->place);
}

static int verify_and_print(struct run *run, const struct verify_request *request, struct source *source,
			    struct release_image *image, const struct archive_release *recorded,
			    struct strbuf *out, struct error *err)
{
	CLEANUP(release_verification_release) struct release_verification verification = {0};

	if (release_verify_image(run, &request->trust, source, image, recorded, &verification, err) < 0)
		return -1;
	for (size_t i = 0; i < verification.n_signatures; i++) {
		strbuf_add_string(out, out->len ? "\n" : "");
		print_signature(out, &verification.signatures[i]);
	}
	return 0;
}

static int verify_registry(struct run *run, const struct verify_request *request, struct source *source,
			   struct strbuf *out, struct error *err)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	if (release_image_init(&image, source, &request->location, err) < 0)
		return -1;
	if (request->is_digest)
		image.platform.top = image.platform.chosen = request->digest;
	else if (release_image_resolve(run, source, &image, NULL, err) < 0)
		return -1;
	return verify_and_print(run, request, source, &image, NULL, out, err);
}

static int verify_root(struct run *run, const struct verify_request *request, struct source *source,
		       const struct archive_root *root, struct strbuf *out, struct error *err)
{
	const struct archive_records *records = archive_store_records(source_store(source));
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	if (release_image_open_recorded(run, source, &image, records, root, err) < 0 ||
	    release_record_compare(run, source, root->release, &image, err) < 0)
		return -1;
	return verify_and_print(run, request, source, &image, root->release, out, err);
}

/* All are looked at; the first that fails decides. */
static int verify_archive(struct run *run, const struct verify_request *request, struct source *source,
			  struct strbuf *out, struct error *err)
{
	const struct archive_records *records = archive_store_records(source_store(source));
	size_t n_releases = 0;

	for (size_t i = 0; records && i < records->n_roots; i++) {
		struct error failure = ERROR_INIT;

		if (!records->roots[i].release)
			continue;
		n_releases++;
		if (verify_root(run, request, source, &records->roots[i], out, &failure) < 0)
			(void)error_move(err, &failure);
	}
	if (!n_releases)
		return error_set(err, ERROR_INVALID, "%s: holds no release", request->location.text);
	return err->code == ERROR_NONE ? 0 : -1;
}

int release_verify(struct run *run, const struct verify_request *request, struct strbuf *out,
		   struct outcome *outcome, struct error *err)
{
	CLEANUP(source_freep) struct source *source = NULL;

	outcome_phase(outcome, "release");
	if (run_open_source(run, &request->location, &source, err) < 0)
		return -1;
	int result =
		(source_store(source) ? verify_archive : verify_registry)(run, request, source, out, err);
	outcome_phase(outcome, NULL);
	return result;
}
