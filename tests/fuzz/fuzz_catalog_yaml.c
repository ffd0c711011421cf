/* SPDX-License-Identifier: Apache-2.0 */
/* YAML documents of a catalog: the same promises as for JSON, with aliases and merge keys. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/images.h"
#include "catalog/splitter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_splitter(const char *text, size_t size)
{
	struct splitter splitter = {.format = PIECE_YAML}, portions = {.format = PIECE_YAML};

	splitter_scan(&splitter, text, size);
	splitter_scan(&portions, text, size / 2);
	splitter_scan(&portions, text, size);
	require(splitter.boundary <= size && splitter.boundary == portions.boundary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	const char *text = (const char *)data;

	if (images_from_yaml(text, size, 1, &images, &err) < 0)
		require(err.code == ERROR_INVALID && !strncmp(err.message, "line ", 5));
	for (size_t i = 0; i < images.count; i++)
		require(*images.items[i]);
	check_splitter(text, size);
	return 0;
}
