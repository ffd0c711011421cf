/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of an OpenPGP signed message (RFC 4880 section 11.3), read strictly before GnuPG sees any of it:
 * one one-pass signature packet, one literal data packet, one signature packet, in this order, perhaps inside
 * one compressed data packet, and nothing else. Two signatures, two messages, unsigned literal data,
 * encryption, padding, compression in compression, a bomb, a signature over SHA-1: none of them gets further.
 *
 * This decides nothing about who signed. Private to this module (and its fuzz target).
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

#define OPENPGP_MAX_CONTENT_SIZE ((size_t)256 << 10) /* after decompression */

struct openpgp_message {
	struct strbuf
		packets; /* the three packets, not compressed, each with a header of definite length; the
				* literal data without name and date, as bytes: that is not signed */
	struct strbuf literal; /* the bytes of the literal data */
};

#define OPENPGP_MESSAGE_INIT \
	{ \
		.packets = STRBUF_INIT, .literal = STRBUF_INIT \
	}
void openpgp_message_release(struct openpgp_message *message);

/* Old and new packet formats, partial lengths of literal and compressed data, a length left open of
 * compressed data; compression by ZIP, ZLIB or none; no ASCII armour. ERROR_INVALID in words for a person. */
int openpgp_message_parse(struct openpgp_message *message, const void *bytes, size_t length,
			  struct error *err) MUST_CHECK;
