/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a release signed by somebody whom we trust? (design: fail closed; OpenPGP by GPGME.)
 *
 *   struct release_trust   the keys that count
 *   release_find_signature asks the stores one after the other for signature-1 to -9 of a digest, until one
 *                          is good: OpenPGP first, then the JSON inside
 *
 * The stores are those of containers/image (docs/signature-protocols.md): <store>/sha256=<hex>/signature-<n>.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "digest/digest.h"
#include "http/http.h"

#define RELEASE_MAX_SIGNATURE_SIZE ((size_t)64 << 10)
#define RELEASE_MAX_SIGNATURES 9 /* of one digest in one store */

/* Where Red Hat publishes signatures; tried in this order. */
extern const char *const release_default_stores[2];

/* --- keys */

struct release_trust;

struct release_trust_options {
	const struct strvec
		*key_files;          /* --release-key: every key in them counts; NULL or empty: see below */
	const char *system_key_file; /* NULL: /etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release */
	const char *temporary_directory; /* where a private directory of mode 0700 may be made */
	const char *release_fingerprint; /* NULL: Red Hat's release key 2; tests have keys of their own */
};

/*
 * Keys are looked for in this order, and the first place that has one that counts is the only one: the key
 * files; the system's file; the keyrings of a payload, which the caller adds when release_trust_has_key says
 * that there is none yet. From the last two only Red Hat's release key 2 counts (its fingerprint is built
 * in). ERROR_INVALID/ERROR_IO when a key file cannot be used, or GnuPG is not installed. One thread at a
 * time.
 */
int release_trust_open(struct release_trust **trust, const struct release_trust_options *options,
		       struct error *err) MUST_CHECK;
void release_trust_free(struct release_trust *trust);
void release_trust_freep(struct release_trust **trust);
bool release_trust_has_key(const struct release_trust *trust);
/* `name` is for messages: "the update keys of quay.io/...". */
int release_trust_add_payload_keys(struct release_trust *trust, const char *name,
				   const struct strvec *keyrings, struct error *err) MUST_CHECK;
/* "no trusted key: /etc/pki/...: is not there; the update keys of ...: hold none that is trusted": always -1,
 * ERROR_DIGEST (exit status 4). */
int release_trust_no_key(const struct release_trust *trust, struct error *err);

/* --- signatures */

struct release_signature {
	struct digest digest;   /* of the release that is signed */
	struct strbuf message;  /* the signature file, byte for byte */
	char *signer;           /* user id of the primary key, escaped */
	char *fingerprint;      /* of the primary key: 40 upper case hexadecimal digits */
	int64_t created;        /* seconds since 1970 */
	bool is_key_expired;    /* the key has expired since: the signature counts, as with oc */
	char *docker_reference; /* what the signer called the image: only to be shown; escaped */
	char *place;            /* the URL where it was found; redacted, escaped */
};

#define RELEASE_SIGNATURE_INIT \
	{ \
		.message = STRBUF_INIT \
	}
void release_signature_release(struct release_signature *signature);

/*
 * Checks one signature file against the keys and the digest, and fills in everything but `place`.
 * ERROR_DIGEST with the reason otherwise: not exactly one signed message, a key that is unknown, revoked or
 * not ours, a bad or expired signature, JSON that is not exactly as it should be, another digest. ERROR_IO
 * when GnuPG cannot be run.
 */
int release_signature_check(struct release_trust *trust, const struct digest *digest, const void *message,
			    size_t length, struct release_signature *signature, struct error *err) MUST_CHECK;

/*
 * Looks in the stores (http, https or file URLs), in their order; not in those in `unusable`, to which the
 * ones that do not answer are added. 0 with the first good signature. ERROR_DIGEST when there is none: the
 * message has a line for every store that says why. ERROR_CANCELLED; ERROR_USAGE for a store that is no
 * such URL, before any is asked.
 */
int release_find_signature(struct http_client *client, const struct strvec *stores, struct strvec *unusable,
			   struct release_trust *trust, const struct digest *digest,
			   struct release_signature *signature, struct error *err) MUST_CHECK;

/* ERROR_USAGE unless it is a URL of a store: http://, https:// or file:///. */
int release_check_store(const char *url, struct error *err) MUST_CHECK;
