/* SPDX-License-Identifier: Apache-2.0 */
/* Signature files: what is accepted fits into the limits, and what GnuPG would get means the same again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "release/openpgp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_equal(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && !memcmp(a->buf, b->buf, a->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(openpgp_message_release) struct openpgp_message message = OPENPGP_MESSAGE_INIT;
	CLEANUP(openpgp_message_release) struct openpgp_message again = OPENPGP_MESSAGE_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (openpgp_message_parse(&message, data, size, &err) < 0) {
		require(err.code == ERROR_INVALID && !message.packets.len && !message.literal.len);
		return 0;
	}
	/* One step of output, and headers of six bytes, beyond the limit. */
	require(message.packets.len <= OPENPGP_MAX_CONTENT_SIZE + 20000);
	if (message.packets.len > OPENPGP_MAX_CONTENT_SIZE)
		return 0;
	require(openpgp_message_parse(&again, message.packets.buf, message.packets.len, &err) == 0);
	require(is_equal(&message.literal, &again.literal) && is_equal(&message.packets, &again.packets));
	return 0;
}
