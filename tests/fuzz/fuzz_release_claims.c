/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of a signature: what is accepted has what it must have, and its digest stands in the text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "release/claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(release_claims_release) struct release_claims claims = RELEASE_CLAIMS_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char text[DIGEST_TEXT_SIZE];

	if (release_claims_parse(&claims, data, size, &err) < 0) {
		require(err.code == ERROR_INVALID && !claims.docker_reference);
		return 0;
	}
	require(claims.docker_reference && *claims.docker_reference && err.code == ERROR_NONE);
	/* Escapes (\u0073ha256) are the only other way to write it. */
	digest_format(&claims.digest, text);
	require(memmem(data, size, text, strlen(text)) || memchr(data, '\\', size));
	return 0;
}
