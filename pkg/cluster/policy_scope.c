/* SPDX-License-Identifier: Apache-2.0 */
/* From a mapping to sources and mirrors: how wide each entry may be. */
#include "cluster/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "cluster/naming.h"

/* One image that is named by digest: its place at the source and at each mirror. */
struct placed_image {
	char *registry;        /* of the source */
	char *namespace;       /* "registry/first component" */
	char *repository;      /* "registry/path", written as oc shows it */
	struct strvec mirrors; /* "registry/path" at each mirror */
};

/* What takes the place of a registry or namespace, as far as its images agree. */
struct replacement {
	bool is_right;
	struct strvec mirrors;
};

struct collection {
	struct placed_image *images;
	size_t count;
	size_t allocated;
	struct map replacements; /* registry or namespace -> struct replacement */
};

static void image_release(struct placed_image *image)
{
	free(image->registry);
	free(image->namespace);
	free(image->repository);
	strvec_release(&image->mirrors);
}

static void collection_release(struct collection *collection)
{
	for (size_t i = 0; i < collection->count; i++)
		image_release(&collection->images[i]);
	free(collection->images);
	map_release(&collection->replacements);
}

static void replacement_free(void *value)
{
	struct replacement *replacement = value;

	strvec_release(&replacement->mirrors);
	free(replacement);
}

/* What is left of `place` without the `rest` at its end; NULL if it does not end so. */
static char *without_rest(const char *place, const char *rest)
{
	if (!text_ends_with(place, rest))
		return NULL;
	return xstrndup(place, strlen(place) - strlen(rest));
}

/* Notes what an image says about a source that starts its name: "quay.io" of "quay.io/a/b". */
static void note_replacement(struct collection *collection, const char *source,
			     const struct placed_image *image)
{
	struct replacement *replacement = map_get(&collection->replacements, source);
	bool is_new = !replacement;

	if (is_new) {
		replacement = xcalloc(1, sizeof(*replacement));
		replacement->is_right = true;
		map_set(&collection->replacements, source, replacement);
	}
	const char *rest = image->repository + strlen(source);
	for (size_t i = 0; i < image->mirrors.count && replacement->is_right; i++) {
		CLEANUP(free_string) char *start = without_rest(image->mirrors.items[i], rest);
		if (!start || !*start)
			replacement->is_right = false;
		else if (is_new)
			strvec_push_take(&replacement->mirrors, steal(&start));
		else
			replacement->is_right = strcmp(start, replacement->mirrors.items[i]) == 0;
	}
}

/* The repository that holds an image at a further mirror. */
static int place_at(const struct mapping *mapping, const struct mapping_entry *entry,
		    const struct reference *further, char **repository, struct error *err)
{
	CLEANUP(reference_release) struct reference target = REFERENCE_INIT;

	if (mapping->is_release && !*further->name)
		return error_set(
			err, ERROR_INVALID,
			"%s: a further mirror of a release is the repository that holds it; name it: "
			"%s/openshift/release",
			further->registry, further->registry);
	if (mapping->is_release)
		reference_copy(&target, further);
	else if (cluster_target_name(&entry->source, further, mapping->max_components, &target, err) < 0)
		return -1;
	*repository = reference_display_repository(&target);
	return 0;
}

static int add_mirrors(struct placed_image *image, const struct mapping *mapping,
		       const struct mapping_entry *entry, const struct reference *further, size_t n_further,
		       struct error *err)
{
	strvec_push_take(&image->mirrors, reference_display_repository(&entry->target));
	for (size_t i = 0; i < n_further; i++) {
		char *repository = NULL;
		if (place_at(mapping, entry, &further[i], &repository, err) < 0)
			return -1;
		strvec_push_take(&image->mirrors, repository);
	}
	return 0;
}

static int add_image(struct collection *collection, const struct mapping *mapping,
		     const struct mapping_entry *entry, const struct reference *further, size_t n_further,
		     struct error *err)
{
	CLEANUP(image_release) struct placed_image image = {0};
	CLEANUP(reference_release) struct reference source = REFERENCE_INIT;

	reference_copy(&source, &entry->source);
	reference_apply_docker_defaults(&source);
	image.registry = xstrdup(source.registry);
	image.namespace =
		xasprintf("%s/%s", source.registry, *source.namespace ? source.namespace : source.name);
	image.repository = reference_display_repository(&source);
	if (add_mirrors(&image, mapping, entry, further, n_further, err) < 0)
		return -1;

	note_replacement(collection, image.registry, &image);
	note_replacement(collection, image.namespace, &image);
	array_grow(collection->images, collection->count, collection->allocated);
	collection->images[collection->count++] = steal(&image);
	return 0;
}

static int collect(struct collection *collection, const struct mapping *mapping,
		   const struct reference *further, size_t n_further, struct error *err)
{
	for (size_t i = 0; i < mapping->count; i++) {
		const struct mapping_entry *entry = &mapping->entries[i];
		if (*entry->target.id && add_image(collection, mapping, entry, further, n_further, err) < 0)
			return -1;
	}
	return 0;
}

static bool add_if_right(struct policy *policy, const struct collection *collection, const char *source)
{
	const struct replacement *replacement = map_get(&collection->replacements, source);

	if (!replacement->is_right)
		return false;
	for (size_t i = 0; i < replacement->mirrors.count; i++)
		policy_add(policy, source, replacement->mirrors.items[i]);
	return true;
}

static void add_host_to_host(struct policy *policy, const struct placed_image *image)
{
	for (size_t i = 0; i < image->mirrors.count; i++) {
		const char *mirror = image->mirrors.items[i];
		CLEANUP(free_string) char *host = xstrndup(mirror, strcspn(mirror, "/"));
		policy_add(policy, image->registry, host);
	}
}

static void add_entry(struct policy *policy, const struct collection *collection,
		      const struct placed_image *image, enum policy_scope scope)
{
	if (scope == POLICY_SCOPE_REGISTRY) {
		add_host_to_host(policy, image);
		return;
	}
	if (scope == POLICY_SCOPE_AUTO && add_if_right(policy, collection, image->registry))
		return;
	if (scope != POLICY_SCOPE_REPOSITORY && add_if_right(policy, collection, image->namespace))
		return;
	for (size_t i = 0; i < image->mirrors.count; i++)
		policy_add(policy, image->repository, image->mirrors.items[i]);
}

int policy_add_mapping(struct policy *policy, const struct mapping *mapping, enum policy_scope scope,
		       const struct reference *further, size_t n_further, struct error *err)
{
	CLEANUP(collection_release) struct collection collection = {
		.replacements = MAP_INIT_FREEING(replacement_free),
	};

	if (collect(&collection, mapping, further, n_further, err) < 0)
		return -1;
	for (size_t i = 0; i < collection.count; i++)
		add_entry(policy, &collection, &collection.images[i], scope);
	policy->is_release = mapping->is_release;
	return 0;
}

bool policy_registry_scope_is_right(const struct mapping *mapping)
{
	for (size_t i = 0; i < mapping->count; i++) {
		const struct mapping_entry *entry = &mapping->entries[i];
		CLEANUP(reference_release) struct reference source = REFERENCE_INIT;
		reference_copy(&source, &entry->source);
		reference_apply_docker_defaults(&source);
		CLEANUP(free_string) char *source_path = reference_repository_path(&source);
		CLEANUP(free_string) char *target_path = reference_repository_path(&entry->target);
		if (*entry->target.id && strcmp(source_path, target_path) != 0)
			return false;
	}
	return true;
}
