/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents of a catalog. */
#include "tests/fuzz/fuzz_catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_catalog_text((const char *)data, size, images_from_json,
			   (struct splitter){.format = PIECE_JSON});
	return 0;
}
