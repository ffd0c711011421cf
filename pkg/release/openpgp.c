/* SPDX-License-Identifier: Apache-2.0 */
#include "release/openpgp.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "release/openpgp_packets.h"

#define OUTPUT_STEP ((size_t)16 << 10)

/* RFC 4880 section 9.3 */
enum {
	COMPRESSION_NONE = 0,
	COMPRESSION_ZIP = 1,
	COMPRESSION_ZLIB = 2,
	COMPRESSION_BZIP2 = 3,
};

/* What a signature says of itself, in front and behind. */
struct signature_kind {
	uint8_t type, hash, algorithm;
	bool has_key_id; /* where it can be read without more ado */
	uint8_t key_id[8];
};

void openpgp_message_release(struct openpgp_message *message)
{
	strbuf_release(&message->packets);
	strbuf_release(&message->literal);
}

static int refuse(struct error *err, const char *why)
{
	return error_set(err, ERROR_INVALID, "%s", why);
}

static int inflate_into(struct strbuf *out, z_stream *stream, struct error *err)
{
	int result = Z_OK;

	while (result == Z_OK) {
		if (out->len >= OPENPGP_MAX_CONTENT_SIZE)
			return refuse(err, "unpacks to more than 256 KiB, the limit of a signature");
		strbuf_grow(out, OUTPUT_STEP);
		stream->next_out = (unsigned char *)out->buf + out->len;
		stream->avail_out = OUTPUT_STEP;
		result = inflate(stream, Z_NO_FLUSH);
		strbuf_set_length(out, out->len + OUTPUT_STEP - stream->avail_out);
	}
	if (result != Z_STREAM_END)
		return refuse(err, "cannot be unpacked: its compressed data is damaged or cut off");
	if (stream->avail_in)
		return refuse(err, "has bytes behind its compressed data");
	return 0;
}

/* `window_bits` is negative for raw deflate (zlib.h, inflateInit2). */
static int inflate_all(struct strbuf *out, const char *bytes, size_t length, int window_bits,
		       struct error *err)
{
	z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (unsigned)length};

	if (inflateInit2(&stream, window_bits) != Z_OK)
		return refuse(err, "cannot be unpacked: zlib does not start");
	int result = inflate_into(out, &stream, err);
	inflateEnd(&stream);
	return result;
}

/* RFC 4880 section 5.6. */
static int unpack(struct strbuf *out, const struct strbuf *body, struct error *err)
{
	if (!body->len)
		return refuse(err, "has an empty compressed packet");
	const char *bytes = body->buf + 1;
	size_t length = body->len - 1;
	switch (body->buf[0]) {
	case COMPRESSION_NONE:
		strbuf_add(out, bytes, length);
		return 0;
	case COMPRESSION_ZIP:
		return inflate_all(out, bytes, length, -MAX_WBITS, err);
	case COMPRESSION_ZLIB:
		return inflate_all(out, bytes, length, MAX_WBITS, err);
	case COMPRESSION_BZIP2:
		return refuse(err, "is compressed with bzip2, which is not supported");
	default:
		return refuse(err, "is compressed in a way that is not known");
	}
}

static const char *explain_tag(unsigned tag)
{
	switch (tag) {
	case OPENPGP_ENCRYPTED_KEY:
	case OPENPGP_SYMMETRIC_KEY:
	case OPENPGP_ENCRYPTED:
	case OPENPGP_ENCRYPTED_PROTECTED:
		return "is encrypted";
	case OPENPGP_PUBLIC_KEY:
	case OPENPGP_SECRET_KEY:
		return "holds a key, not a signature";
	case OPENPGP_COMPRESSED:
		return "is compressed twice";
	case OPENPGP_ONE_PASS_SIGNATURE:
		return "has more than one signature";
	default:
		return NULL;
	}
}

