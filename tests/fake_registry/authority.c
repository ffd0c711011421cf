/* SPDX-License-Identifier: Apache-2.0 */
/* A throw-away certificate authority. */
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake_registry/internal.h"

struct fake_authority {
	EVP_PKEY *key;
	X509 *certificate;
	char *pem;
};

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension || X509_add_ext(certificate, extension, -1) != 1)
		fake_abort("certificate extension");
	X509_EXTENSION_free(extension);
}

/* A certificate for `name`, not yet signed. */
static X509 *new_certificate(EVP_PKEY *key, const char *name, X509 *issuer)
{
	X509 *certificate = X509_new();
	int64_t serial = 0;

	RAND_bytes((unsigned char *)&serial, 7);
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 86400);
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(certificate, key);
	add_extension(certificate, issuer ? issuer : certificate, NID_subject_key_identifier, "hash");
	return certificate;
}

static char *certificate_pem(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	PEM_write_bio_X509(bio, certificate);
	long length = BIO_get_mem_data(bio, &text);
	char *pem = xstrndup(text, (size_t)length);
	BIO_free(bio);
	return pem;
}

struct fake_authority *fake_authority_new(void)
{
	struct fake_authority *authority = xcalloc(1, sizeof(*authority));

	authority->key = EVP_EC_gen("P-256");
	if (!authority->key)
		fake_abort("EVP_EC_gen");
	authority->certificate = new_certificate(authority->key, "fake authority", NULL);
	add_extension(authority->certificate, authority->certificate, NID_basic_constraints,
		      "critical,CA:TRUE");
	add_extension(authority->certificate, authority->certificate, NID_key_usage,
		      "critical,keyCertSign,cRLSign");
	if (!X509_sign(authority->certificate, authority->key, EVP_sha256()))
		fake_abort("X509_sign");
	authority->pem = certificate_pem(authority->certificate);
	return authority;
}

void fake_authority_free(struct fake_authority *authority)
{
	if (!authority)
		return;
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	free(authority->pem);
	free(authority);
}

const char *fake_authority_pem(const struct fake_authority *authority)
{
	return authority->pem;
}

static X509 *issue(struct fake_authority *authority, EVP_PKEY *key, const char *name,
		   const char *alternative_names, const char *usage)
{
	X509 *certificate = new_certificate(key, name, authority->certificate);

	add_extension(certificate, authority->certificate, NID_authority_key_identifier, "keyid");
	add_extension(certificate, authority->certificate, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(certificate, authority->certificate, NID_ext_key_usage, usage);
	if (alternative_names)
		add_extension(certificate, authority->certificate, NID_subject_alt_name, alternative_names);
	if (!X509_sign(certificate, authority->key, EVP_sha256()))
		fake_abort("X509_sign");
	return certificate;
}

void fake_authority_write_client(struct fake_authority *authority, const char *certificate_path,
				 const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = issue(authority, key, "client", NULL, "clientAuth");
	BIO *certificate_file = BIO_new_file(certificate_path, "w");
	BIO *key_file = BIO_new_file(key_path, "w");

	if (!certificate_file || !key_file || PEM_write_bio_X509(certificate_file, certificate) != 1 ||
	    PEM_write_bio_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) != 1)
		fake_abort(certificate_path);
	BIO_free(certificate_file);
	BIO_free(key_file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static int accept_any_certificate(int is_trusted, X509_STORE_CTX *context)
{
	(void)is_trusted;
	(void)context;
	return 1;
}

SSL_CTX *authority_context(struct fake_authority *authority, const struct fake_options *options)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(free_string) char *names =
		options->certificate_name ? xasprintf("DNS:%s", options->certificate_name)
					  : xasprintf("DNS:localhost,IP:127.0.0.1,IP:%s", options->address);
	X509 *certificate =
		issue(authority, key, options->certificate_name ? options->certificate_name : "fake", names,
		      "serverAuth");

	if (!context || SSL_CTX_use_certificate(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key) != 1)
		fake_abort("TLS context");
	if (options->requires_client_certificate) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority->certificate);
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	} else if (options->asks_for_client_certificate) {
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any_certificate);
	}
	SSL_CTX_set_session_id_context(context, (const unsigned char *)"fake", 4);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}
