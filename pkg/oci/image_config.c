/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/descriptor.h"
#include "oci/strict_json.h"

/* Configs list every step of an image's history and its environment; real ones stay below 2,000. */
#define MAX_VALUES 262144

void image_config_release(struct image_config *config)
{
	platform_release(&config->platform);
	free(config->created);
	for (size_t i = 0; i < config->n_labels; i++) {
		free(config->labels[i].name);
		free(config->labels[i].value);
	}
	free(config->labels);
	*config = (struct image_config)IMAGE_CONFIG_INIT;
}

static int read_labels(struct image_config *config, json_t *labels, struct error *err)
{
	const char *name;
	json_t *value;

	config->labels = xcalloc(json_object_size(labels), sizeof(*config->labels));
	json_object_foreach (labels, name, value) {
		if (!json_is_string(value)) {
			CLEANUP(free_string) char *shown = text_escaped(name);
			return error_set(err, ERROR_INVALID, "label '%s' is not a string", shown);
		}
		config->labels[config->n_labels++] = (struct label){
			.name = xstrdup(name),
			.value = xstrdup(json_string_value(value)),
		};
	}
	return 0;
}

static int read_members(struct image_config *config, const json_t *root, struct error *err)
{
	json_t *settings, *labels;

	if (platform_from_json(&config->platform, root, err) < 0 ||
	    strict_json_string(root, "created", &config->created, err) < 0 ||
	    strict_json_object(root, "config", &settings, err) < 0)
		return -1;
	if (!settings)
		return 0;
	if (strict_json_object(settings, "Labels", &labels, err) < 0)
		return -1;
	return labels ? read_labels(config, labels, err) : 0;
}

int image_config_parse(struct image_config *config, const void *bytes, size_t length, struct error *err)
{
	CLEANUP(json_decrefp) json_t *root = NULL;
	CLEANUP(image_config_release) struct image_config parsed = IMAGE_CONFIG_INIT;

	if (strict_json_load(&root, bytes, length, MAX_VALUES, err) < 0 ||
	    read_members(&parsed, root, err) < 0)
		return error_wrap(err, "image config");
	*config = steal(&parsed);
	return 0;
}

const char *image_config_label(const struct image_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_labels; i++)
		if (!strcmp(config->labels[i].name, name))
			return config->labels[i].value;
	return NULL;
}