/* The next packet, which must be of this kind. */
static int read_expected(struct openpgp_reader *reader, enum openpgp_tag tag, const char *otherwise,
			 struct openpgp_packet *packet, struct error *err)
{
	if (!reader->left)
		return refuse(err, otherwise);
	if (openpgp_packet_read(reader, packet, err) < 0)
		return -1;
	if (packet->tag == (unsigned)tag)
		return 0;
	const char *why = explain_tag(packet->tag);
	return refuse(err, why ? why : otherwise);
}

/* RFC 4880 section 9.4: SHA-2 only. Whoever can make collisions can have one text signed and show another. */
static int check_hash(uint8_t hash, struct error *err)
{
	switch (hash) {
	case 8:
	case 9:
	case 10:
	case 11:
		return 0;
	case 1:
		return refuse(err, "is signed with MD5, which is not safe");
	case 2:
		return refuse(err, "is signed with SHA-1, which is not safe");
	default:
		return error_set(err, ERROR_INVALID,
				 "is signed with hash algorithm %u, which is not supported", hash);
	}
}

/* RFC 4880 section 5.4. */
static int parse_one_pass(const struct strbuf *body, struct signature_kind *kind, struct error *err)
{
	if (body->len != 13 || body->buf[0] != 3)
		return refuse(err, "has a malformed one-pass signature packet");
	if (body->buf[12] != 1)
		return refuse(err, "has more than one signature");
	*kind = (struct signature_kind){
		.type = (uint8_t)body->buf[1],
		.hash = (uint8_t)body->buf[2],
		.algorithm = (uint8_t)body->buf[3],
		.has_key_id = true,
	};
	memcpy(kind->key_id, body->buf + 4, sizeof(kind->key_id));
	if (kind->type > 1)
		return refuse(err, "has a signature that is not one of a document");
	return check_hash(kind->hash, err);
}

/* RFC 4880 sections 5.2.2 and 5.2.3. What is in the subpackets of version 4 is left to GnuPG. */
static int parse_signature(const struct strbuf *body, struct signature_kind *kind, struct error *err)
{
	const char *bytes = body->buf;

	if (body->len < 19)
		return refuse(err, "has a signature packet that is cut off");
	if (bytes[0] == 4) {
		*kind = (struct signature_kind){
			.type = (uint8_t)bytes[1], .algorithm = (uint8_t)bytes[2], .hash = (uint8_t)bytes[3]};
		return 0;
	}
	if (bytes[0] != 3 || bytes[1] != 5)
		return refuse(err, "has a signature packet that is neither of version 3 nor 4");
	*kind = (struct signature_kind){.type = (uint8_t)bytes[2],
					.algorithm = (uint8_t)bytes[15],
					.hash = (uint8_t)bytes[16],
					.has_key_id = true};
	memcpy(kind->key_id, bytes + 7, sizeof(kind->key_id));
	return 0;
}

static int check_agreement(const struct strbuf *one_pass, const struct strbuf *signature, struct error *err)
{
	struct signature_kind in_front = {0}, behind = {0};

	if (parse_one_pass(one_pass, &in_front, err) < 0 || parse_signature(signature, &behind, err) < 0)
		return -1;
	if (in_front.type != behind.type || in_front.hash != behind.hash ||
	    in_front.algorithm != behind.algorithm ||
	    (behind.has_key_id && memcmp(in_front.key_id, behind.key_id, sizeof(behind.key_id)) != 0))
		return refuse(err, "has a signature that is not the one that was announced");
	return 0;
}

/* RFC 4880 section 5.9: format, length of a file name, the name, a date, the data. All but the data is not
 * signed, and GnuPG takes characters out of what claims to be text: the packet becomes one of plain bytes. */
