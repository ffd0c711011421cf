/* SPDX-License-Identifier: Apache-2.0 */
/* image-references: whatever is accepted can be put into tags and fetched by digest, comes back from the text
 * for the work directory, and its versions are sorted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "release/component_versions.h"
#include "release/release.h"
#include "release/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_component(const struct release_payload *payload, const struct release_component *component)
{
	CLEANUP(free_string) char *path = reference_repository_path(&component->reference);
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	struct digest digest;

	require(reference_is_tag(component->name));
	require(release_find_component(payload, component->name) == component);
	require(reference_is_repository_path(path) && !*component->reference.tag);
	require(!*component->reference.registry || reference_is_host(component->reference.registry));
	require(digest_parse(&digest, component->reference.id, &err) == 0);
	require(digest_equal(&digest, &component->digest));
}

static void check_versions(const struct release_payload *payload)
{
	CLEANUP(component_versions_release) struct component_versions versions = COMPONENT_VERSIONS_INIT;

	component_versions_collect(&versions, payload);
	for (size_t i = 0; i < versions.count; i++) {
		const struct component_version *item = &versions.items[i];
		require(semver_is_valid(item->version) && item->display_name && !strchr(item->version, '+'));
		require(release_find_component(payload, item->component));
		require(i == 0 || strcmp(versions.items[i - 1].name, item->name) < 0);
	}
}

static void check_text(struct release_payload *payload, const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(release_payload_release) struct release_payload again = RELEASE_PAYLOAD_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	strbuf_add(&payload->references, data, size);
	release_payload_format(payload, &text);
	require(release_payload_parse(&again, text.buf, text.len, &err) == 0);
	require(again.references.len == size && !memcmp(again.references.buf, data, size));
	require(!strcmp(again.version, payload->version) && again.n_components == payload->n_components);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (release_parse_references(&payload, data, size, &err) < 0) {
		require(err.code == ERROR_INVALID && !payload.version && !payload.components);
		return 0;
	}
	require(reference_is_tag(payload.version) && payload.n_components > 0);
	for (size_t i = 0; i < payload.n_components; i++)
		check_component(&payload, &payload.components[i]);
	check_versions(&payload);
	check_text(&payload, data, size);
	return 0;
}
