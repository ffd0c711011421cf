/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "operation/release_image.h"
#include "operation/release_verify.h"

struct archive_release *release_record_new(const struct release_image *image, const char *architecture,
					   bool without_image,
					   const struct release_verification *verification)
{
	const struct release_payload *payload = &image->payload;
	struct archive_release *release = xcalloc(1, sizeof(*release));

	release->version = xstrdup(payload->version);
	release->architecture = xstrdup(architecture);
	release->without_image = without_image;
	release->components = xcalloc(payload->n_components, sizeof(*release->components));
	for (; release->n_components < payload->n_components; release->n_components++)
		release->components[release->n_components] =
			(struct archive_component){xstrdup(payload->components[release->n_components].name),
						   xstrdup(payload->components[release->n_components].image)};
	release->signatures = xcalloc(verification->n_signatures, sizeof(*release->signatures));
	for (; release->n_signatures < verification->n_signatures; release->n_signatures++) {
		const struct release_signature *signature = &verification->signatures[release->n_signatures];
		struct archive_signature *copy = &release->signatures[release->n_signatures];

		*copy = (struct archive_signature){.digest = signature->digest, .message = STRBUF_INIT};
		strbuf_add(&copy->message, signature->message.buf, signature->message.len);
	}
	for (size_t i = 0; i < payload->previous.count; i++)
		strvec_push(&release->previous, payload->previous.items[i]);
	return release;
}

void release_record_list_images(const struct archive_release *release, const char *source,
				struct strvec *images)
{
	if (!release->without_image)
		strvec_push(images, source);
	for (size_t i = 0; i < release->n_components; i++)
		strvec_push(images, release->components[i].image);
	strvec_sort_unique(images);
}

/* --- what an archive says about it, and what it says itself */

static int differs(const char *what, const char *recorded, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(recorded);

	return error_set(err, ERROR_DIGEST,
			 "the archive says %s '%s', the release itself says something else", what, shown);
}

static int compare_components(const struct release_payload *payload, const struct archive_release *recorded,
			      struct error *err)
{
	if (payload->n_components != recorded->n_components)
		return error_set(err, ERROR_DIGEST, "the archive says %zu components, the release itself %zu",
				 recorded->n_components, payload->n_components);
	for (size_t i = 0; i < payload->n_components; i++) {
		if (strcmp(payload->components[i].name, recorded->components[i].name) != 0)
			return differs("component", recorded->components[i].name, err);
		if (strcmp(payload->components[i].image, recorded->components[i].image) != 0)
			return differs("image", recorded->components[i].image, err);
	}
	return 0;
}

static int compare_previous(const struct release_payload *payload, const struct archive_release *recorded,
			    struct error *err)
{
	if (payload->previous.count != recorded->previous.count)
		return error_set(err, ERROR_DIGEST,
				 "the archive names %zu versions to update from, the release itself %zu",
				 recorded->previous.count, payload->previous.count);
	for (size_t i = 0; i < payload->previous.count; i++)
		if (strcmp(payload->previous.items[i], recorded->previous.items[i]) != 0)
			return differs("previous version", recorded->previous.items[i], err);
	return 0;
}

static bool is_architecture(const struct release_image *image, const char *recorded)
{
	return !strcmp(recorded, release_image_architecture(image)) ||
	       (image->platform.is_list && !strcmp(recorded, "multi"));
}

/* What is called by a digest has that digest. */
static int check_digests(const struct archive_records *records, const struct release_payload *payload,
			 struct error *err)
{
	for (size_t i = 0; i < payload->n_components; i++) {
		const struct release_component *component = &payload->components[i];
		const struct archive_image *recorded = archive_records_find_image(records, component->image);

		if (recorded && !digest_equal(&recorded->digest, &component->digest))
			return error_set(err, ERROR_DIGEST,
					 "the archive says that '%s' is an image of another digest",
					 component->image);
	}
	return 0;
}

int release_record_check_tied(const struct archive_records *records, const struct archive_root *root,
			      struct error *err)
{
	if (archive_records_find_image(records, root->source))
		return 0;
	return error_set(
		err, ERROR_DIGEST,
		"%s: the release image is not in the archive, so nothing ties the components to what is "
		"signed",
		root->source);
}

int release_record_compare(struct run *run, struct source *source, const struct archive_records *records,
			   const struct archive_root *root, struct release_image *image, struct error *err)
{
	const struct archive_release *recorded = root->release;
	const struct release_payload *payload = &image->payload;

	if (recorded->without_image && !archive_records_find_image(records, root->source)) {
		log_warning("%s: the release image is not in the archive: what the archive says about the "
			    "release "
			    "cannot be compared with it",
			    image->name);
		return 0;
	}
	if (release_image_read_payload(run, source, image, err) < 0)
		return -1;
	int result = 0;
	if (strcmp(payload->version, recorded->version) != 0)
		result = differs("version", recorded->version, err);
	else if (!is_architecture(image, recorded->architecture))
		result = differs("architecture", recorded->architecture, err);
	else if (compare_components(payload, recorded, err) < 0 ||
		 compare_previous(payload, recorded, err) < 0 || check_digests(records, payload, err) < 0)
		result = -1;
	return result < 0 ? error_wrap(err, "%s", image->name) : 0;
}

/* --- where its images go */

static int parse_component(const struct archive_component *recorded, struct release_component *component,
			   struct error *err)
{
	component->name = recorded->name;
	component->image = recorded->image;
	if (reference_parse(&component->reference, recorded->image, err) < 0)
		return -1;
	if (!*component->reference.id)
		return error_set(err, ERROR_INVALID, "component %s: '%s' is no image by digest",
				 recorded->name, recorded->image);
	return reference_digest(&component->reference, &component->digest, err);
}

int release_record_map(const struct archive_release *release, const struct reference *image,
		       const struct release_target *target, const struct reference *release_image_target,
		       struct mapping *mapping, struct error *err)
{
	/* Names and texts in them are borrowed from the record. */
	CLEANUP(free_memory) struct release_component *components =
		xcalloc(release->n_components, sizeof(*components));
	struct release_places places = {
		.version = release->version,
		.architecture = release->architecture,
		.release = image,
		.components = components,
		.n_components = release->n_components,
		.skip_release_image = release->without_image,
		.target = target,
		.release_image_target = release_image_target,
	};
	int result = 0;

	for (size_t i = 0; i < release->n_components && result == 0; i++)
		result = parse_component(&release->components[i], &components[i], err);
	if (result == 0)
		result = release_mapping_build(mapping, &places, err);
	for (size_t i = 0; i < release->n_components; i++)
		reference_release(&components[i].reference);
	return result;
}
