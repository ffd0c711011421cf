/* SPDX-License-Identifier: Apache-2.0 */
/* A registries.conf, and references looked up in it. */
#include "registry/registries_conf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/registries_conf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct registries_conf *conf, const char *text)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	CLEANUP(pull_sources_release) struct pull_sources sources = PULL_SOURCES_INIT;

	if (reference_parse(&reference, text, &err) < 0)
		return;
	if (registries_conf_sources(conf, &reference, &sources, &err) < 0) {
		if (!err.message || sources.count)
			abort();
		return;
	}
	if (!sources.count)
		abort();
	for (size_t i = 0; i < sources.count; i++) {
		CLEANUP(free_string) char *exact = reference_exact(&sources.items[i].reference);
		if (!*exact)
			abort();
	}
}

/* Every prefix and location is looked up as an image too. */
static void look_up_all(const struct registries_conf *conf)
{
	look_up(conf, "quay.io/openshift/release:v1");
	look_up(conf, "a.b.example.com:5000/x/y@sha256:"
		      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	for (size_t i = 0; i < conf->n_entries && i < 16; i++) {
		CLEANUP(free_string) char *of_prefix = xasprintf("%s/image:tag", conf->entries[i].prefix);
		CLEANUP(free_string) char *of_location = xasprintf("%s/image", conf->entries[i].location);

		look_up(conf, of_prefix);
		look_up(conf, of_location);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(registries_conf_file_release) struct registries_conf_file file = REGISTRIES_CONF_FILE_INIT;

	if (registries_conf_file_parse(&file, "fuzz", data, size, false, &err) < 0) {
		if (!err.message || file.n_entries)
			abort();
		return 0;
	}
	const struct registries_conf conf = {.entries = file.entries, .n_entries = file.n_entries};
	look_up_all(&conf);
	return 0;
}
