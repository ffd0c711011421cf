/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests where update keys are looked for: texts come out, or an error, never something of both. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "release/update_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strvec_release) struct strvec keyrings = STRVEC_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	bool is_found = false;

	if (update_keys_parse(data, size, &keyrings, &is_found, &err) < 0) {
		require(err.code == ERROR_INVALID && !is_found && !keyrings.count);
		return 0;
	}
	require(is_found || !keyrings.count);
	for (size_t i = 0; i < keyrings.count; i++)
		require(strlen(keyrings.items[i]) <= size * 3);
	return 0;
}
