/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirror policies: ImageContentSourcePolicy and ImageDigestMirrorSet, as `oc adm catalog mirror`
 * writes them, from a mapping and from policies that exist already.
 *
 * A policy is a list of sources, sorted, each with its mirrors in the order in which they are tried.
 * It is for pulls by digest alone: images that the catalog names by tag have no part in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "cluster/mapping.h"
#include "document/document.h"

enum policy_kind {
	POLICY_ICSP, /* ImageContentSourcePolicy, operator.openshift.io/v1alpha1 */
	POLICY_IDMS, /* ImageDigestMirrorSet, config.openshift.io/v1 */
};

/* What an entry's source is. */
enum policy_scope {
	POLICY_SCOPE_REPOSITORY, /* each image's repository */
	POLICY_SCOPE_NAMESPACE,  /* host and first path component, where that is right; else repository */
	POLICY_SCOPE_REGISTRY,   /* host -> host, right or not: what oc does */
	POLICY_SCOPE_AUTO,       /* for each registry the widest that is right for all of its images */
};

struct policy_entry {
	char *source;
	struct strvec mirrors;
	char *mirror_source_policy; /* of an existing ImageDigestMirrorSet entry, or NULL */
};

struct policy {
	struct policy_entry *entries; /* sorted by source */
	size_t count;
	size_t allocated;
	bool is_release; /* of a release: the label that marks policies of catalogs is left out */
};

#define POLICY_INIT {0}
#define POLICY_DEFAULT_MAX_SIZE 250000

void policy_release(struct policy *policy);

/* "repository", "namespace", "registry", "auto"; ERROR_USAGE for anything else. */
int policy_scope_parse(enum policy_scope *scope, const char *text, struct error *err) MUST_CHECK;

/*
 * Adds the mirrors of a mapping. `further` are more mirrors (registries with or without a path) that
 * hold the same images under names made by the same rule; they stand behind the mapping's own.
 * ERROR_INVALID if a name at a further mirror is impossible.
 */
int policy_add_mapping(struct policy *policy, const struct mapping *mapping, enum policy_scope scope,
		       const struct reference *further, size_t n_further, struct error *err) MUST_CHECK;

/* Whether host -> host would lead every image that is named by digest to the right place. What asks
 * for POLICY_SCOPE_REGISTRY should be warned if not. */
bool policy_registry_scope_is_right(const struct mapping *mapping);

/* Adds one mirror behind those of a source, unless it is there. */
void policy_add(struct policy *policy, const char *source, const char *mirror);

/*
 * Adds the entries of every object of the kind in a document (an array of objects, from
 * document_parse_yaml; other objects are passed over). Merging comes before policy_add_mapping, so
 * that existing mirrors come first.
 */
int policy_merge_document(struct policy *policy, enum policy_kind kind, const struct document *document,
			  struct error *err) MUST_CHECK;
/* The same for every .yaml, .yml and .json file of a directory, in the order of their names. */
int policy_merge_directory(struct policy *policy, enum policy_kind kind, const char *path,
			   struct error *err) MUST_CHECK;

/* One object without "---", entries first to first + count. */
void policy_object_text(enum policy_kind kind, const char *name, const struct policy *policy, size_t first,
			size_t count, struct strbuf *out);

/*
 * The whole file: objects named "<name>-0", "<name>-1", ... ('/' in the name becomes '-'), each behind
 * "---" and of at most max_size_bytes by oc's count, which for ImageDigestMirrorSet includes a line
 * "status: {}" that is not written. Without entries it is empty. ERROR_INVALID in oc's words if a
 * single entry is too large.
 */
int policy_text(enum policy_kind kind, const struct policy *policy, const char *name, uint64_t max_size_bytes,
		struct strbuf *out, struct error *err) MUST_CHECK;
