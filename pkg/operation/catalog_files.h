/* SPDX-License-Identifier: Apache-2.0 */
/* The manifests directory of one catalog: mapping.txt, catalogSource.yaml, the two policies, missing.txt. */
#pragma once

#include "cluster/mapping.h"
#include "cluster/policy.h"
#include "operation/outcome.h"

/* "Names, scopes and files": the same flags for catalog mirror and push. */
struct naming_options {
	unsigned max_components; /* 0: no limit */
	enum policy_scope icsp_scope;
	enum policy_scope idms_scope;
	uint64_t max_icsp_size;
	uint64_t max_idms_size;
	const char *to_manifests; /* or NULL: manifests-<name>-<time> in the current directory */
	bool manifests_only;
	struct reference *mirrors; /* further mirrors for the policies */
	size_t n_mirrors;
	const char *merge_directory; /* or NULL */
};

/* Checks what does not depend on content: sizes, max_components, the merge directory. */
int naming_options_check(const struct naming_options *options, struct error *err) MUST_CHECK;

/* What to call the files of one of several catalogs: the index's name; "<name>-<tag>" (or the beginning
 * of its digest) where another has the same name, with a number where even that is the same. The caller
 * frees. */
char *catalog_files_name(const struct reference *const *indexes, size_t n_indexes, size_t number);

/* Once: scope "registry" where it leads images to a place where they are not. */
void catalog_files_warn_of_scope(const struct naming_options *options, const struct mapping *mapping);

/* What writing the files would fail with, before anything is moved: limits, policies to be merged, a
 * directory that cannot be written to. */
int catalog_files_check(const struct naming_options *options, const struct mapping *mapping,
			struct error *err) MUST_CHECK;

/* `index` is the entry of the catalog's index image; `missing`: lines of missing.txt. With several
 * catalogs in one --to-manifests directory each gets a directory of its own below it
 * (`subdirectory`, or NULL). Adds the directory to the outcome. */
int catalog_files_write(const struct naming_options *options, const struct mapping *mapping,
			const struct strvec *missing, const char *subdirectory, struct outcome *outcome,
			struct error *err) MUST_CHECK;
/* For an archive target: mapping.txt with sources only. */
int catalog_files_write_sources(const char *directory, const struct mapping *mapping,
				struct error *err) MUST_CHECK;

/* Two sources that would overwrite each other: an error with all pairs and the --max-components value
 * that avoids them; with `only_warn` warnings. */
int catalog_files_check_conflicts(const struct mapping *mapping, bool only_warn,
				  struct error *err) MUST_CHECK;
