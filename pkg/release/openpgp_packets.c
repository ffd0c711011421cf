/* SPDX-License-Identifier: Apache-2.0 */
#include "release/openpgp_packets.h"

void openpgp_packet_release(struct openpgp_packet *packet)
{
	strbuf_release(&packet->body);
}

static int cut_off(struct error *err)
{
	return error_set(err, ERROR_INVALID, "is cut off");
}

static int read_byte(struct openpgp_reader *reader, uint8_t *byte, struct error *err)
{
	if (!reader->left)
		return cut_off(err);
	*byte = *reader->bytes++;
	reader->left--;
	return 0;
}

/* Most significant byte first. */
static int read_number(struct openpgp_reader *reader, unsigned n_bytes, size_t *number, struct error *err)
{
	uint32_t value = 0;
	uint8_t byte = 0;

	for (unsigned i = 0; i < n_bytes; i++) {
		if (read_byte(reader, &byte, err) < 0)
			return -1;
		value = value << 8 | byte;
	}
	*number = value;
	return 0;
}

static int take_body(struct openpgp_reader *reader, size_t length, struct strbuf *body, struct error *err)
{
	if (length > reader->left)
		return cut_off(err);
	strbuf_add(body, reader->bytes, length);
	reader->bytes += length;
	reader->left -= length;
	return 0;
}

/* RFC 4880 section 4.2.1. */
static int read_old_format(struct openpgp_reader *reader, uint8_t header, struct openpgp_packet *packet,
			   struct error *err)
{
	unsigned length_type = header & 3;
	size_t length = reader->left;

	packet->tag = header >> 2 & 15;
	if (length_type < 3 && read_number(reader, 1U << length_type, &length, err) < 0)
		return -1;
	if (length_type == 3 && packet->tag != OPENPGP_COMPRESSED)
		return error_set(err, ERROR_INVALID, "has a packet whose length is left open");
	return take_body(reader, length, &packet->body, err);
}

/* One length of section 4.2.2. */
static int read_new_length(struct openpgp_reader *reader, size_t *length, bool *is_partial, struct error *err)
{
	uint8_t first = 0, second = 0;

	*is_partial = false;
	if (read_byte(reader, &first, err) < 0)
		return -1;
	if (first == 255)
		return read_number(reader, 4, length, err);
	if (first >= 224) {
		*is_partial = true;
		*length = (size_t)1 << (first & 31);
		return 0;
	}
	*length = first;
	if (first < 192)
		return 0;
	if (read_byte(reader, &second, err) < 0)
		return -1;
	*length = (size_t)(first - 192) * 256 + second + 192;
	return 0;
}

static int read_new_format(struct openpgp_reader *reader, uint8_t header, struct openpgp_packet *packet,
			   struct error *err)
{
	bool is_partial;

	packet->tag = header & 63;
	do {
		size_t length = 0;
		if (read_new_length(reader, &length, &is_partial, err) < 0)
			return -1;
		if (is_partial && packet->tag != OPENPGP_LITERAL && packet->tag != OPENPGP_COMPRESSED)
			return error_set(err, ERROR_INVALID, "has a packet in parts that may not have any");
		if (take_body(reader, length, &packet->body, err) < 0)
			return -1;
	} while (is_partial);
	return 0;
}

int openpgp_packet_read(struct openpgp_reader *reader, struct openpgp_packet *packet, struct error *err)
{
	CLEANUP(openpgp_packet_release) struct openpgp_packet read = OPENPGP_PACKET_INIT;
	struct openpgp_reader at = *reader;
	uint8_t header = 0;

	if (read_byte(&at, &header, err) < 0)
		return -1;
	if (!(header & 0x80))
		return error_set(err, ERROR_INVALID, "is not an OpenPGP message");
	int result = header & 0x40 ? read_new_format(&at, header, &read, err)
				   : read_old_format(&at, header, &read, err);
	if (result < 0)
		return -1;
	*reader = at;
	*packet = read;
	read = (struct openpgp_packet)OPENPGP_PACKET_INIT;
	return 0;
}

void openpgp_packet_add(struct strbuf *out, const struct openpgp_packet *packet)
{
	size_t length = packet->body.len;

	strbuf_add_char(out, (char)(0xC0 | packet->tag));
	strbuf_add_char(out, (char)0xFF);
	for (unsigned shift = 32; shift; shift -= 8)
		strbuf_add_char(out, (char)(length >> (shift - 8)));
	strbuf_add(out, packet->body.buf, length);
}
