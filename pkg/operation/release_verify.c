/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "operation/release_image.h"
#include "operation/release_record.h"
#include "operation/timestamp.h"

static const char release_repository[] = "quay.io/openshift-release-dev/ocp-release";

static int parse_digest(struct release_verify_request *request, const char *text, const char *from,
			struct error *err)
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

int release_verify_request_parse(struct release_verify_request *request, const char *text, const char *from,
				 const char *arch, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	if (trust_options_check(&request->trust, err) < 0)
		return -1;
	if (digest_parse(&request->digest, text, &ignored) == 0)
		return parse_digest(request, text, from, err);
	if (text_starts_with(text, "sha256:") || text_starts_with(text, "sha384:") ||
	    text_starts_with(text, "sha512:"))
		return error_set(err, ERROR_USAGE, "%s; the digest of a release is sha256: and 64 digits",
				 ignored.message);
	if (from)
		return error_set(err, ERROR_USAGE,
				 "--from: goes with a bare digest, whose update keys it leads to");
	return release_location_parse(&request->location, text, arch, &request->version, err);
}

void release_verify_request_release(struct release_verify_request *request)
{
	location_release(&request->location);
	free(steal(&request->version));
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

struct verification_run {
	struct run *run;
	const struct release_verify_request *request;
	struct source *source;
	struct release_verifier *verifier;
	struct strbuf *out;
};

static int verify_and_print(const struct verification_run *verification_run, struct release_image *image,
			    const struct archive_release *recorded, struct error *err)
{
	CLEANUP(release_verification_release) struct release_verification verification = {0};
	struct strbuf *out = verification_run->out;

	if (release_verifier_check(verification_run->verifier, verification_run->source, image, recorded,
				   &verification, err) < 0)
		return -1;
	for (size_t i = 0; i < verification.n_signatures; i++) {
		strbuf_add_string(out, out->len ? "\n" : "");
		print_signature(out, &verification.signatures[i]);
	}
	return 0;
}

static int verify_registry(const struct verification_run *run, struct error *err)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;
	const struct release_verify_request *request = run->request;

	if (release_image_init(&image, run->source, &request->location, err) < 0)
		return -1;
	if (request->is_digest) {
		image.platform.top = image.platform.chosen = request->digest;
	} else if (release_image_resolve(run->run, run->source, &image, NULL, err) < 0) {
		return -1;
	}
	if (request->version &&
	    release_image_check_version(run->run, run->source, &image, request->version, err) < 0)
		return -1;
	return verify_and_print(run, &image, NULL, err);
}

static int verify_root(const struct verification_run *run, const struct archive_root *root, struct error *err)
{
	const struct archive_records *records = archive_store_records(source_store(run->source));
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	if (release_image_open_recorded(run->run, run->source, &image, records, root, err) < 0 ||
	    release_record_compare(run->run, run->source, records, root, &image, err) < 0 ||
	    verify_and_print(run, &image, root->release, err) < 0)
		return -1;
	return release_record_check_tied(records, root, err);
}

/* All are looked at; the first that fails decides. */
static int verify_archive(const struct verification_run *run, struct error *err)
{
	const struct archive_records *records = archive_store_records(source_store(run->source));
	size_t n_releases = 0;

	for (size_t i = 0; records && i < records->n_roots; i++) {
		struct error failure = ERROR_INIT;

		if (!records->roots[i].release)
			continue;
		n_releases++;
		if (verify_root(run, &records->roots[i], &failure) < 0)
			(void)error_move(err, &failure);
	}
	if (!n_releases)
		return error_set(err, ERROR_INVALID, "%s: holds no release; inspect lists what it holds",
				 run->request->location.text);
	return err->code == ERROR_NONE ? 0 : -1;
}

int release_verify(struct run *run, const struct release_verify_request *request, struct strbuf *out,
		   struct outcome *outcome, struct error *err)
{
	CLEANUP(source_freep) struct source *source = NULL;
	CLEANUP(release_verifier_freep) struct release_verifier *verifier = NULL;

	outcome_phase(outcome, "release");
	if (run_open_source(run, &request->location, &source, err) < 0 ||
	    release_verifier_open(&verifier, run, &request->trust, err) < 0)
		return -1;
	const struct verification_run verification = {
		.run = run, .request = request, .source = source, .verifier = verifier, .out = out};
	int result = source_store(source) ? verify_archive(&verification, err)
					  : verify_registry(&verification, err);
	outcome_phase(outcome, NULL);
	return result;
}
