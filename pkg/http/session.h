/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The easy handles of one worker, one for each TLS setting in use (nearly always: one).
 *
 * A connection is pooled in its easy handle. libcurl compares the options that it knows before it
 * uses one again, but not the certificate authorities that we hand over, so a connection made with
 * one registry's private CA could serve a redirect from elsewhere that must not trust it. With a
 * handle for each setting neither connections nor TLS sessions ever cross from one to another.
 *
 * Private to this module.
 */
#pragma once

#include <curl/curl.h>
#include <openssl/x509.h>

#include "http/client.h"

struct tls_handle {
	char *settings; /* what distinguishes it; "" for the defaults */
	CURL *easy;
	X509_STORE *store; /* NULL until the first TLS connection */
};

struct http_session {
	struct http_client *client;
	struct tls_handle **handles;
	size_t n_handles;
	size_t allocated;
};

/* The handle for these settings (NULL: the defaults); lives as long as the session. */
struct tls_handle *http_session_handle(struct http_session *session, const struct http_tls *tls);
