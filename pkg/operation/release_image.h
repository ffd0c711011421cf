/* SPDX-License-Identifier: Apache-2.0 */
/* A release image: its manifest, the platform that is read, the payload in it. Private to this module. */
#pragma once

#include "operation/platform_image.h"
#include "operation/run.h"
#include "release/release.h"
#include "store/archive.h"

struct release_image {
	struct source_image from;
	struct reference reference; /* as given (host, tag or digest; "latest" if neither) */
	char *name;                 /* as written, without docker://; for a bare version what it stands for */
	bool is_resolved;           /* the manifest was read */
	struct platform_image platform;
	struct image_config config;     /* of the chosen manifest */
	struct strbuf config_bytes;     /* the same, raw */
	struct release_payload payload; /* without a version: not read yet */
};

#define RELEASE_IMAGE_INIT \
	{ \
		.config_bytes = STRBUF_INIT, .payload = RELEASE_PAYLOAD_INIT \
	}
void release_image_release(struct release_image *image);

/*
 * What a person calls a release: a bare version ("4.14.1", with the architecture of --arch: x86_64,
 * aarch64, s390x, ppc64le, multi; NULL: x86_64) means
 * quay.io/openshift-release-dev/ocp-release:<version>-<arch>; anything else is a location. `arch` with
 * anything but a version is ERROR_USAGE. *version (the caller frees it) stays as it is unless the text is a
 * version.
 */
int release_location_parse(struct location *location, const char *text, const char *arch, char **version,
			   struct error *err) MUST_CHECK;

/* From a location in a registry. */
int release_image_init(struct release_image *image, struct source *source, const struct location *location,
		       struct error *err) MUST_CHECK;
/* From an archive: a release among its roots. ERROR_NOT_FOUND when its image is missing there. */
int release_image_init_recorded(struct release_image *image, const struct archive_records *records,
				const struct archive_root *root, struct error *err) MUST_CHECK;

/* Reads the manifest; of a list that of the image which is chosen. NULL: the first one. */
int release_image_resolve(struct run *run, struct source *source, struct release_image *image,
			  const struct platform_choice *choice, struct error *err) MUST_CHECK;
/* As with oc the first image of a list says what the release is; with --keep-manifest-list that for
 * amd64, if there is one. */
const struct platform_choice *release_image_choice(bool keeps_manifest_list);
/* Both for what an archive records: the image as it was chosen when it was mirrored. Of a release
 * without its image only the digest is known, from its signature. */
int release_image_open_recorded(struct run *run, struct source *source, struct release_image *image,
				const struct archive_records *records, const struct archive_root *root,
				struct error *err) MUST_CHECK;
/*
 * Of a resolved image, unless it was read before: the config, and the payload from the top layer if all of
 * it is there, else from all layers. It is remembered in the work directory by the digest of the manifest,
 * if the run has one. ERROR_INVALID when it is no release.
 */
int release_image_read_payload(struct run *run, struct source *source, struct release_image *image,
			       struct error *err) MUST_CHECK;
/* Of a resolved image: a tag is no more than a tag; ERROR_DIGEST when the release in it is of another
 * version. */
int release_image_check_version(struct run *run, struct source *source, struct release_image *image,
				const char *version, struct error *err) MUST_CHECK;

/* "x86_64", "aarch64", ...; "" when the config does not say; the caller does not free it. */
const char *release_image_architecture(const struct release_image *image);
