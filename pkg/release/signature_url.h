/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of signature stores, and of the files in them. Private to this module. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "digest/digest.h"

struct signature_store {
	bool is_directory; /* a file:// URL; else http or https */
	bool allow_http;
	char *base;  /* the URL without slashes at its end; or the directory, percent-decoded */
	char *query; /* "?..." or "" */
	char *shown; /* for messages: the URL, redacted and escaped */
};

#define SIGNATURE_STORE_INIT {0}
void signature_store_release(struct signature_store *store);

/* ERROR_USAGE unless it is an http, https or file URL, the latter of an absolute path on this machine. */
int signature_store_parse(struct signature_store *store, const char *url, struct error *err) MUST_CHECK;

/* The URL or path of signature-<number> of a digest. The caller frees it. */
char *signature_store_place(const struct signature_store *store, const struct digest *digest,
			    unsigned number);
