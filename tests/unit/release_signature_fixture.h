/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenPGP keys and signed messages (RFC 4880), made with OpenSSL: no secret key ever gets to GnuPG, so no
 * agent is needed. Keys are RSA-2048, made once a process.
 */
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "digest/digest.h"
#include "release/signature.h"
#include "tests/tap.h"

#define FIXTURE_KEY_CREATED 1500000000u
#define FIXTURE_SIGNED 1600000000u
#define FIXTURE_USER_ID "Release Tester <tester@example.com>"
#define FIXTURE_REFERENCE "registry.example/release:1.2.3-x86_64"
#define FIXTURE_DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define FIXTURE_OTHER_DIGEST "sha256:2222222222222222222222222222222222222222222222222222222222222222"

struct fixture_key {
	EVP_PKEY *pkey;
	struct strbuf body; /* of the public key packet */
	unsigned char id[20];
	char fingerprint[41];
};

enum fixture_format {
	FORMAT_OLD,
	FORMAT_NEW,
	FORMAT_PARTIAL, /* literal and compressed data only */
	FORMAT_OPEN,    /* compressed data only: the length is left open */
};

enum fixture_hash { HASH_MD5 = 1, HASH_SHA1 = 2, HASH_SHA256 = 8, HASH_SHA512 = 10 };

struct fixture_certificate {
	unsigned expires_after; /* seconds after its creation; 0: never */
	bool is_revoked;
	unsigned flags; /* 0: certify and sign */
};

struct fixture_message {
	const struct fixture_key *key;
	unsigned version; /* 0: 4 */
	unsigned type;    /* 0: binary, 1: text */
	unsigned hash;    /* 0: SHA-256 */
	unsigned expires_after;
	const char *text;
	enum fixture_format literal_format, other_format;
	char literal_mode; /* 0: 'b' */
	bool is_not_last;  /* the one-pass packet announces another signature */
};

static inline void fixture_add_number(struct strbuf *out, unsigned long number, unsigned n_bytes)
{
	while (n_bytes--)
		strbuf_add_char(out, (char)(number >> (8 * n_bytes)));
}

static inline void fixture_add_mpi(struct strbuf *out, const unsigned char *bytes, size_t length)
{
	while (length && !*bytes) {
		bytes++;
		length--;
	}
	unsigned bits = 8 * (unsigned)length;
	for (unsigned char top = length ? *bytes : 0x80; !(top & 0x80); top = (unsigned char)(top << 1))
		bits--;
	fixture_add_number(out, bits, 2);
	strbuf_add(out, bytes, length);
}

static inline void fixture_add_parameter(struct strbuf *out, EVP_PKEY *pkey, const char *name)
{
	unsigned char bytes[512];
	BIGNUM *number = NULL;

	if (!EVP_PKEY_get_bn_param(pkey, name, &number))
		abort();
	int length = BN_bn2bin(number, bytes);
	fixture_add_mpi(out, bytes, (size_t)length);
	BN_free(number);
}

static inline void fixture_make_key(struct fixture_key *key)
{
	CLEANUP(strbuf_release) struct strbuf hashed = STRBUF_INIT;
	unsigned length;

	key->body = (struct strbuf)STRBUF_INIT;
	key->pkey = EVP_RSA_gen(2048);
	if (!key->pkey)
		abort();
	fixture_add_number(&key->body, 4, 1);
	fixture_add_number(&key->body, FIXTURE_KEY_CREATED, 4);
	fixture_add_number(&key->body, 1, 1);
	fixture_add_parameter(&key->body, key->pkey, OSSL_PKEY_PARAM_RSA_N);
	fixture_add_parameter(&key->body, key->pkey, OSSL_PKEY_PARAM_RSA_E);
	fixture_add_number(&hashed, 0x99, 1);
	fixture_add_number(&hashed, key->body.len, 2);
	strbuf_add(&hashed, key->body.buf, key->body.len);
	if (!EVP_Digest(hashed.buf, hashed.len, key->id, &length, EVP_sha1(), NULL))
		abort();
	for (size_t i = 0; i < sizeof(key->id); i++)
		snprintf(key->fingerprint + 2 * i, 3, "%02X", key->id[i]);
}

/* Key 0 or 1. */
static inline const struct fixture_key *fixture_key(unsigned number)
{
	static struct fixture_key keys[2];

	if (!keys[number].pkey)
		fixture_make_key(&keys[number]);
	return &keys[number];
}

