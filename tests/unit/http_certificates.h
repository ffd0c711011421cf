/* SPDX-License-Identifier: Apache-2.0 */
/* A throw-away certificate authority for the tests of TLS. */
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/tap.h"

struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

static inline void identity_release(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

static inline void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension || !X509_add_ext(certificate, extension, -1))
		abort();
	X509_EXTENSION_free(extension);
}

/* Signed by `issuer`, or by itself (then it is an authority). `host` is a subjectAltName such as
 * "IP:127.0.0.1"; `days` may be negative: expired. */
static inline struct identity identity_new(const char *name, const struct identity *issuer, const char *host,
					   int days)
{
	struct identity made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	static long serial = 1;

	X509_set_version(made.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
	X509_gmtime_adj(X509_getm_notBefore(made.certificate), -10L * 24 * 3600);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate), days * 24L * 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509 *signer = issuer ? issuer->certificate : made.certificate;
	X509_set_issuer_name(made.certificate, X509_get_subject_name(signer));
	X509_set_pubkey(made.certificate, made.key);
	if (!issuer)
		add_extension(made.certificate, signer, NID_basic_constraints, "critical,CA:TRUE");
	if (host)
		add_extension(made.certificate, signer, NID_subject_alt_name, host);
	if (!X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256()))
		abort();
	return made;
}

/* PEM files in the test's directory; the caller frees the path. */
static inline char *write_certificate(const struct identity *identity, const char *name)
{
	char *path = xasprintf("%s/%s.crt", test_directory(), name);
	FILE *file = fopen(path, "w");

	if (!file || !PEM_write_X509(file, identity->certificate))
		abort();
	fclose(file);
	return path;
}

static inline char *write_key(const struct identity *identity, const char *name)
{
	char *path = xasprintf("%s/%s.key", test_directory(), name);
	FILE *file = fopen(path, "w");

	if (!file || !PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL))
		abort();
	fclose(file);
	return path;
}

static inline int accept_any(int is_verified, X509_STORE_CTX *context)
{
	(void)is_verified;
	(void)context;
	return 1;
}

/* Asks every client for a certificate and takes any, or none. */
static inline SSL_CTX *server_tls_new(const struct identity *identity)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(tls, identity->certificate);
	SSL_CTX_use_PrivateKey(tls, identity->key);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, accept_any);
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"t", 1);
	return tls;
}
