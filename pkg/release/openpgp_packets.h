/* SPDX-License-Identifier: Apache-2.0 */
/* OpenPGP packets one after the other (RFC 4880 section 4). Private to this module. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

enum openpgp_tag {
	OPENPGP_ENCRYPTED_KEY = 1,
	OPENPGP_SIGNATURE = 2,
	OPENPGP_SYMMETRIC_KEY = 3,
	OPENPGP_ONE_PASS_SIGNATURE = 4,
	OPENPGP_SECRET_KEY = 5,
	OPENPGP_PUBLIC_KEY = 6,
	OPENPGP_COMPRESSED = 8,
	OPENPGP_ENCRYPTED = 9,
	OPENPGP_MARKER = 10,
	OPENPGP_LITERAL = 11,
	OPENPGP_ENCRYPTED_PROTECTED = 18,
};

struct openpgp_reader {
	const uint8_t *bytes; /* borrowed */
	size_t left;
};

struct openpgp_packet {
	unsigned tag;
	struct strbuf body; /* its parts put together */
};

#define OPENPGP_PACKET_INIT {.body = STRBUF_INIT}
void openpgp_packet_release(struct openpgp_packet *packet);

/* The next packet, into an empty one. Partial lengths are for literal and compressed data alone, a length
 * that is left open for compressed data alone. ERROR_INVALID, also when nothing is left. */
int openpgp_packet_read(struct openpgp_reader *reader, struct openpgp_packet *packet,
			struct error *err) MUST_CHECK;

/* Appends a packet with a header of the new format and of definite length. */
void openpgp_packet_add(struct strbuf *out, const struct openpgp_packet *packet);
