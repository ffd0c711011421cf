/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "release/claims.h"
#include "release/keyring.h"
#include "release/openpgp.h"
#include "release/signature.h"
#include "release/trust.h"

void release_signature_release(struct release_signature *signature)
{
	strbuf_release(&signature->message);
	free(steal(&signature->signer));
	free(steal(&signature->fingerprint));
	free(steal(&signature->docker_reference));
	free(steal(&signature->place));
}

/* GnuPG sees what was taken apart and put together again here, and must have read the same text in it. */
static int verify(struct release_trust *trust, const struct openpgp_message *message,
		  struct keyring_signer *signer, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf plaintext = STRBUF_INIT;
	CLEANUP(keyring_signer_release) struct keyring_signer found = {0};
	const struct strbuf *literal = &message->literal;

	if (keyring_verify(release_trust_keyring(trust), message->packets.buf, message->packets.len, &found,
			   &plaintext, err) < 0)
		return -1;
	if (plaintext.len != literal->len || memcmp(plaintext.buf, literal->buf, literal->len) != 0)
		return error_set(err, ERROR_INVALID, "GnuPG reads another text in it");
	*signer = steal(&found);
	return 0;
}

static int read_claims(const struct digest *digest, const struct strbuf *text, struct release_claims *claims,
		       struct error *err)
{
	char signed_digest[DIGEST_TEXT_SIZE];

	if (release_claims_parse(claims, text->buf, text->len, err) < 0)
		return error_wrap(err, "the signed text");
	if (digest_equal(&claims->digest, digest))
		return 0;
	return error_set(err, ERROR_INVALID, "is a signature of another image, %s",
			 digest_format(&claims->digest, signed_digest));
}

static int check(struct release_trust *trust, const struct digest *digest, const void *bytes, size_t length,
		 struct release_signature *signature, struct error *err)
{
	CLEANUP(openpgp_message_release) struct openpgp_message message = OPENPGP_MESSAGE_INIT;
	CLEANUP(keyring_signer_release) struct keyring_signer signer = {0};
	CLEANUP(release_claims_release) struct release_claims claims = RELEASE_CLAIMS_INIT;

	if (openpgp_message_parse(&message, bytes, length, err) < 0 ||
	    verify(trust, &message, &signer, err) < 0 ||
	    read_claims(digest, &message.literal, &claims, err) < 0)
		return -1;
	release_signature_release(signature);
	signature->digest = *digest;
	strbuf_add(&signature->message, bytes, length);
	signature->signer = text_escaped(signer.user_id);
	signature->fingerprint = steal(&signer.fingerprint);
	signature->created = signer.created;
	signature->is_key_expired = signer.is_key_expired;
	signature->docker_reference = text_escaped(claims.docker_reference);
	return 0;
}

int release_signature_check(struct release_trust *trust, const struct digest *digest, const void *message,
			    size_t length, struct release_signature *signature, struct error *err)
{
	if (!release_trust_has_key(trust))
		return release_trust_no_key(trust, err);
	if (length > RELEASE_MAX_SIGNATURE_SIZE)
		return error_set(err, ERROR_DIGEST, "is larger than 64 KiB, the limit of a signature");
	if (check(trust, digest, message, length, signature, err) == 0)
		return 0;
	if (error_is(err, ERROR_INVALID))
		err->code = ERROR_DIGEST;
	return -1;
}
