/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of a release: itself and its components. */
#include "cluster/release_target.h"

#include <string.h>

static int check_places(const struct release_places *places, struct error *err)
{
	const struct reference *image = places->release_image_target;
	CLEANUP(free_string) char *release = reference_exact(places->release);

	if (!*places->release->id && !places->skip_release_image)
		return error_set(err, ERROR_INVALID,
				 "%s: a release is mirrored by its digest, which is not known", release);
	if (!image || *image->tag)
		return 0;
	CLEANUP(free_string) char *text = reference_exact(image);
	return error_set(
		err, ERROR_USAGE,
		"%s: --to-release-image needs a tag: without one the registry may drop the image; write "
		"HOST/REPOSITORY:TAG",
		text);
}

/* Takes the target, which has its tag. */
static void add_image(struct mapping *mapping, const char *text, const struct reference *source,
		      struct reference *target)
{
	CLEANUP(mapping_entry_release) struct mapping_entry entry = {.target = steal(target)};

	reference_copy(&entry.source, source);
	reference_apply_docker_defaults(&entry.source);
	reference_set(&entry.source.tag, "");
	/* Policies are for images by digest; what copies goes by the tag. */
	reference_set(&entry.target.id, entry.source.id);
	entry.text = text ? xstrdup(text) : reference_exact(&entry.source);
	mapping_add(mapping, &entry);
}

static int add_release(struct mapping *mapping, const struct release_places *places, struct error *err)
{
	CLEANUP(reference_release) struct reference target = REFERENCE_INIT;

	if (places->skip_release_image)
		return 0;
	if (places->release_image_target)
		reference_copy(&target, places->release_image_target);
	else if (release_target_name(places->target, places->version, places->architecture, NULL, &target,
				     err) < 0)
		return -1;
	add_image(mapping, NULL, places->release, &target);
	return 0;
}

static int add_component(struct mapping *mapping, const struct release_places *places,
			 const struct release_component *component, struct error *err)
{
	CLEANUP(reference_release) struct reference target = REFERENCE_INIT;

	if (release_target_name(places->target, places->version, places->architecture, component->name,
				&target, err) < 0)
		return -1;
	add_image(mapping, component->image, &component->reference, &target);
	return 0;
}

int release_mapping_build(struct mapping *mapping, const struct release_places *places, struct error *err)
{
	CLEANUP(mapping_release) struct mapping built = {.is_release = true};

	if (check_places(places, err) < 0 || add_release(&built, places, err) < 0)
		return -1;
	for (size_t i = 0; i < places->n_components; i++) {
		if (add_component(&built, places, &places->components[i], err) < 0)
			return -1;
	}
	reference_copy(&built.mirror, &places->target->repository);
	mapping_sort_by_target(&built);
	*mapping = steal(&built);
	return 0;
}
