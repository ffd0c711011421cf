/* SPDX-License-Identifier: Apache-2.0 */
/* image-references: an ImageStream (image.openshift.io/v1) in JSON. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "document/document.h"
#include "release/release.h"

static int check_member(const struct node *root, const char *key, const char *what, const char *wanted,
			struct error *err)
{
	struct node member = node_member(root, key);
	const char *text = NULL;

	if (node_optional_string(&member, &text, err) < 0)
		return -1;
	if (text && !strcmp(text, wanted))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(text ? text : "");
	return error_set(err, ERROR_INVALID,
			 "unrecognized image-references in release payload: %s \"%s\" is not %s", what, shown,
			 wanted);
}

static int read_version(const struct node *root, struct release_payload *payload, struct error *err)
{
	struct node metadata = node_member(root, "metadata");
	struct node name = node_member(&metadata, "name");
	const char *text = NULL;

	if (node_string(&name, &text, err) < 0)
		return -1;
	if (!reference_is_tag(text)) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return node_error(&name, err, "\"%s\" cannot be the version: it does not fit into a tag",
				  shown);
	}
	payload->version = xstrdup(text);
	return 0;
}

static int check_repository(const struct release_component *component, struct error *err)
{
	const struct reference *reference = &component->reference;
	CLEANUP(free_string) char *path = reference_repository_path(reference);
	bool has_host = *reference->registry != '\0';

	if (reference_is_repository_path(path) && (!has_host || reference_is_host(reference->registry)))
		return 0;
	return error_set(err, ERROR_INVALID, "%s: is not an image in a registry", component->image);
}

static int parse_image(struct release_component *component, struct error *err)
{
	if (reference_parse(&component->reference, component->image, err) < 0)
		return -1;
	if (*component->reference.tag || !*component->reference.id)
		return error_set(err, ERROR_INVALID,
				 "image-references should only contain pointers to images by digest: %s",
				 component->image);
	if (check_repository(component, err) < 0)
		return -1;
	return reference_digest(&component->reference, &component->digest, err);
}

static int read_annotations(const struct node *tag, struct release_component *component, struct error *err)
{
	const struct {
		const char *key;
		char **value;
	} wanted[] = {
		{"io.openshift.build.versions", &component->versions},
		{"io.openshift.build.version-display-names", &component->display_names},
		{"io.openshift.build.source-location", &component->source_location},
		{"io.openshift.build.commit.id", &component->source_commit_id},
	};
	struct node annotations = node_member(tag, "annotations");

	if (node_type(&annotations) == NODE_ABSENT)
		return 0;
	if (node_expect_object(&annotations, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		struct node annotation = node_member(&annotations, wanted[i].key);
		const char *text = NULL;
		if (node_optional_string(&annotation, &text, err) < 0)
			return -1;
		*wanted[i].value = text ? xstrdup(text) : NULL;
	}
	return 0;
}

/* What is read so far is the caller's, also after an error. */
static int read_component(const struct node *tag, const struct node *from, struct map *seen,
			  struct release_component *component, struct error *err)
{
	struct node name_node = node_member(tag, "name"), image_node = node_member(from, "name");
	const char *name = NULL, *image = NULL;

	if (node_string(&name_node, &name, err) < 0 || node_string(&image_node, &image, err) < 0)
		return -1;
	component->name = xstrdup(name);
	component->image = xstrdup(image);
	CLEANUP(free_string) char *shown = text_escaped(name);
	if (!reference_is_tag(name))
		return error_set(err, ERROR_INVALID,
				 "release tag \"%s\" is not valid: the name does not fit into an image's tag",
				 shown);
	if (map_contains(seen, name))
		return error_set(err, ERROR_INVALID, "release tag \"%s\" is not valid: it is there twice",
				 shown);
	map_set(seen, name, component);
	if (parse_image(component, err) < 0)
		return error_wrap(err, "release tag \"%s\" is not valid", shown);
	return read_annotations(tag, component, err);
}

static int read_tag(const struct node *tag, struct map *seen, struct release_payload *payload,
		    struct error *err)
{
	struct node from = node_member(tag, "from"), kind_node = node_member(&from, "kind");
	const char *kind = NULL;

	if (node_expect_object(tag, err) < 0)
		return -1;
	if (node_type(&from) == NODE_ABSENT)
		return 0;
	if (node_expect_object(&from, err) < 0 || node_optional_string(&kind_node, &kind, err) < 0)
		return -1;
	if (!kind || strcmp(kind, "DockerImage") != 0)
		return 0;
	return read_component(tag, &from, seen, &payload->components[payload->n_components++], err);
}

static int read_components(const struct node *root, struct release_payload *payload, struct error *err)
{
	CLEANUP(map_release) struct map seen = MAP_INIT;
	struct node spec = node_member(root, "spec"), tags = node_member(&spec, "tags");
	size_t count = node_count(&tags);

	if (node_type(&tags) != NODE_ABSENT && node_expect_array(&tags, err) < 0)
		return -1;
	if (count > RELEASE_MAX_COMPONENTS)
		return node_error(&tags, err, "are %zu, more than the limit of %d", count,
				  RELEASE_MAX_COMPONENTS);
	payload->components = count ? xcalloc(count, sizeof(*payload->components)) : NULL;
	for (size_t i = 0; i < count; i++) {
		struct node tag = node_element(&tags, i);
		if (read_tag(&tag, &seen, payload, err) < 0)
			return -1;
	}
	if (!payload->n_components)
		return error_set(err, ERROR_INVALID,
				 "image-references: names no images; is this a valid release?");
	return 0;
}

int release_parse_references(struct release_payload *payload, const void *bytes, size_t length,
			     struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(release_payload_release) struct release_payload parsed = RELEASE_PAYLOAD_INIT;

	if (length > RELEASE_MAX_REFERENCES_SIZE)
		return error_set(err, ERROR_INVALID, "image-references: is larger than %zu bytes",
				 RELEASE_MAX_REFERENCES_SIZE);
	if (document_parse_json(&document, "image-references", bytes, length, err) < 0)
		return -1;
	struct node root = document_root(document);
	if (node_expect_object(&root, err) < 0 ||
	    check_member(&root, "apiVersion", "API version", "image.openshift.io/v1", err) < 0 ||
	    check_member(&root, "kind", "kind", "ImageStream", err) < 0 ||
	    read_version(&root, &parsed, err) < 0 || read_components(&root, &parsed, err) < 0)
		return -1;
	payload->version = steal(&parsed.version);
	payload->components = steal(&parsed.components);
	payload->n_components = steal(&parsed.n_components);
	return 0;
}
