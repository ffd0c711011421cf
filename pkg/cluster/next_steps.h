/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next-steps.md: the whole procedure of a disconnected update to one release, with its real names and
 * digests, ready to be pasted (OpenShift documentation, "Updating a cluster in a disconnected environment
 * without the OpenShift Update Service").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "base/strvec.h"
#include "digest/digest.h"

/* All is borrowed. What stands in commands is checked by whoever read it (tags, references, versions, names
 * of files that are ours): it needs no quotes in a shell. `source` and `previous` may be any
 * text. */
struct next_steps {
	const char *version;
	const char *architecture;    /* "x86_64", "multi" */
	const char *source;          /* the release as it was asked for */
	const char *update_image;    /* "REG/REPO@sha256:...": what the cluster is updated to */
	const char *mirror_tag;      /* the same by tag */
	const char *installer_image; /* the mirrored component `installer` by digest, or NULL */
	const char *component_image; /* any mirrored component by digest, or NULL: the others are beside it */
	/* Names in the same directory; empty: the release is not signed. */
	const struct strvec *signature_files;
	const struct strvec *previous; /* versions that may be updated from; the first 40 are shown */
	size_t n_images;
	size_t n_missing; /* images that did not arrive: nothing must be updated before that is mended */
};

/* Markdown; commands stand in blocks of bash, without a prompt. The same input gives the same bytes. */
void next_steps_text(const struct next_steps *steps, struct strbuf *out);
