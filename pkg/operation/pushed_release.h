/* SPDX-License-Identifier: Apache-2.0 */
/* A release on its way out of an archive: names, trust and files as if it had been mirrored straight to
 * the target. Private to this module. */
#pragma once

#include "cluster/mapping.h"
#include "operation/catalog_files.h"
#include "operation/release_verifier.h"
#include "store/archive.h"

struct pushed_release {
	struct reference image; /* the release image by digest, at its source */
	bool is_badly_signed;   /* there was a key, and it did not say yes (--allow-unsigned) */
	struct error damage;    /* why the release cannot be read: none of it is pushed then */
};

void pushed_release_release(struct pushed_release *release);

/* HOST/PATH is the repository of the release; of a HOST alone it is HOST/openshift/release. */
int pushed_release_map(struct pushed_release *release, const struct archive_records *records,
		       const struct archive_root *root, const struct location *target,
		       struct mapping *mapping, struct error *err) MUST_CHECK;
/* Whether an entry of its mapping is the release image itself. */
bool pushed_release_is_image(const struct pushed_release *release, const struct mapping_entry *entry);

/*
 * Checks the recorded signatures with the keys that this side has: where it has one, a release without a
 * good signature is ERROR_DIGEST, unless --allow-unsigned. Where there is no key nothing can be checked,
 * which is said; --release-key makes sure that there is one. What the archive says about the release must
 * be what the release says in any case.
 */
int pushed_release_verify(struct pushed_release *release, struct run *run, const struct trust_options *trust,
			  struct source *source, const struct archive_records *records,
			  const struct archive_root *root, struct error *err) MUST_CHECK;

int pushed_release_check_files(const struct pushed_release *release, const struct archive_root *root,
			       const struct naming_options *naming, const struct mapping *mapping,
			       struct error *err) MUST_CHECK;
/* `missing`: lines of missing.txt. */
/* One release that was mirrored under two names. */
bool pushed_release_is_same(const struct pushed_release *a, const struct archive_root *a_root,
			    const struct pushed_release *b, const struct archive_root *b_root);

int pushed_release_write_files(const struct pushed_release *release, const struct archive_root *root,
			       const struct naming_options *naming, const struct mapping *mapping,
			       const struct strvec *missing, size_t n_missing, bool is_one_of_several,
			       struct outcome *outcome, struct error *err) MUST_CHECK;
