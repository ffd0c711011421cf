/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for the documents of a catalog, JSON or YAML: no image is empty, errors have lines, where
 * documents are cut does not depend on the portions in which they come. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/images.h"
#include "catalog/splitter.h"

typedef int images_parser(const char *text, size_t length, uint64_t first_line, struct strvec *images,
			  struct error *err);

static inline void require(bool condition)
{
	if (!condition)
		abort();
}

static inline void check_catalog_text(const char *text, size_t size, images_parser *parse,
				      struct splitter prototype)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	struct splitter splitter = prototype, portions = prototype;

	if (parse(text, size, 1, &images, &err) < 0)
		require(err.code == ERROR_INVALID && !strncmp(err.message, "line ", 5));
	for (size_t i = 0; i < images.count; i++)
		require(*images.items[i]);
	splitter_scan(&splitter, text, size);
	splitter_scan(&portions, text, size / 2);
	splitter_scan(&portions, text, size);
	require(splitter.boundary <= size && splitter.boundary == portions.boundary);
}