static inline size_t fixture_add_new_length(struct strbuf *out, size_t length)
{
	if (length < 192)
		fixture_add_number(out, length, 1);
	else if (length < 8384)
		fixture_add_number(out, length - 192 + (192 << 8), 2);
	else
		fixture_add_number(out, 0xFF00000000ul | length, 5);
	return length;
}

static inline void fixture_add_packet(struct strbuf *out, unsigned tag, const struct strbuf *body,
				      enum fixture_format format)
{
	const char *at = body->buf;
	size_t left = body->len;

	if (format == FORMAT_OPEN) {
		fixture_add_number(out, 0x80 | tag << 2 | 3, 1);
	} else if (format == FORMAT_OLD) {
		fixture_add_number(out, 0x80 | tag << 2 | 2, 1);
		fixture_add_number(out, left, 4);
	} else {
		fixture_add_number(out, 0xC0 | tag, 1);
		while (format == FORMAT_PARTIAL && left > 32) {
			fixture_add_number(out, 224 + 5, 1);
			strbuf_add(out, at, 32);
			at += 32;
			left -= 32;
		}
		fixture_add_new_length(out, left);
	}
	strbuf_add(out, at, left);
}

static inline const EVP_MD *fixture_md(unsigned hash)
{
	return hash == HASH_MD5      ? EVP_md5()
	       : hash == HASH_SHA1   ? EVP_sha1()
	       : hash == HASH_SHA512 ? EVP_sha512()
				     : EVP_sha256();
}

/* Left 16 bits of the hash, and the signature as a number. */
static inline void fixture_sign(struct strbuf *out, const struct fixture_key *key, unsigned hash,
				const struct strbuf *hashed)
{
	unsigned char value[EVP_MAX_MD_SIZE], signature[512];
	unsigned value_length;
	size_t length = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || !EVP_Digest(hashed->buf, hashed->len, value, &value_length, fixture_md(hash), NULL) ||
	    EVP_DigestSignInit(context, NULL, fixture_md(hash), NULL, key->pkey) != 1 ||
	    EVP_DigestSign(context, signature, &length, (const unsigned char *)hashed->buf, hashed->len) != 1)
		abort();
	EVP_MD_CTX_free(context);
	strbuf_add(out, value, 2);
	fixture_add_mpi(out, signature, length);
}

static inline void fixture_add_subpacket(struct strbuf *out, unsigned type, unsigned long number,
					 unsigned n_bytes)
{
	fixture_add_number(out, n_bytes + 1, 1);
	fixture_add_number(out, type, 1);
	fixture_add_number(out, number, n_bytes);
}

/* RFC 4880 section 5.2.4: hashes `data` with the trailer; the body of a version 4 signature packet. */
static inline void fixture_sign_v4(struct strbuf *body, const struct fixture_key *key, unsigned type,
				   unsigned hash, const struct strbuf *data, const struct strbuf *subpackets)
{
	CLEANUP(strbuf_release) struct strbuf hashed = STRBUF_INIT;

	fixture_add_number(body, 4, 1);
	fixture_add_number(body, type, 1);
	fixture_add_number(body, 1, 1);
	fixture_add_number(body, hash, 1);
	fixture_add_number(body, subpackets->len, 2);
	strbuf_add(body, subpackets->buf, subpackets->len);
	strbuf_add(&hashed, data->buf, data->len);
	strbuf_add(&hashed, body->buf, body->len);
	fixture_add_number(&hashed, 0x04FF, 2);
	fixture_add_number(&hashed, body->len, 4);
	/* not hashed: issuer */
	fixture_add_number(body, 10, 2);
	fixture_add_number(body, 9, 1);
	fixture_add_number(body, 16, 1);
	strbuf_add(body, key->id + 12, 8);
	fixture_sign(body, key, hash, &hashed);
}

static inline void fixture_sign_v3(struct strbuf *body, const struct fixture_key *key, unsigned type,
				   unsigned hash, const struct strbuf *data)
{
	CLEANUP(strbuf_release) struct strbuf hashed = STRBUF_INIT;

	strbuf_add(&hashed, data->buf, data->len);
	fixture_add_number(&hashed, type, 1);
	fixture_add_number(&hashed, FIXTURE_SIGNED, 4);
	fixture_add_number(body, 0x0305, 2);
	fixture_add_number(body, type, 1);
	fixture_add_number(body, FIXTURE_SIGNED, 4);
	strbuf_add(body, key->id + 12, 8);
	fixture_add_number(body, 1, 1);
	fixture_add_number(body, hash, 1);
	fixture_sign(body, key, hash, &hashed);
}

