/* SPDX-License-Identifier: Apache-2.0 */
/* Media types of manifests (OCI image-spec media-types.md; Docker image manifest v2 schema 2). */
#pragma once

#include <stdbool.h>

#define MEDIA_TYPE_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_TYPE_DOCKER_SCHEMA1 "application/vnd.docker.distribution.manifest.v1+json"
#define MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED "application/vnd.docker.distribution.manifest.v1+prettyjws"

/* One Accept header with all four types that we can read. */
#define MEDIA_TYPE_ACCEPT_MANIFESTS \
	MEDIA_TYPE_DOCKER_LIST ", " MEDIA_TYPE_OCI_INDEX ", " MEDIA_TYPE_DOCKER_MANIFEST \
			       ", " MEDIA_TYPE_OCI_MANIFEST

/* The manifest types that are known by number, so that a plan need not keep strings. */
enum manifest_type {
	MANIFEST_UNKNOWN,
	MANIFEST_OCI_IMAGE,
	MANIFEST_OCI_INDEX,
	MANIFEST_DOCKER_IMAGE,
	MANIFEST_DOCKER_LIST,
};

/* Parameters behind ';' and the case of letters do not matter. */
enum manifest_type manifest_type_parse(const char *media_type);
const char *manifest_type_name(enum manifest_type type); /* the media type; "" for unknown */
bool manifest_type_is_index(enum manifest_type type);
