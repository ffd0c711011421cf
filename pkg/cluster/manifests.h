/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cluster needs to use a mirrored catalog: mapping.txt, catalogSource.yaml,
 * imageContentSourcePolicy.yaml, imageDigestMirrorSet.yaml, and missing.txt if images are missing. All
 * are made from the mapping, so that a policy does not change because one image failed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strvec.h"
#include "cluster/manifests_directory.h"
#include "cluster/mapping.h"
#include "cluster/policy.h"

/* All members are borrowed. */
struct manifests_options {
	const char *name; /* of the policies: the index's name; "-0" and so on is added */
	enum policy_scope icsp_scope;
	enum policy_scope idms_scope;
	uint64_t max_icsp_size_bytes;
	uint64_t max_idms_size_bytes;
	const struct reference *further; /* more mirrors to name in the policies */
	size_t n_further;
	const char *merge_directory;  /* with policies to keep, or NULL */
	const struct strvec *missing; /* lines of missing.txt, or NULL */
};

/* Adds the files to an empty list. Errors name the file. */
int manifests_build(const struct mapping *mapping, const struct manifests_options *options,
		    struct cluster_files *files, struct error *err) MUST_CHECK;
