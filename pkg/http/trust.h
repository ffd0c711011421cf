/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate authorities are trusted.
 *
 * The system's bundle is parsed once a client, when the first TLS connection needs it, and shared by
 * all connections of all threads; libcurl would parse it (20 ms) for every connection, and some
 * registries close theirs after each answer. For that the store is handed to each connection in
 * CURLOPT_SSL_CTX_FUNCTION, and libcurl is told not to load any bundle of its own.
 *
 * SSL_CERT_FILE and SSL_CERT_DIR replace the system's places, as they do for OpenSSL and Go programs.
 *
 * Private to this module.
 */
#pragma once

#include <openssl/x509.h>

#include "base/error.h"
#include "base/strvec.h"

struct trust;

/* `ca_files`: PEM files trusted for every host. ERROR_IO or ERROR_INVALID names the file. */
int trust_new(struct trust **trust, const struct strvec *ca_files, struct error *err) MUST_CHECK;
void trust_free(struct trust *trust);

/* A store with the system's authorities, the client's files and `extra_ca_files`. The caller owns a
 * reference (X509_STORE_free). May be called from any thread. */
int trust_store(struct trust *trust, const struct strvec *extra_ca_files, X509_STORE **store,
		struct error *err) MUST_CHECK;
