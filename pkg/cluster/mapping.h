/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which image goes where: the pairs behind mapping.txt, the policies and the copying itself.
 *
 * Sources are normalised as in `oc adm catalog mirror`: docker defaults applied, except that a
 * reference by digest alone keeps no tag; the index stays as it was given. Entries are sorted by source,
 * whatever the order of the list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "digest/digest.h"
#include "oci/reference.h"

struct mapping_entry {
	char *text; /* as the catalog wrote it */
	struct reference source;
	struct reference target; /* has a tag, and the digest if the source has one */
	bool is_index;
	bool digest_is_known; /* from the source; the caller sets both once it has resolved a tag */
	struct digest digest;
};

struct mapping {
	struct mapping_entry *entries;
	size_t count;
	size_t allocated;
	struct reference mirror; /* the target registry and path */
	unsigned max_components;
	/* The images of a release (cluster/release_target.h): all go to mirror's repository, told apart
	 * by their tags; a source may have several targets. A further mirror in a policy is the
	 * repository itself, no name is made of it, and mapping_find_max_components has nothing to say. */
	bool is_release;
};

#define MAPPING_INIT {0}

void mapping_release(struct mapping *mapping);

/*
 * From image texts into an empty mapping. `index` may be NULL (then no entry is the index). Texts that
 * name the same source make one entry; the index wins over an image of the same source.
 *
 * A text that is no reference, or that has no place in the mirror, is left out and a sentence about
 * it added to `warnings`. Errors are about the index, the target or max_components (ERROR_INVALID).
 */
int mapping_build(struct mapping *mapping, const struct strvec *images, const struct reference *index,
		  const struct reference *mirror, unsigned max_components, struct strvec *warnings,
		  struct error *err) MUST_CHECK;

/* For those who place images by another rule. Takes the entry; whether its digest is known comes from its
 * source. */
void mapping_add(struct mapping *mapping, struct mapping_entry *entry);
void mapping_entry_release(struct mapping_entry *entry);
/* By source, then by target; nothing is dropped. */
void mapping_sort_by_target(struct mapping *mapping);

/* NULL if there is none. */
const struct mapping_entry *mapping_index(const struct mapping *mapping);

/*
 * Entries that would overwrite each other: same repository and tag in the mirror, and not known to
 * have the same digest. One sentence is added for each entry that is in conflict with the first of
 * its target; returns whether there is any.
 */
bool mapping_find_conflicts(const struct mapping *mapping, struct strvec *conflicts);

/* The smallest max_components (from 2) with which there is no conflict; 0, no limit, avoids them then
 * as well. False if no value does, as when two sources differ in their registry only. */
bool mapping_find_max_components(const struct mapping *mapping, unsigned *max_components);

/* mapping.txt: "SOURCE=TARGET" lines, sorted. Targets are written with their tag, never by digest; it
 * can be given to `oc image mirror -f`. */
void mapping_text(const struct mapping *mapping, struct strbuf *out);
/* The same with the sources alone: what an archive holds, before a target is known. */
void mapping_sources_text(const struct mapping *mapping, struct strbuf *out);
