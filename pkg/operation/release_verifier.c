/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_verifier.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "operation/release_image.h"

void trust_options_release(struct trust_options *options)
{
	strvec_release(&options->key_files);
	strvec_release(&options->stores);
}

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

struct release_verifier {
	struct run *run;
	struct release_trust *trust;
	struct strvec stores;
	struct strvec unusable; /* stores that are not asked again */
};

void release_verifier_free(struct release_verifier *verifier)
{
	if (!verifier)
		return;
	release_trust_free(verifier->trust);
	strvec_release(&verifier->stores);
	strvec_release(&verifier->unusable);
	free(verifier);
}

void release_verifier_freep(struct release_verifier **verifier)
{
	release_verifier_free(*verifier);
}

int release_verifier_open(struct release_verifier **verifier, struct run *run,
			  const struct trust_options *options, struct error *err)
{
	CLEANUP(release_verifier_freep) struct release_verifier *opened = xcalloc(1, sizeof(*opened));
	/* What a killed run leaves there goes with the spool. */
	CLEANUP(free_string) char *spool = xasprintf("%s.spool", run->job);
	struct release_trust_options trust = {.key_files = &options->key_files, .temporary_directory = spool};

	opened->run = run;
	for (size_t i = 0; i < options->stores.count; i++)
		strvec_push(&opened->stores, options->stores.items[i]);
	for (size_t i = 0; !options->stores.count && i < ARRAY_LENGTH(release_default_stores); i++)
		strvec_push(&opened->stores, release_default_stores[i]);
	if (release_trust_open(&opened->trust, &trust, err) < 0)
		return -1;
	*verifier = steal(&opened);
	return 0;
}

static int find_keys(struct release_verifier *verifier, struct source *source, struct release_image *image,
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

static int check_recorded(struct release_verifier *verifier, const struct archive_release *recorded,
			  const struct digest *digest, struct release_signature *signature, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf reasons = STRBUF_INIT;

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

static int find_signature(struct release_verifier *verifier, const struct archive_release *recorded,
			  const struct digest *digest, struct release_signature *signature, struct error *err)
{
	if (recorded)
		return check_recorded(verifier, recorded, digest, signature, err);
	return release_find_signature(verifier->run->http, &verifier->stores, &verifier->unusable,
				      verifier->trust, digest, signature, err);
}

static int add_signature(struct release_verifier *verifier, const struct archive_release *recorded,
			 const struct digest *digest, struct release_verification *verification,
			 struct error *err)
{
	struct release_signature signature = RELEASE_SIGNATURE_INIT;

	if (find_signature(verifier, recorded, digest, &signature, err) < 0) {
		release_signature_release(&signature);
		return -1;
	}
	verification->signatures[verification->n_signatures++] = signature;
	return 0;
}

static bool is_known(const struct release_verification *verification, const struct digest *digest)
{
	for (size_t i = 0; i < verification->n_signatures; i++)
		if (digest_equal(&verification->signatures[i].digest, digest))
			return true;
	return false;
}

/* A cluster may be told the digest of one of them. */
static int add_signatures_of_list(struct release_verifier *verifier, const struct archive_release *recorded,
				  const struct platform_image *list,
				  struct release_verification *verification, struct error *err)
{
	for (size_t i = 0; i < list->n_children; i++) {
		CLEANUP(error_clear) struct error missing = ERROR_INIT;

		if (is_known(verification, &list->children[i]) ||
		    add_signature(verifier, recorded, &list->children[i], verification, &missing) == 0)
			continue;
		if (!error_is(&missing, ERROR_DIGEST))
			return error_move(err, &missing);
	}
	return 0;
}

static int check_signatures(struct release_verifier *verifier, const struct archive_release *recorded,
			    const struct platform_image *image, struct release_verification *verification,
			    struct error *err)
{
	if (image->n_children > RELEASE_MAX_IMAGES)
		return error_set(err, ERROR_INVALID, "is a list of %zu images, more than %d",
				 image->n_children, RELEASE_MAX_IMAGES);
	verification->signatures = xcalloc(1 + image->n_children, sizeof(*verification->signatures));
	if (add_signature(verifier, recorded, &image->top, verification, err) < 0)
		return -1;
	return add_signatures_of_list(verifier, recorded, image, verification, err);
}

int release_verifier_check(struct release_verifier *verifier, struct source *source,
			   struct release_image *image, const struct archive_release *recorded,
			   struct release_verification *verification, struct error *err)
{
	if (find_keys(verifier, source, image, err) < 0)
		return -1;
	verification->had_key = true;
	if (check_signatures(verifier, recorded, &image->platform, verification, err) == 0)
		return 0;
	release_verification_release(verification);
	/* Of a bare digest, with which the message begins, nobody was asked for the image. */
	return image->is_resolved ? error_wrap(err, "%s", image->name) : -1;
}
