/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where images are or go: what a person writes on the command line.
 *
 *   [docker://]HOST[:PORT]/REPO[:TAG][@DIGEST]   an image in a registry
 *   [docker://]HOST[:PORT][/PATH]                a registry or a path in it, as a target
 *   archive:PATH                                 a portable archive
 *   file://PATH                                  the same; one leading slash dropped (oc's rule)
 *   oci:DIR[:NAME], oci-archive:FILE[:NAME]      an OCI image layout, a directory or a tar
 *
 * After docker:// the first component is always the host. Without it the text is read by oc's rules
 * (oci/reference.h). DIR and FILE end at the first ':', NAME may hold more of them, as in skopeo.
 */
#pragma once

#include "base/error.h"
#include "oci/reference.h"

enum location_type {
	LOCATION_REGISTRY,
	LOCATION_ARCHIVE,
	LOCATION_OCI_DIRECTORY,
	LOCATION_OCI_ARCHIVE,
};

struct location {
	enum location_type type;
	struct reference reference; /* of a registry location */
	char *path;                 /* of the others */
	char *name;                 /* NAME of oci: and oci-archive:, or NULL */
	char *text;                 /* as it was written */
};

#define LOCATION_INIT {0}

void location_release(struct location *location);

/* Any form. ERROR_USAGE when it is none of them; the message names the accepted forms. An image needs
 * a repository name of lower case; its registry may be empty ("busybox"), which means docker.io
 * (reference_apply_docker_defaults). */
int location_parse(struct location *location, const char *text, struct error *err) MUST_CHECK;

/* A portable archive, written as archive:PATH, file://PATH or just PATH. */
int location_parse_archive(struct location *location, const char *text, struct error *err) MUST_CHECK;
/* The same, only the path, which the caller frees. */
int location_parse_archive_path(const char *text, char **path, struct error *err) MUST_CHECK;

/* The image that a registry location names, complete: docker.io if there is no host, the tag "latest" if
 * there is neither tag nor digest. Into an empty reference. */
void location_reference(const struct location *location, struct reference *reference);

/* A mirror's target: for a registry, host and path without digest; a tag is left to the caller to use
 * or to refuse. A text without docker:// that oc's rules read as a bare name with a numeric tag
 * ("registry:5000") or without a host is refused with the advice to write docker://registry:5000. */
int location_parse_target(struct location *location, const char *text, struct error *err) MUST_CHECK;