static int take_literal(struct strbuf *literal, struct strbuf *body, struct error *err)
{
	static const char header[] = {'b', 0, 0, 0, 0, 0};
	size_t name_length = body->len > 1 ? (uint8_t)body->buf[1] : 0, start = 1 + 1 + name_length + 4;

	if (body->len < start)
		return refuse(err, "has a literal data packet that is cut off");
	if (!memchr("btu", body->buf[0], 3))
		return refuse(err, "has literal data of an unknown format");
	strbuf_add(literal, body->buf + start, body->len - start);
	strbuf_reset(body);
	strbuf_add(body, header, sizeof(header));
	strbuf_add(body, literal->buf, literal->len);
	return 0;
}

/* The three packets, and nothing behind them. */
static int parse_packets(struct openpgp_message *message, struct openpgp_reader *reader, struct error *err)
{
	CLEANUP(openpgp_packet_release) struct openpgp_packet one_pass = OPENPGP_PACKET_INIT;
	CLEANUP(openpgp_packet_release) struct openpgp_packet literal = OPENPGP_PACKET_INIT;
	CLEANUP(openpgp_packet_release) struct openpgp_packet signature = OPENPGP_PACKET_INIT;

	if (read_expected(reader, OPENPGP_ONE_PASS_SIGNATURE,
			  "does not begin with a one-pass signature packet: it is not a signed message",
			  &one_pass, err) < 0 ||
	    read_expected(reader, OPENPGP_LITERAL, "has no literal data behind the one-pass signature packet",
			  &literal, err) < 0 ||
	    read_expected(reader, OPENPGP_SIGNATURE, "has no signature behind its literal data", &signature,
			  err) < 0)
		return -1;
	if (reader->left)
		return refuse(err, "has something behind its signature");
	if (check_agreement(&one_pass.body, &signature.body, err) < 0 ||
	    take_literal(&message->literal, &literal.body, err) < 0)
		return -1;
	openpgp_packet_add(&message->packets, &one_pass);
	openpgp_packet_add(&message->packets, &literal);
	openpgp_packet_add(&message->packets, &signature);
	return 0;
}

/* Puts what is inside an outer compressed packet into `content` and lets the reader go on there. */
static int enter_compressed(struct openpgp_reader *reader, struct strbuf *content, struct error *err)
{
	CLEANUP(openpgp_packet_release) struct openpgp_packet packet = OPENPGP_PACKET_INIT;
	struct openpgp_reader after = *reader;

	if (openpgp_packet_read(&after, &packet, err) < 0)
		return -1;
	if (packet.tag != OPENPGP_COMPRESSED)
		return 0;
	if (after.left)
		return refuse(err, "has something behind its compressed packet");
	if (unpack(content, &packet.body, err) < 0)
		return -1;
	*reader = (struct openpgp_reader){(const uint8_t *)content->buf, content->len};
	return 0;
}

static int check_beginning(const char *bytes, size_t length, struct error *err)
{
	static const char armour[] = "-----BEGIN PGP";

	if (!length)
		return refuse(err, "is empty");
	if (length > OPENPGP_MAX_CONTENT_SIZE)
		return refuse(err, "is larger than 256 KiB, the limit of a signature");
	if (length >= strlen(armour) && !memcmp(bytes, armour, strlen(armour)))
		return refuse(err, "is ASCII-armoured; a signature is wanted in the binary form "
				   "(gpg --dearmor makes it)");
	if (bytes[0] == '<')
		return refuse(err, "is not an OpenPGP message: it looks like HTML or XML");
	return 0;
}

int openpgp_message_parse(struct openpgp_message *message, const void *bytes, size_t length,
			  struct error *err)
{
	CLEANUP(openpgp_message_release) struct openpgp_message parsed = OPENPGP_MESSAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct openpgp_reader reader = {bytes, length};

	if (check_beginning(bytes, length, err) < 0 || enter_compressed(&reader, &content, err) < 0 ||
	    parse_packets(&parsed, &reader, err) < 0)
		return -1;
	*message = parsed;
	parsed = (struct openpgp_message)OPENPGP_MESSAGE_INIT;
	return 0;
}
