/* SPDX-License-Identifier: Apache-2.0 */
/* YAML documents of a catalog, with aliases and merge keys. */
#include "tests/fuzz/fuzz_catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_catalog_text((const char *)data, size, images_from_yaml,
			   (struct splitter){.format = PIECE_YAML});
	return 0;
}
