/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS settings of a registry host: containers-certs.d(5).
 *
 * The first that exists of ~/.config/containers/certs.d/HOST[:PORT], /etc/containers/certs.d/HOST[:PORT]
 * and /etc/docker/certs.d/HOST[:PORT]; or the directory that the user named, as it is. In it *.crt are
 * CA certificates, trusted beside the system's, and X.cert with X.key is a client certificate.
 *
 * Private to this module.
 */
#pragma once

#include "base/error.h"
#include "http/http.h"

/* For CLEANUP too. */
void certificates_release(struct http_tls *tls);

/* Fills an empty `tls`, `tls->directory` with the place to put more. `directory` is what the user named,
 * or NULL. A .cert without its .key, or the other way round, is ERROR_INVALID; so is a directory that
 * was named and cannot be read. */
int certificates_find(struct http_tls *tls, const char *directory, const char *host,
		      struct error *err) MUST_CHECK;
