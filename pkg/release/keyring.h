/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenPGP keys in a private GnuPG home that lives as long as this object: nothing of the user's keyrings,
 * options or trust counts; no agent, no network. One thread at a time. Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct keyring;

/* Makes the home (mode 0700) in `directory`. ERROR_IO; ERROR_INVALID when GnuPG is not installed. */
int keyring_open(struct keyring **keyring, const char *directory, struct error *err) MUST_CHECK;
/* Removes the home. */
void keyring_free(struct keyring *keyring);
void keyring_freep(struct keyring **keyring);

/*
 * Adds the public keys of a file, armoured or binary. `fingerprint`: the only primary key that counts (40
 * upper case digits), or NULL: all of them do. *n_counting: how many of the file count. `name` is for
 * messages. ERROR_INVALID when there is no public key in it.
 */
int keyring_add(struct keyring *keyring, const char *name, const void *bytes, size_t length,
		const char *fingerprint, size_t *n_counting, struct error *err) MUST_CHECK;

struct keyring_signer {
	char *user_id; /* of the primary key, as written */
	char *fingerprint;
	int64_t created;
	bool is_key_expired;
};
void keyring_signer_release(struct keyring_signer *signer);

/* A signed message with exactly one signature, valid, by a key that counts; `plaintext` gets what was signed.
 * ERROR_INVALID with the reason. */
int keyring_verify(struct keyring *keyring, const void *message, size_t length, struct keyring_signer *signer,
		   struct strbuf *plaintext, struct error *err) MUST_CHECK;
