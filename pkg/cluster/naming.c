/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/naming.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/strvec.h"

static void add_components(struct strvec *components, const char *path)
{
	while (path && *path) {
		size_t length = strcspn(path, "/");
		strvec_push_take(components, xstrndup(path, length));
		path += length + (path[length] == '/');
	}
}

/* All but the first component, as one name. */
static char *join_components(const struct strvec *components, unsigned max_components)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT;

	for (size_t i = 1; i < components->count; i++) {
		if (i > 1)
			strbuf_add_char(&name, max_components && i >= max_components ? '-' : '/');
		strbuf_add_string(&name, components->items[i]);
	}
	return strbuf_detach(&name);
}

static void set_path(struct reference *result, const struct strvec *components, unsigned max_components)
{
	/* A single component is the image's name, in its place already. */
	if (components->count < 2)
		return;
	CLEANUP(free_string) char *name = join_components(components, max_components);
	reference_set(&result->namespace, components->items[0]);
	reference_set(&result->name, name);
}

static int check_path(const struct reference *image, const struct reference *result, struct error *err)
{
	CLEANUP(free_string) char *path = reference_repository_path(result);

	/* The parts follow the grammar, so that only the length can be wrong. */
	if (reference_is_repository_path(path))
		return 0;
	CLEANUP(free_string) char *text = reference_exact(image);
	return error_set(err, ERROR_INVALID,
			 "%s: its path in the mirror is longer than 255 characters; "
			 "choose a target with a shorter path",
			 text);
}

int cluster_target_name(const struct reference *image, const struct reference *target,
			unsigned max_components, struct reference *result, struct error *err)
{
	if (!image->name || !*image->name)
		return error_set(err, ERROR_INVALID,
				 "an image reference without a name has no place in a mirror");
	if (max_components == 1)
		return error_set(err, ERROR_INVALID,
				 "a mirror path of one component is too short for most "
				 "images; allow 2 or more, or 0 for any number");

	CLEANUP(reference_release) struct reference named = REFERENCE_INIT;
	reference_copy(&named, image);
	if (!*named.tag && *named.id) {
		CLEANUP(free_string) char *tag = reference_hash_tag(image);
		reference_set(&named.tag, tag);
	}
	reference_apply_docker_defaults(&named);

	CLEANUP(strvec_release) struct strvec components = STRVEC_INIT;
	add_components(&components, target->namespace);
	add_components(&components, target->name);
	add_components(&components, named.namespace);
	add_components(&components, named.name);
	set_path(&named, &components, max_components);
	reference_set(&named.registry, target->registry ? target->registry : "");
	if (check_path(image, &named, err) < 0)
		return -1;
	*result = steal(&named);
	return 0;
}
