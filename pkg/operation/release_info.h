/* SPDX-License-Identifier: Apache-2.0 */
/* airlift release info: what a release is, for people or for scripts, in oc's forms. */
#pragma once

#include "base/strbuf.h"
#include "oci/location.h"
#include "operation/run.h"

struct release_info_request {
	struct location location;
	char *version; /* REF was a bare version: the release must have it; or NULL; the caller frees it */
	const char *output;    /* NULL: for people; "json", "digest", "pullspec", "name", "jsonpath=..." */
	bool shows_digest;     /* --digest: the release's own */
	bool shows_pull_specs; /* --pullspecs */
	bool shows_size;       /* --size */
	const char *image_for; /* --image-for: the pull spec of one component */
	const char *filter;    /* --filter-by-os, or NULL: linux/<this machine>, else the first */
};

/* Into request->location, which the caller releases: a bare version ("4.14.1"; `arch` is its architecture, or
 * NULL), a pull spec or an archive. ERROR_USAGE. */
int release_info_parse(struct release_info_request *request, const char *text, const char *arch,
		       struct error *err) MUST_CHECK;
/* Checks what contradicts itself, and a jsonpath, before anything is asked for. */
int release_info_request_check(const struct release_info_request *request, struct error *err) MUST_CHECK;

/* A run that leaves nothing behind: an archive needs no work directory. */
int release_info_open(struct run **run, const struct release_info_request *request,
		      const struct run_options *options, struct error *err) MUST_CHECK;

/* An archive may hold several releases: each in turn. After an error `out` has what was told before it. */
int release_info(struct run *run, const struct release_info_request *request, struct strbuf *out,
		 struct outcome *outcome, struct error *err) MUST_CHECK;
