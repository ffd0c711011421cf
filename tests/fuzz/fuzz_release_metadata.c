/* SPDX-License-Identifier: Apache-2.0 */
/* release-metadata, and the order of the versions in it. The bytes are also read as the text of a payload. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "release/release.h"
#include "release/semver.h"

#define MAX_COMPARED 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

/* A total order: antisymmetric, transitive, and equal only what is equal. */
static void check_order(const char *a, const char *b, const char *c)
{
	int ab = semver_compare_items(&a, &b), bc = semver_compare_items(&b, &c);

	require(sign(ab) == -sign(semver_compare_items(&b, &a)));
	require((ab == 0) == !strcmp(a, b));
	if (ab <= 0 && bc <= 0)
		require(semver_compare_items(&a, &c) <= 0);
	require(!semver_is_valid(a) || semver_is_valid(b) || semver_compare(a, b) < 0);
}

static void check_versions(const struct strvec *versions)
{
	size_t count = versions->count < MAX_COMPARED ? versions->count : MAX_COMPARED;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			for (size_t k = 0; k < count; k++)
				check_order(versions->items[i], versions->items[j], versions->items[k]);
}

static void check_payload_text(const uint8_t *data, size_t size)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (release_payload_parse(&payload, data, size, &err) < 0) {
		require(err.code == ERROR_INVALID && !payload.version && !payload.keyrings.count);
		return;
	}
	release_payload_format(&payload, &text);
	release_payload_release(&payload);
	require(release_payload_parse(&payload, text.buf, text.len, &err) == 0);
	release_payload_format(&payload, &again);
	require(again.len == text.len && !memcmp(again.buf, text.buf, text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	check_payload_text(data, size);
	if (release_parse_metadata(&payload, data, size, &err) < 0) {
		require(err.code == ERROR_INVALID && !payload.previous.count);
		return 0;
	}
	check_versions(&payload.previous);
	return 0;
}
