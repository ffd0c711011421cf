/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name for bytes: the sha256 digest of OCI content, as a value.
 *
 * Text form "sha256:" and 64 lower-case hexadecimal digits (OCI image-spec, descriptor.md,
 * "Digests"); nothing else is accepted, so that a parsed digest can always be put into a path or
 * a URL. References may name sha512 digests (oci/reference.h); content with such a name is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX_LENGTH 64
#define DIGEST_TEXT_SIZE (7 + DIGEST_HEX_LENGTH + 1)

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

/* ERROR_INVALID if text is anything else than a sha256 digest; the message shows it escaped. */
int digest_parse(struct digest *digest, const char *text, struct error *err) MUST_CHECK;
/* Exactly 64 lower-case hexadecimal digits, nothing after them. */
bool digest_parse_hex(struct digest *digest, const char *hex);

/* "sha256:...", and the 64 digits alone; both write a NUL and return `out`. */
const char *digest_format(const struct digest *digest, char out[DIGEST_TEXT_SIZE]);
const char *digest_format_hex(const struct digest *digest, char out[DIGEST_HEX_LENGTH + 1]);

bool digest_equal(const struct digest *a, const struct digest *b);
/* Like memcmp: the order of the text forms. */
int digest_compare(const struct digest *a, const struct digest *b);

/* Of bytes in memory. */
void digest_of(const void *data, size_t length, struct digest *digest);

/* Computes a digest while bytes go by. */
struct hasher;
struct hasher *hasher_new(void);
void hasher_free(struct hasher *hasher);
void hasher_freep(struct hasher **hasher);
void hasher_reset(struct hasher *hasher);
void hasher_update(struct hasher *hasher, const void *data, size_t length);
/* The digest of all bytes so far; the hasher must be reset before it is used again. */
void hasher_finish(struct hasher *hasher, struct digest *digest);
/*
 * The intermediate state of SHA-256 (FIPS 180-4, 6.2: the eight words of H, big-endian) after the bytes
 * so far, whose number must be a multiple of 64; and a hasher that goes on from such a state after
 * `length` bytes. A list of states makes every part of a large blob checkable by itself, at no cost
 * while the blob is hashed.
 */
#define HASHER_BLOCK_SIZE 64
void hasher_state(const struct hasher *hasher, uint8_t state[DIGEST_SIZE]);
void hasher_resume(struct hasher *hasher, const uint8_t state[DIGEST_SIZE], uint64_t length);