static inline void fixture_hash_key(struct strbuf *out, const struct fixture_key *key)
{
	fixture_add_number(out, 0x99, 1);
	fixture_add_number(out, key->body.len, 2);
	strbuf_add(out, key->body.buf, key->body.len);
}

/* The public key, perhaps its revocation, a user id and its self-signature. */
static inline void fixture_add_certificate(struct strbuf *out, const struct fixture_key *key,
					   const struct fixture_certificate *certificate)
{
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf subpackets = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf user_id = STRBUF_INIT;

	fixture_add_packet(out, 6, &key->body, FORMAT_OLD);
	fixture_hash_key(&data, key);
	fixture_add_subpacket(&subpackets, 2, FIXTURE_KEY_CREATED + 10, 4);
	if (certificate->is_revoked) {
		fixture_sign_v4(&body, key, 0x20, HASH_SHA256, &data, &subpackets);
		fixture_add_packet(out, 2, &body, FORMAT_OLD);
		strbuf_reset(&body);
	}
	strbuf_add_string(&user_id, FIXTURE_USER_ID);
	fixture_add_packet(out, 13, &user_id, FORMAT_OLD);
	fixture_add_number(&data, 0xB4, 1);
	fixture_add_number(&data, user_id.len, 4);
	strbuf_add(&data, user_id.buf, user_id.len);
	fixture_add_subpacket(&subpackets, 27, certificate->flags ? certificate->flags : 3, 1);
	if (certificate->expires_after)
		fixture_add_subpacket(&subpackets, 9, certificate->expires_after, 4);
	fixture_sign_v4(&body, key, 0x13, HASH_SHA256, &data, &subpackets);
	fixture_add_packet(out, 2, &body, FORMAT_OLD);
}

/* "\n" -> "\r\n" (RFC 4880 section 5.2.4, text documents). */
static inline void fixture_add_canonical(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n' && (!out->len || out->buf[out->len - 1] != '\r'))
			strbuf_add_char(out, '\r');
		strbuf_add_char(out, *text);
	}
}

static inline void fixture_add_one_pass(struct strbuf *out, const struct fixture_message *message)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;

	fixture_add_number(&body, 3, 1);
	fixture_add_number(&body, message->type, 1);
	fixture_add_number(&body, message->hash ? message->hash : HASH_SHA256, 1);
	fixture_add_number(&body, 1, 1);
	strbuf_add(&body, message->key->id + 12, 8);
	fixture_add_number(&body, !message->is_not_last, 1);
	fixture_add_packet(out, 4, &body, message->other_format);
}

static inline void fixture_add_literal(struct strbuf *out, const struct fixture_message *message)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;

	strbuf_add_char(&body, message->literal_mode ? message->literal_mode : 'b');
	strbuf_add(&body, "\004name", 5);
	fixture_add_number(&body, FIXTURE_SIGNED, 4);
	strbuf_add_string(&body, message->text);
	fixture_add_packet(out, 11, &body, message->literal_format);
}

static inline void fixture_add_signature(struct strbuf *out, const struct fixture_message *message)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf subpackets = STRBUF_INIT;
	unsigned hash = message->hash ? message->hash : HASH_SHA256;

	if (message->type == 1)
		fixture_add_canonical(&data, message->text);
	else
		strbuf_add_string(&data, message->text);
	fixture_add_subpacket(&subpackets, 2, FIXTURE_SIGNED, 4);
	if (message->expires_after)
		fixture_add_subpacket(&subpackets, 3, message->expires_after, 4);
	if (message->version == 3)
		fixture_sign_v3(&body, message->key, message->type, hash, &data);
	else
		fixture_sign_v4(&body, message->key, message->type, hash, &data, &subpackets);
	fixture_add_packet(out, 2, &body, message->other_format);
}

static inline void fixture_add_message(struct strbuf *out, const struct fixture_message *message)
{
	fixture_add_one_pass(out, message);
	fixture_add_literal(out, message);
	fixture_add_signature(out, message);
}

