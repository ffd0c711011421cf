/* SPDX-License-Identifier: Apache-2.0 */
/* Digests: a text that is accepted is the one that the digest prints. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "digest/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(const char *text)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char printed[DIGEST_TEXT_SIZE];
	struct digest digest;

	if (digest_parse(&digest, text, &err) < 0)
		require(err.code == ERROR_INVALID);
	else
		require(!strcmp(digest_format(&digest, printed), text));
}

static void check_hex(const char *text)
{
	char printed[DIGEST_HEX_LENGTH + 1];
	struct digest digest;

	if (digest_parse_hex(&digest, text))
		require(!strcmp(digest_format_hex(&digest, printed), text));
}

/* In portions or at once: the same digest. */
static void check_hasher(const uint8_t *data, size_t size)
{
	CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
	struct digest whole, portions;

	digest_of(data, size, &whole);
	hasher_update(hasher, data, size / 3);
	hasher_update(hasher, data + size / 3, size - size / 3);
	hasher_finish(hasher, &portions);
	require(digest_equal(&whole, &portions) && digest_compare(&whole, &portions) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_memory) char *text = xcalloc(size + 1, 1);

	if (size)
		memcpy(text, data, size);
	check_text(text);
	check_hex(text);
	if (size)
		check_hasher(data, size);
	return 0;
}
