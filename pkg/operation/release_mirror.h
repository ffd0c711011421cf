/* SPDX-License-Identifier: Apache-2.0 */
/*
 * airlift release mirror: releases with all of their components, their signatures checked before anything is
 * copied, to a registry or into an archive. Flags and results are those of `oc adm release mirror`.
 */
#pragma once

#include "cluster/policy.h"
#include "cluster/release_target.h"
#include "operation/catalog_files.h"
#include "operation/release_verifier.h"

/* Which of release_request.targets. */
enum { RELEASE_TARGET, RELEASE_IMAGE_TARGET };

enum release_instructions { INSTRUCTIONS_ICSP, INSTRUCTIONS_IDMS, INSTRUCTIONS_NONE };

/* As it stands on the command line; all is borrowed. */
struct release_texts {
	const struct strvec *arguments;
	struct strvec from;              /* --from */
	const char *to;                  /* --to */
	const char *to_directory;        /* --to-dir */
	const char *to_release_image;    /* --to-release-image */
	const char *signature_directory; /* --release-image-signature-to-dir */
	const char *arch;                /* --arch, of bare versions */
	const char *instructions;        /* --print-mirror-instructions */
};

struct release_request {
	struct location *sources;
	size_t n_sources;
	char **versions; /* of sources that are bare versions: what the releases must be; else NULL */
	/* The registry, or the archive (of --to-dir: what stands for it until the version is known); then
	 * --to-release-image, if it was given. */
	struct location targets[2];
	size_t n_targets;
	struct release_target to;  /* the naming rule, for a registry */
	char *to_directory;        /* --to-dir, or NULL */
	bool names_archive;        /* the archive's name in it depends on the release */
	char *signature_directory; /* or NULL */
	enum release_instructions instructions;
	bool keeps_manifest_list;
	bool skips_release_image;
	bool prints_mapping;   /* --to-mirror: nothing else is done */
	bool require_complete; /* of an archive: nothing may be missing */
	struct trust_options trust;
	struct naming_options naming;
};

/* The flags of the request that are simple values are set by the caller beforehand. ERROR_USAGE in oc's
 * words where oc has any. */
int release_request_parse(struct release_request *request, const struct release_texts *texts,
			  struct error *err) MUST_CHECK;
void release_request_release(struct release_request *request);

/* `out`: what oc prints at the end. */
int release_mirror(struct run *run, const struct release_request *request, struct strbuf *out,
		   struct outcome *outcome, struct error *err) MUST_CHECK;
