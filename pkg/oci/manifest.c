/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "oci/descriptor.h"
#include "oci/strict_json.h"

/* JSON values that a descriptor with its annotations, and everything else, may have on average. */
#define VALUES_PER_DESCRIPTOR 64
#define OTHER_VALUES 65536

static const char *const manifest_keys[] = {
	"schemaVersion", "mediaType",   "artifactType", "config",  "layers", "manifests",
	"subject",       "annotations", "fsLayers",     "history", NULL,
};

void manifest_release(struct manifest *manifest)
{
	descriptor_release(&manifest->config);
	for (size_t i = 0; i < manifest->n_layers; i++)
		descriptor_release(&manifest->layers[i]);
	free(manifest->layers);
	for (size_t i = 0; i < manifest->n_children; i++)
		descriptor_release(&manifest->children[i]);
	free(manifest->children);
	free(manifest->artifact_type);
	*manifest = (struct manifest)MANIFEST_INIT;
}

/* --- which type it is */

/* Whether a media type, parameters aside, is `name`. */
static bool is_media_type(const char *media_type, const char *name)
{
	size_t length = strlen(name);

	return !strncasecmp(media_type, name, length) && strchr("; \t", media_type[length]);
}

/* Servers that do not know say one of these; then the body decides. */
static bool says_nothing(const char *media_type)
{
	return !*media_type || is_media_type(media_type, "text/plain") ||
	       is_media_type(media_type, "application/octet-stream") ||
	       is_media_type(media_type, "application/json");
}

static bool is_schema1(const json_t *root, const char *body_type, const char *expected)
{
	return json_integer_value(json_object_get(root, "schemaVersion")) == 1 ||
	       is_media_type(body_type, MEDIA_TYPE_DOCKER_SCHEMA1) ||
	       is_media_type(body_type, MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED) ||
	       is_media_type(expected, MEDIA_TYPE_DOCKER_SCHEMA1) ||
	       is_media_type(expected, MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED);
}

static int check_schema_version(const json_t *root, const char *body_type, const char *expected,
				struct error *err)
{
	if (is_schema1(root, body_type, expected))
		return error_set(err, ERROR_INVALID,
				 "it is of Docker's schema 1, which cannot be copied with its "
				 "digest; have the image pushed again in schema 2 or OCI format");
	if (json_integer_value(json_object_get(root, "schemaVersion")) != 2)
		return error_set(err, ERROR_INVALID, "schemaVersion is not 2");
	return 0;
}

static int refuse_media_type(const char *media_type, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(media_type);

	return error_set(err, ERROR_INVALID, "media type '%s' is not that of an image or an index", shown);
}

/* OCI allows a body without mediaType (image-spec manifest.md: SHOULD), Docker does not. */
static int infer_type(const json_t *root, enum manifest_type expected, enum manifest_type *type,
		      struct error *err)
{
	if (expected == MANIFEST_DOCKER_IMAGE || expected == MANIFEST_DOCKER_LIST)
		return error_set(err, ERROR_INVALID, "mediaType is missing, should be '%s'",
				 manifest_type_name(expected));
	if (expected != MANIFEST_UNKNOWN)
		*type = expected;
	else if (strict_json_get(root, "config"))
		*type = MANIFEST_OCI_IMAGE;
	else if (json_object_get(root, "manifests"))
		*type = MANIFEST_OCI_INDEX;
	else
		return error_set(err, ERROR_INVALID,
				 "it is neither an image (config, layers) nor an index (manifests)");
	return 0;
}

static int decide_type(const json_t *root, const char *body_type, const char *expected,
		       enum manifest_type *type, struct error *err)
{
	enum manifest_type wanted = manifest_type_parse(expected);

	if (wanted == MANIFEST_UNKNOWN && !says_nothing(expected))
		return refuse_media_type(expected, err);
	if (!*body_type)
		return infer_type(root, wanted, type, err);
	*type = manifest_type_parse(body_type);
	/* Other clients compare byte by byte. */
	if (*type == MANIFEST_UNKNOWN || strcmp(body_type, manifest_type_name(*type)) != 0)
		return refuse_media_type(body_type, err);
	if (wanted != MANIFEST_UNKNOWN && wanted != *type)
		return error_set(err, ERROR_INVALID, "mediaType is '%s', but descriptor or server say '%s'",
				 body_type, manifest_type_name(wanted));
	return 0;
}