/* `algorithm`: 0 none, 1 ZIP, 2 ZLIB, others: as none. Replaces the content. */
static inline void fixture_compress(struct strbuf *content, unsigned algorithm, enum fixture_format format)
{
	CLEANUP(strbuf_release) struct strbuf body = STRBUF_INIT;
	z_stream stream = {.next_in = (unsigned char *)content->buf, .avail_in = (unsigned)content->len};

	fixture_add_number(&body, algorithm, 1);
	if (algorithm != 1 && algorithm != 2) {
		strbuf_add(&body, content->buf, content->len);
	} else {
		if (deflateInit2(&stream, 6, Z_DEFLATED, algorithm == 1 ? -MAX_WBITS : MAX_WBITS, 8,
				 Z_DEFAULT_STRATEGY) != Z_OK)
			abort();
		size_t bound = deflateBound(&stream, content->len);
		strbuf_grow(&body, bound);
		stream.next_out = (unsigned char *)body.buf + 1;
		stream.avail_out = (unsigned)bound;
		if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
			abort();
		strbuf_set_length(&body, 1 + stream.total_out);
		deflateEnd(&stream);
	}
	strbuf_reset(content);
	fixture_add_packet(content, 8, &body, format);
}

static inline char *fixture_claims(const char *digest)
{
	return xasprintf("{\"critical\":{\"type\":\"atomic container signature\",\"image\":"
			 "{\"docker-manifest-digest\":\"%s\"},\"identity\":{\"docker-reference\":\"%s\"}},"
			 "\"optional\":{\"creator\":\"tests\",\"timestamp\":1483228800}}",
			 digest, FIXTURE_REFERENCE);
}

static inline struct digest fixture_digest(const char *text)
{
	struct digest digest = {0};
	struct error err = ERROR_INIT;

	EXPECT_OK(digest_parse(&digest, text, &err), &err);
	return digest;
}

/* A message over the claims of a digest; what is not set is the usual. */
static inline void fixture_add_claims_message(struct strbuf *out, const char *digest,
					      struct fixture_message message)
{
	CLEANUP(free_string) char *claims = fixture_claims(digest);

	if (!message.key)
		message.key = fixture_key(0);
	message.text = claims;
	fixture_add_message(out, &message);
}

/* RFC 4880 section 6.1. */
static inline unsigned fixture_checksum(const struct strbuf *bytes)
{
	unsigned checksum = 0xB704CE;

	for (size_t i = 0; i < bytes->len; i++) {
		checksum ^= (unsigned)(unsigned char)bytes->buf[i] << 16;
		for (int bit = 0; bit < 8; bit++) {
			checksum <<= 1;
			if (checksum & 0x1000000)
				checksum ^= 0x1864CFB;
		}
	}
	return checksum;
}

/* "PUBLIC KEY BLOCK" or "MESSAGE" (section 6.2). */
static inline void fixture_add_armour(struct strbuf *out, const char *kind, const struct strbuf *bytes)
{
	CLEANUP(free_memory) char *base64 = xmalloc(4 * (bytes->len / 3 + 1) + 1);
	CLEANUP(strbuf_release) struct strbuf checksum = STRBUF_INIT;
	char checksum_base64[8];

	EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)bytes->buf, (int)bytes->len);
	fixture_add_number(&checksum, fixture_checksum(bytes), 3);
	EVP_EncodeBlock((unsigned char *)checksum_base64, (const unsigned char *)checksum.buf, 3);
	strbuf_addf(out, "-----BEGIN PGP %s-----\n\n", kind);
	for (const char *at = base64; *at; at += strnlen(at, 64))
		strbuf_addf(out, "%.64s\n", at);
	strbuf_addf(out, "=%s\n-----END PGP %s-----\n", checksum_base64, kind);
}

/* Writes a certificate of the key into a file of the test's directory. The caller frees the path. */
static inline char *fixture_write_key(const char *name, const struct fixture_key *key,
				      const struct fixture_certificate *certificate)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	char *path = xasprintf("%s/%s", test_directory(), name);
	FILE *file = fopen(path, "w");

	fixture_add_certificate(&bytes, key, certificate);
	if (!file || fwrite(bytes.buf, 1, bytes.len, file) != bytes.len || fclose(file))
		abort();
	return path;
}

/* Every key of the file counts. */
static inline struct release_trust *fixture_trust_file(const char *path)
{
	CLEANUP(strvec_release) struct strvec files = STRVEC_INIT;
	struct release_trust *trust = NULL;
	struct error err = ERROR_INIT;

	strvec_push(&files, path);
	EXPECT_OK(release_trust_open(&trust,
				     &(struct release_trust_options){.key_files = &files,
								     .temporary_directory = test_directory()},
				     &err),
		  &err);
	return trust;
}

static inline struct release_trust *fixture_trust(const struct fixture_key *key,
						  const struct fixture_certificate *certificate)
{
	CLEANUP(free_string) char *path = fixture_write_key("key.gpg", key, certificate);

	return fixture_trust_file(path);
}
