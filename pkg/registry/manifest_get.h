/* SPDX-License-Identifier: Apache-2.0 */
/* Reading manifests: what manifests.c and referrers.c share. Private to this module. */
#pragma once

#include "base/strbuf.h"
#include "oci/manifest.h"
#include "registry/request.h"

/* GET by tag or digest, as registry_resolve. */
int manifest_get(const struct access *access, const char *tag_or_digest, struct strbuf *bytes,
		 struct descriptor *descriptor, struct error *err) MUST_CHECK;

/* A digest that we can check, or a tag: safe in a URL and a message. */
int manifest_check_name(const char *tag_or_digest, struct error *err) MUST_CHECK;

/* A Content-Type without its parameters in lower case; NULL gives "". The caller frees it. */
char *media_type_normalise(const char *content_type);