/* An image that could be read as an index by somebody else, or the other way round. */
static int check_ambiguity(const json_t *root, enum manifest_type type, struct error *err)
{
	static const char *const foreign_to_image[] = {"manifests", "fsLayers", "history", NULL};
	static const char *const foreign_to_index[] = {"config", "layers", "fsLayers", "history", NULL};
	bool is_index = manifest_type_is_index(type);

	for (const char *const *key = is_index ? foreign_to_index : foreign_to_image; *key; key++)
		if (strict_json_get(root, *key))
			return error_set(err, ERROR_INVALID,
					 "it is %s, but has '%s': it could be read in two ways",
					 is_index ? "an index" : "an image", *key);
	return 0;
}

/* --- what is in it */

/* Go writes an empty list as null. */
static int read_list(const json_t *root, const char *key, size_t max_count, struct descriptor **list,
		     size_t *count, struct error *err)
{
	const json_t *array = strict_json_get(root, key);
	size_t length = json_array_size(array);

	if (!json_object_get(root, key))
		return error_set(err, ERROR_INVALID, "%s is missing", key);
	if (array && !json_is_array(array))
		return error_set(err, ERROR_INVALID, "%s is not a list", key);
	if (length > max_count)
		return error_set(err, ERROR_INVALID, "%s has %zu entries, more than %zu", key, length,
				 max_count);
	*list = xcalloc(length, sizeof(**list));
	for (; *count < length; (*count)++)
		if (descriptor_from_json(&(*list)[*count], json_array_get(array, *count), err) < 0)
			return error_wrap(err, "%s[%zu]", key, *count);
	return 0;
}

static int read_config(struct manifest *manifest, const json_t *root, struct error *err)
{
	const json_t *config = strict_json_get(root, "config");

	if (!config)
		return error_set(err, ERROR_INVALID, "config is missing");
	if (descriptor_from_json(&manifest->config, config, err) < 0)
		return error_wrap(err, "config");
	return 0;
}

static int read_subject(struct manifest *manifest, const json_t *root, struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor subject = {0};
	const json_t *member = strict_json_get(root, "subject");

	if (!member)
		return 0;
	if (descriptor_from_json(&subject, member, err) < 0)
		return error_wrap(err, "subject");
	manifest->has_subject = true;
	manifest->subject = subject.digest;
	return 0;
}

static int read_contents(struct manifest *manifest, const json_t *root, size_t max_children,
			 struct error *err)
{
	if (read_subject(manifest, root, err) < 0 ||
	    strict_json_string(root, "artifactType", &manifest->artifact_type, err) < 0)
		return -1;
	if (manifest_type_is_index(manifest->type))
		return read_list(root, "manifests", max_children, &manifest->children, &manifest->n_children,
				 err);
	if (read_config(manifest, root, err) < 0)
		return -1;
	return read_list(root, "layers", OCI_MAX_CHILDREN, &manifest->layers, &manifest->n_layers, err);
}

static int read_manifest(struct manifest *manifest, const json_t *root, const char *expected,
			 size_t max_children, struct error *err)
{
	CLEANUP(free_string) char *media_type = NULL;

	if (strict_json_check_keys(root, manifest_keys, err) < 0 ||
	    strict_json_string(root, "mediaType", &media_type, err) < 0)
		return -1;
	const char *body_type = media_type ? media_type : "";
	if (check_schema_version(root, body_type, expected, err) < 0 ||
	    decide_type(root, body_type, expected, &manifest->type, err) < 0 ||
	    check_ambiguity(root, manifest->type, err) < 0)
		return -1;
	return read_contents(manifest, root, max_children, err);
}

static size_t max_values(size_t max_children)
{
	size_t descriptors = max_children > OCI_MAX_CHILDREN ? max_children : OCI_MAX_CHILDREN;
	size_t values;

	if (__builtin_mul_overflow(descriptors, VALUES_PER_DESCRIPTOR, &values) ||
	    __builtin_add_overflow(values, OTHER_VALUES, &values))
		return SIZE_MAX;
	return values;
}

int manifest_parse(struct manifest *manifest, const void *bytes, size_t length, const char *expected,
		   size_t max_children, struct error *err)
{
	CLEANUP(json_decrefp) json_t *root = NULL;
	CLEANUP(manifest_release) struct manifest parsed = MANIFEST_INIT;

	if (strict_json_load(&root, bytes, length, max_values(max_children), err) < 0 ||
	    read_manifest(&parsed, root, expected ? expected : "", max_children, err) < 0)
		return error_wrap(err, "manifest");
	*manifest = steal(&parsed);
	return 0;
}
