/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A release in the form in which archives record it: what mirroring it straight to a registry and pushing it
 * out of an archive have in common. Private to this module.
 */
#pragma once

#include "cluster/mapping.h"
#include "cluster/release_target.h"
#include "operation/catalog_files.h"
#include "operation/outcome.h"
#include "store/archive.h"

struct release_image;
struct run;
struct source;
struct release_verification;

/* Of an image whose payload was read; the caller owns it. `architecture` as in its tags. */
struct archive_release *release_record_new(const struct release_image *image, const char *architecture,
					   bool without_image,
					   const struct release_verification *verification);

/* Sources of all its images, sorted, each once: archive_root.images. `source` is the root's own. */
void release_record_list_images(const struct archive_release *release, const char *source,
				struct strvec *images);

/* Nobody has signed the records of an archive: they must say what the release image says, which is read
 * here unless it was read before. ERROR_DIGEST. Without the image there is nothing to compare with,
 * which is a warning. */
int release_record_compare(struct run *run, struct source *source, const struct archive_records *records,
			   const struct archive_root *root, struct release_image *image,
			   struct error *err) MUST_CHECK;

/* Only the release image ties the components to what is signed: ERROR_DIGEST if it is not in the archive. */
int release_record_check_tied(const struct archive_records *records, const struct archive_root *root,
			      struct error *err) MUST_CHECK;

/* Where its images go. `image` is the release image by digest; ERROR_INVALID for records whose
 * components are no images by digest. `release_image_target` may be NULL. */
int release_record_map(const struct archive_release *release, const struct reference *image,
		       const struct release_target *target, const struct reference *release_image_target,
		       struct mapping *mapping, struct error *err) MUST_CHECK;

/* All is borrowed. */
struct release_files {
	const struct archive_release *release;
	const char *source;            /* as it was asked for */
	const struct reference *image; /* the release image by digest, at its source */
	const struct mapping *mapping;
	bool is_badly_signed;         /* what is recorded as its signature is not good: it is left out */
	const struct strvec *missing; /* lines of missing.txt */
	size_t n_missing;
	const char *stem;         /* of a directory that is made anew */
	const char *subdirectory; /* in --to-manifests where it holds several; or NULL */
};

/* Before anything is moved: would the files be right, and can they be written? */
int release_files_check(const struct naming_options *naming, const struct release_files *files,
			struct error *err) MUST_CHECK;
/* mapping.txt, the two policies, the signatures, next-steps.md, missing.txt. Adds the directory to the
 * outcome. */
int release_files_write(const struct naming_options *naming, const struct release_files *files,
			struct outcome *outcome, struct error *err) MUST_CHECK;

/* --release-image-signature-to-dir: the ConfigMaps alone; `paths` gets what was written. */
int release_files_write_signatures(const struct archive_release *release, const char *directory,
				   struct strvec *paths, struct error *err) MUST_CHECK;

/* "ocp-release-4.14.1-x86_64"; the caller frees it. */
char *release_files_name(const struct archive_release *release, const struct reference *image);
