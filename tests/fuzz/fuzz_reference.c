/* SPDX-License-Identifier: Apache-2.0 */
/* References and locations: what was parsed prints as a text that is parsed to the same again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/location.h"
#include "oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* The id hides the tag, and a registry alone prints as nothing. */
static void check_printing(const struct reference *reference)
{
	CLEANUP(reference_release) struct reference again = REFERENCE_INIT;
	CLEANUP(free_string) char *exact = reference_exact(reference);
	struct error err = ERROR_INIT;

	require(!*exact == !*reference->name);
	if (!*exact)
		return;
	require(reference_parse(&again, exact, &err) == 0);
	CLEANUP(free_string) char *exact_again = reference_exact(&again);
	require(!strcmp(exact, exact_again));
	require(!strcmp(reference->registry, again.registry));
	require(!strcmp(reference->namespace, again.namespace));
	require(!strcmp(reference->name, again.name));
	require(!strcmp(reference->id, again.id));
	require(*reference->id ? !*again.tag : !strcmp(reference->tag, again.tag));
}

static void check_members(const struct reference *reference)
{
	CLEANUP(reference_release) struct reference copy = REFERENCE_INIT;
	CLEANUP(free_string) char *hash = reference_hash_tag(reference);
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	struct digest digest;

	require(reference_is_tag(hash));
	require(!*reference->tag || reference_is_tag(reference->tag));
	reference_copy(&copy, reference);
	CLEANUP(free_string) char *exact = reference_exact(reference);
	CLEANUP(free_string) char *exact_copy = reference_exact(&copy);
	require(!strcmp(exact, exact_copy));
	reference_apply_docker_defaults(&copy);
	require(*copy.registry && *copy.tag && !strcmp(copy.name, reference->name));
	if (reference_digest(reference, &digest, &err) < 0)
		require(strncmp(reference->id, "sha256:", 7) != 0);
}

static void check_reference(const char *text)
{
	CLEANUP(reference_release) struct reference plain = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference hosted = REFERENCE_INIT;
	CLEANUP(error_clear) struct error plain_err = ERROR_INIT;
	CLEANUP(error_clear) struct error hosted_err = ERROR_INIT;

	if (reference_parse(&plain, text, &plain_err) == 0) {
		check_printing(&plain);
		check_members(&plain);
	} else {
		require(plain_err.code == ERROR_INVALID && !plain.name);
	}
	if (reference_parse_with_host(&hosted, text, &hosted_err) == 0) {
		CLEANUP(free_string) char *path = reference_repository_path(&hosted);

		require(reference_is_host(hosted.registry));
		require(!*path || reference_is_repository_path(path));
		check_members(&hosted);
	}
}

static void check_location(const char *text,
			   int (*parse)(struct location *location, const char *text, struct error *err))
{
	CLEANUP(location_release) struct location location = LOCATION_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (parse(&location, text, &err) < 0) {
		require(err.code == ERROR_USAGE && !location.text);
		return;
	}
	require(!strcmp(location.text, text));
	require((location.type == LOCATION_REGISTRY) == !location.path);
	require(!location.path || *location.path);
	require(!location.name || *location.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_string) char *text = xcalloc(size + 1, 1);

	if (size)
		memcpy(text, data, size);
	check_reference(text);
	check_location(text, location_parse);
	check_location(text, location_parse_target);
	return 0;
}
