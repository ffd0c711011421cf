/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an OpenShift release image carries under release-manifests/ (openshift/oc, pkg/cli/admin/release;
 * library-go pkg/verify):
 *
 *   image-references   an ImageStream: the version and every component with its image, by digest
 *   release-metadata   the version again, and the versions that can be updated to this one
 *   *.yaml, *.json     what the cluster applies; one ConfigMap among them has the keys of its signers
 *
 * All of it is from outside: names are checked against the grammar that tags allow, texts must be escaped
 * before they are shown. Reading a payload does not say who made it: that is signature.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "digest/digest.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "store/store.h"

/* Of the files, in bytes. A parsed text can take fifty times its size in memory: "[[],[],". */
#define RELEASE_MAX_REFERENCES_SIZE ((size_t)4 << 20)
#define RELEASE_MAX_METADATA_SIZE ((size_t)1 << 20)
#define RELEASE_MAX_MANIFEST_SIZE ((size_t)4 << 20)
#define RELEASE_MAX_COMPONENTS 4096
#define RELEASE_MAX_FILES 65536
/* What release_payload_format can give, at most. */
#define RELEASE_MAX_PAYLOAD_TEXT_SIZE ((size_t)128 << 20)

/* One of spec.tags whose `from` is a DockerImage. */
struct release_component {
	char *name;                 /* "cluster-version-operator": fits into a tag */
	char *image;                /* its pull spec as written, by digest */
	struct reference reference; /* the same, parsed; the registry may be empty: that is docker.io */
	struct digest digest;
	char *versions;         /* annotation io.openshift.build.versions, or NULL */
	char *display_names;    /* annotation io.openshift.build.version-display-names, or NULL */
	char *source_location;  /* annotation io.openshift.build.source-location, or NULL */
	char *source_commit_id; /* annotation io.openshift.build.commit.id, or NULL */
};

struct release_payload {
	char *version;                        /* metadata.name of image-references: fits into a tag */
	struct release_component *components; /* in the order of the file */
	size_t n_components;
	struct strbuf references; /* image-references, the bytes */
	struct strbuf metadata;   /* release-metadata, the bytes; empty: there is none */
	struct strvec previous;   /* of release-metadata, as written */
	struct strvec keyrings; /* texts of verifier-public-key-* of the first ConfigMap that has any right to
				   * them (annotation release.openshift.io/verification-config-map) */
	size_t n_manifests;     /* *.yaml, *.yml and *.json files */
	size_t n_other_files;   /* the rest, without image-references and release-metadata */
	struct strvec warnings; /* manifests that could not be read where keys were looked for; escaped */
};

#define RELEASE_PAYLOAD_INIT \
	{ \
		.references = STRBUF_INIT, .metadata = STRBUF_INIT \
	}

void release_payload_release(struct release_payload *payload);

/*
 * Reads the payload out of a release image's layers (bottom first, in `store`) into an empty payload: from
 * the top layer alone if image-references and release-metadata are in it, else from all of them together.
 * `progress` (may be NULL) gets bytes_done, packed bytes. ERROR_NOT_FOUND when there are no
 * image-references ("is this a release image?"). ERROR_INVALID, in words that say what is wrong: not an
 * ImageStream of image.openshift.io/v1, a component by tag, a component without digest, two components of
 * one name, a name or version that fits into no tag, none at all; a file or their number over a limit.
 * Manifests never fail, they become warnings; what is in other directories below counts as other files.
 */
int release_payload_read(struct release_payload *payload, struct blob_store *store,
			 const struct descriptor *layers, size_t n_layers, struct progress *progress,
			 struct error *err) MUST_CHECK;

/* The two parsers by themselves; `payload` gets version and components, or the previous versions, of which it
 * has none yet. The bytes are not kept. */
int release_parse_references(struct release_payload *payload, const void *bytes, size_t length,
			     struct error *err) MUST_CHECK;
int release_parse_metadata(struct release_payload *payload, const void *bytes, size_t length,
			   struct error *err) MUST_CHECK;

/* A payload as one text and back, for the work directory: what release_payload_read has found. Reading checks
 * everything again. */
void release_payload_format(const struct release_payload *payload, struct strbuf *out);
int release_payload_parse(struct release_payload *payload, const void *bytes, size_t length,
			  struct error *err) MUST_CHECK;

/* NULL if there is none of this name. */
const struct release_component *release_find_component(const struct release_payload *payload,
						       const char *name);

/* "amd64" -> "x86_64", "arm64" -> "aarch64", others as they are; borrowed. The part of a release's tag. */
const char *release_architecture(const char *architecture);
