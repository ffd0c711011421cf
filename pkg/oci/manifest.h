/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes: bytes to structs, no I/O (OCI image-spec manifest.md, image-index.md;
 * Docker image manifest v2 schema 2 and manifest list).
 *
 * The parser is strict about what could be read in two ways: duplicate keys, keys that differ from a
 * known key only in case, a body whose mediaType contradicts the expected type, an image manifest
 * with `manifests` or an index with `layers`, schemaVersion other than 2, malformed digests and
 * sizes, more than 4096 layers or children (OCI_MAX_CHILDREN), nesting deeper than 64.
 * schema1 is refused with a message that says so. Unknown members are ignored: bytes are never
 * written anew. null counts as absent, but as a list it is empty (Go writes it so). Inline `data` of
 * a descriptor must be the content that its digest and size say; it is not kept.
 *
 * Strings of manifests and configs come from outside as they are: escape them before they are shown,
 * never use them as a path. Messages begin with "manifest: " or "image config: "; the caller puts
 * the image in front.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "digest/digest.h"
#include "oci/media_type.h"

#define OCI_MAX_MANIFEST_SIZE (8u << 20)
#define OCI_MAX_CHILDREN 4096
#define OCI_MAX_CONFIG_SIZE ((size_t)8 << 20)
#define OCI_MAX_INDEX_DEPTH 8
#define OCI_MAX_BLOB_SIZE (UINT64_C(1) << 40) /* for arithmetic; the disk decides before this does */

struct platform {
	char *os; /* never NULL once parsed; "" if absent */
	char *architecture;
	char *variant;
};

struct descriptor {
	struct digest digest;
	uint64_t size;
	char *media_type;     /* as written; "" if absent */
	char *artifact_type;  /* NULL if absent */
	char *reference_name; /* annotation org.opencontainers.image.ref.name, or NULL */
	bool has_platform;
	struct platform platform;
};

void descriptor_release(struct descriptor *descriptor);
/* Whether it is a layer that registries do not hand out and nobody may pass on: its media type is one of
 * Docker's foreign layers (Docker image manifest v2 schema 2) or of OCI's non-distributable ones (OCI
 * image-spec layer.md, "Non-Distributable Layers"). Such layers are not copied. */
bool descriptor_is_foreign(const struct descriptor *descriptor);

struct manifest {
	enum manifest_type type;
	/* an image */
	struct descriptor config;
	struct descriptor *layers;
	size_t n_layers;
	/* an index */
	struct descriptor *children;
	size_t n_children;
	bool has_subject;
	struct digest subject;
	char *artifact_type; /* NULL if absent */
};

#define MANIFEST_INIT {0}
void manifest_release(struct manifest *manifest);

/* `expected` is the media type that the parent's descriptor or the server gave (NULL or "" if
 * none): the body must agree with it. max_children: OCI_MAX_CHILDREN for anything from outside. */
int manifest_parse(struct manifest *manifest, const void *bytes, size_t length, const char *expected,
		   size_t max_children, struct error *err) MUST_CHECK;

/* "os/architecture" or "os/architecture/variant"; the caller frees it. */
char *platform_format(const struct platform *platform);
/* From "os/arch[/variant]" (ERROR_USAGE otherwise). */
int platform_parse(struct platform *platform, const char *text, struct error *err) MUST_CHECK;
/* Whether `have` is what was asked for; an empty variant in `wanted` matches any. */
bool platform_matches(const struct platform *have, const struct platform *wanted);
void platform_release(struct platform *platform);

/* The parts of an image config that we use (OCI image-spec config.md). */
struct image_config {
	struct platform platform;
	char *created; /* as written, or NULL */
	struct label {
		char *name;
		char *value;
	} * labels;
	size_t n_labels;
};
#define IMAGE_CONFIG_INIT {0}
void image_config_release(struct image_config *config);
int image_config_parse(struct image_config *config, const void *bytes, size_t length,
		       struct error *err) MUST_CHECK;
/* NULL if there is no such label. */
const char *image_config_label(const struct image_config *config, const char *name);
