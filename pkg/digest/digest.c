/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/digest.h"

/* The low-level interface, since only it knows intermediate states. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <assert.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char prefix[] = "sha256:";

static int hex_value(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	return -1;
}

bool digest_parse_hex(struct digest *digest, const char *hex)
{
	struct digest parsed;

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = hex_value(hex[2 * i]);
		int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);

		if (low < 0)
			return false;
		parsed.bytes[i] = (uint8_t)(high << 4 | low);
	}
	if (hex[DIGEST_HEX_LENGTH])
		return false;
	*digest = parsed;
	return true;
}

int digest_parse(struct digest *digest, const char *text, struct error *err)
{
	if (text_starts_with(text, prefix) && digest_parse_hex(digest, text + strlen(prefix)))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(text);
	return error_set(err, ERROR_INVALID,
			 "'%s' is not a digest (sha256: and 64 lower-case hexadecimal digits)", shown);
}

const char *digest_format_hex(const struct digest *digest, char out[DIGEST_HEX_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		out[2 * i] = digits[digest->bytes[i] >> 4];
		out[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	out[DIGEST_HEX_LENGTH] = '\0';
	return out;
}

const char *digest_format(const struct digest *digest, char out[DIGEST_TEXT_SIZE])
{
	memcpy(out, prefix, strlen(prefix));
	digest_format_hex(digest, out + strlen(prefix));
	return out;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return !memcmp(a->bytes, b->bytes, DIGEST_SIZE);
}

int digest_compare(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_SIZE);
}

struct hasher {
	SHA256_CTX context;
};

struct hasher *hasher_new(void)
{
	struct hasher *hasher = xcalloc(1, sizeof(*hasher));

	hasher_reset(hasher);
	return hasher;
}

void hasher_free(struct hasher *hasher)
{
	free(hasher);
}

void hasher_freep(struct hasher **hasher)
{
	hasher_free(*hasher);
}

void hasher_reset(struct hasher *hasher)
{
	SHA256_Init(&hasher->context);
}

void hasher_update(struct hasher *hasher, const void *data, size_t length)
{
	SHA256_Update(&hasher->context, data, length);
}

void hasher_finish(struct hasher *hasher, struct digest *digest)
{
	SHA256_Final(digest->bytes, &hasher->context);
}

void hasher_state(const struct hasher *hasher, uint8_t state[DIGEST_SIZE])
{
	assert(hasher->context.num == 0);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		state[i] = (uint8_t)(hasher->context.h[i / 4] >> (24 - 8 * (i % 4)));
}

void hasher_resume(struct hasher *hasher, const uint8_t state[DIGEST_SIZE], uint64_t length)
{
	assert(length % HASHER_BLOCK_SIZE == 0);
	SHA256_Init(&hasher->context);
	for (size_t i = 0; i < DIGEST_SIZE / 4; i++)
		hasher->context.h[i] = (SHA_LONG)state[4 * i] << 24 | (SHA_LONG)state[4 * i + 1] << 16 |
				       (SHA_LONG)state[4 * i + 2] << 8 | state[4 * i + 3];
	/* The length is kept in bits, in two words. */
	hasher->context.Nl = (SHA_LONG)(length << 3);
	hasher->context.Nh = (SHA_LONG)(length >> 29);
}

void digest_of(const void *data, size_t length, struct digest *digest)
{
	struct hasher hasher = {0};

	hasher_reset(&hasher);
	hasher_update(&hasher, data, length);
	hasher_finish(&hasher, digest);
}
