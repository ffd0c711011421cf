/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and image configs: whatever is accepted is accepted as one type only, within limits. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/manifest.h"

#define MAX_CHILDREN 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_descriptor(const struct descriptor *descriptor)
{
	require(descriptor->size <= OCI_MAX_BLOB_SIZE && descriptor->media_type);
	if (!descriptor->has_platform)
		return;
	CLEANUP(free_string) char *text = platform_format(&descriptor->platform);
	require(platform_matches(&descriptor->platform, &descriptor->platform) && strchr(text, '/'));
}

static void check_contents(const struct manifest *manifest)
{
	bool is_index = manifest_type_is_index(manifest->type);

	require(manifest->type != MANIFEST_UNKNOWN);
	require(manifest->n_children <= MAX_CHILDREN && manifest->n_layers <= OCI_MAX_CHILDREN);
	require(is_index ? !manifest->n_layers : !manifest->n_children);
	for (size_t i = 0; i < manifest->n_children; i++)
		check_descriptor(&manifest->children[i]);
	for (size_t i = 0; i < manifest->n_layers; i++)
		check_descriptor(&manifest->layers[i]);
	if (!is_index)
		check_descriptor(&manifest->config);
}

/* Whether the bytes are also accepted when the parent says that they are of this type. */
static bool is_accepted_as(const uint8_t *data, size_t size, enum manifest_type type)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (manifest_parse(&manifest, data, size, manifest_type_name(type), MAX_CHILDREN, &err) == 0) {
		require(manifest.type == type);
		return true;
	}
	require(err.code == ERROR_INVALID && manifest.type == MANIFEST_UNKNOWN);
	return false;
}

static void check_manifest(const uint8_t *data, size_t size)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	bool is_accepted = manifest_parse(&manifest, data, size, NULL, MAX_CHILDREN, &err) == 0;
	if (is_accepted)
		check_contents(&manifest);
	for (int type = MANIFEST_OCI_IMAGE; type <= MANIFEST_DOCKER_LIST; type++)
		require(is_accepted_as(data, size, (enum manifest_type)type) ==
			(is_accepted && manifest.type == (enum manifest_type)type));
}

static void check_config(const uint8_t *data, size_t size)
{
	CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (image_config_parse(&config, data, size, &err) < 0) {
		require(err.code == ERROR_INVALID && !config.labels);
		return;
	}
	for (size_t i = 0; i < config.n_labels; i++)
		require(!strcmp(image_config_label(&config, config.labels[i].name), config.labels[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_manifest(data, size);
	check_config(data, size);
	return 0;
}
