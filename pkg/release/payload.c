/* SPDX-License-Identifier: Apache-2.0 */
#include "release/release.h"

#include <stdlib.h>
#include <string.h>

static void component_release(struct release_component *component)
{
	free(component->name);
	free(component->image);
	reference_release(&component->reference);
	free(component->versions);
	free(component->display_names);
	free(component->source_location);
	free(component->source_commit_id);
}

void release_payload_release(struct release_payload *payload)
{
	for (size_t i = 0; i < payload->n_components; i++)
		component_release(&payload->components[i]);
	free(payload->components);
	free(payload->version);
	strbuf_release(&payload->references);
	strbuf_release(&payload->metadata);
	strvec_release(&payload->previous);
	strvec_release(&payload->keyrings);
	strvec_release(&payload->warnings);
	*payload = (struct release_payload)RELEASE_PAYLOAD_INIT;
}

const struct release_component *release_find_component(const struct release_payload *payload,
						       const char *name)
{
	for (size_t i = 0; i < payload->n_components; i++)
		if (!strcmp(payload->components[i].name, name))
			return &payload->components[i];
	return NULL;
}

const char *release_architecture(const char *architecture)
{
	if (!strcmp(architecture, "amd64"))
		return "x86_64";
	if (!strcmp(architecture, "arm64"))
		return "aarch64";
	return architecture;
}
