/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"
#include "release/openpgp.h"
#include "tests/unit/release_signature_fixture.h"

static struct release_trust *usual_trust(void)
{
	return fixture_trust(fixture_key(0), &(struct fixture_certificate){0});
}

static int check(struct release_trust *trust, const struct strbuf *message,
		 struct release_signature *signature, struct error *err)
{
	struct digest digest = fixture_digest(FIXTURE_DIGEST);

	return release_signature_check(trust, &digest, message->buf, message->len, signature, err);
}

static void expect_good(struct release_trust *trust, const struct strbuf *message)
{
	CLEANUP(release_signature_release) struct release_signature signature = RELEASE_SIGNATURE_INIT;
	struct digest digest = fixture_digest(FIXTURE_DIGEST);
	struct error err = ERROR_INIT;

	EXPECT_OK(check(trust, message, &signature, &err), &err);
	EXPECT(digest_equal(&signature.digest, &digest));
	EXPECT_STRING(signature.signer, FIXTURE_USER_ID);
	EXPECT_STRING(signature.fingerprint, fixture_key(0)->fingerprint);
	EXPECT_STRING(signature.docker_reference, FIXTURE_REFERENCE);
	EXPECT(signature.created == FIXTURE_SIGNED);
	EXPECT(signature.message.len == message->len &&
	       !memcmp(signature.message.buf, message->buf, message->len));
	EXPECT(signature.place == NULL);
}

static void expect_bad(struct release_trust *trust, const struct strbuf *message, const char *why)
{
	CLEANUP(release_signature_release) struct release_signature signature = RELEASE_SIGNATURE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(check(trust, message, &signature, &err), &err, ERROR_DIGEST, why);
	EXPECT(!signature.signer && !signature.message.len);
}

TEST(a_valid_signature_in_every_form)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	static const struct fixture_message forms[] = {
		{.version = 3},
		{.version = 4},
		{.version = 3, .type = 1},
		{.version = 4, .type = 1, .literal_mode = 't'},
		{.version = 4, .hash = HASH_SHA512, .literal_mode = 'u'},
		{.version = 3, .other_format = FORMAT_NEW, .literal_format = FORMAT_NEW},
		{.version = 4, .other_format = FORMAT_NEW, .literal_format = FORMAT_PARTIAL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
		fixture_add_claims_message(&message, FIXTURE_DIGEST, forms[i]);
		expect_good(trust, &message);
	}
}

TEST(a_valid_signature_compressed_in_every_way)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();

	for (unsigned algorithm = 0; algorithm <= 2; algorithm++) {
		CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
		fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){.version = 3});
		fixture_compress(&message, algorithm, FORMAT_OLD + algorithm);
		expect_good(trust, &message);
	}
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){.version = 3});
	fixture_compress(&message, 1, FORMAT_OPEN);
	expect_good(trust, &message);
}

TEST(a_text_keeps_its_line_ends)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(strbuf_release) struct strbuf lines = STRBUF_INIT;
	CLEANUP(free_string) char *claims = fixture_claims(FIXTURE_DIGEST);

	for (const char *at = claims; *at; at++) {
		strbuf_add_char(&lines, *at);
		if (*at == ',')
			strbuf_add_string(&lines, "\r\n");
	}
	/* GnuPG would take the carriage returns out of literal data of the format 't'. */
	for (unsigned type = 0; type <= 1; type++) {
		CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
		fixture_add_message(&message, &(struct fixture_message){.key = fixture_key(0),
									.type = type,
									.text = lines.buf,
									.literal_mode = 't'});
		expect_good(trust, &message);
	}
}

TEST(the_signature_of_another_image_is_none)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;

	fixture_add_claims_message(&message, FIXTURE_OTHER_DIGEST, (struct fixture_message){0});
	expect_bad(trust, &message, "is a signature of another image, " FIXTURE_OTHER_DIGEST);
}

TEST(another_key_does_not_count)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;

	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){.key = fixture_key(1)});
	expect_bad(trust, &message, "signed by a key that is not trusted (key id ");
}

TEST(what_is_signed_must_be_a_claim)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;

	fixture_add_message(&message, &(struct fixture_message){.key = fixture_key(0), .text = "{}"});
	expect_bad(trust, &message, "the signed text: critical is missing");
}

TEST(names_are_escaped)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(release_signature_release) struct release_signature signature = RELEASE_SIGNATURE_INIT;
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	struct error err = ERROR_INIT;

	fixture_add_message(
		&message, &(struct fixture_message){
				  .key = fixture_key(0),
				  .text = "{\"critical\":{\"type\":\"atomic container signature\",\"image\":"
					  "{\"docker-manifest-digest\":\"" FIXTURE_DIGEST "\"},\"identity\":"
					  "{\"docker-reference\":\"a\\u001b[31m\"}}}"});
	EXPECT_OK(check(trust, &message, &signature, &err), &err);
	EXPECT_STRING(signature.docker_reference, "a\\x1b[31m");
}

TEST(what_is_too_large_is_not_looked_at)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;

	strbuf_grow(&message, RELEASE_MAX_SIGNATURE_SIZE + 1);
	memset(message.buf, 'x', RELEASE_MAX_SIGNATURE_SIZE + 1);
	strbuf_set_length(&message, RELEASE_MAX_SIGNATURE_SIZE + 1);
	expect_bad(trust, &message, "larger than 64 KiB");
	strbuf_reset(&message);
	expect_bad(trust, &message, "is empty");
}

static char *missing_path(void)
{
	return xasprintf("%s/missing", test_directory());
}

/* No --release-key; the system's file is `path`; the fixture's key 0 is the release key. */
static struct release_trust *system_trust(const char *path)
{
	struct release_trust *trust = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(release_trust_open(
			  &trust,
			  &(struct release_trust_options){.system_key_file = path,
							  .temporary_directory = test_directory(),
							  .release_fingerprint = fixture_key(0)->fingerprint},
			  &err),
		  &err);
	return trust;
}

static void add_armoured(struct strvec *list, const struct fixture_key *key)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	fixture_add_certificate(&bytes, key, &(struct fixture_certificate){0});
	fixture_add_armour(&text, "PUBLIC KEY BLOCK", &bytes);
	strvec_push(list, text.buf);
}

TEST(the_systems_key_counts_if_it_is_the_release_key)
{
	CLEANUP(free_string) char *path =
		fixture_write_key("system", fixture_key(0), &(struct fixture_certificate){0});
	CLEANUP(release_trust_freep) struct release_trust *trust = system_trust(path);
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;

	EXPECT(release_trust_has_key(trust));
	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){0});
	expect_good(trust, &message);
}

TEST(any_other_key_of_the_system_does_not_count)
{
	CLEANUP(free_string) char *path =
		fixture_write_key("system", fixture_key(1), &(struct fixture_certificate){0});
	CLEANUP(release_trust_freep) struct release_trust *trust = system_trust(path);
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;

	EXPECT(!release_trust_has_key(trust));
	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){.key = fixture_key(1)});
	expect_bad(trust, &message, "does not hold Red Hat's release key");
}

TEST(the_payloads_key_counts_if_it_is_the_release_key)
{
	CLEANUP(free_string) char *path = missing_path();
	CLEANUP(release_trust_freep) struct release_trust *trust = system_trust(path);
	CLEANUP(strvec_release) struct strvec keyrings = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf other = STRBUF_INIT;
	struct error err = ERROR_INIT;

	add_armoured(&keyrings, fixture_key(1));
	add_armoured(&keyrings, fixture_key(0));
	EXPECT(!release_trust_has_key(trust));
	EXPECT_OK(release_trust_add_payload_keys(trust, "the keys of x", &keyrings, &err), &err);
	EXPECT(release_trust_has_key(trust));
	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){0});
	expect_good(trust, &message);
	/* It is in the keyring, but does not count. */
	fixture_add_claims_message(&other, FIXTURE_DIGEST, (struct fixture_message){.key = fixture_key(1)});
	expect_bad(trust, &other, "signed by a key that is not trusted (");
}

TEST(both_armoured_keys_of_a_file_are_read)
{
	CLEANUP(strvec_release) struct strvec keyrings = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/two", test_directory());
	FILE *file = fopen(path, "w");

	add_armoured(&keyrings, fixture_key(1));
	add_armoured(&keyrings, fixture_key(0));
	EXPECT(file &&
	       fprintf(file, "pub 4096R\n\n%s\nThe other:\n%s", keyrings.items[0], keyrings.items[1]) > 0 &&
	       !fclose(file));
	CLEANUP(release_trust_freep) struct release_trust *trust = system_trust(path);
	EXPECT(release_trust_has_key(trust));
	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){0});
	expect_good(trust, &message);
}

TEST(when_there_is_no_key_the_message_names_every_place)
{
	CLEANUP(free_string) char *path = missing_path();
	CLEANUP(release_trust_freep) struct release_trust *trust = system_trust(path);
	CLEANUP(strvec_release) struct strvec keyrings = STRVEC_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(release_trust_no_key(trust, &err), &err, ERROR_DIGEST, "missing: no such file; name ");
	EXPECT_OK(release_trust_add_payload_keys(trust, "the keys of a\x1b", &keyrings, &err), &err);
	EXPECT_ERROR(release_trust_no_key(trust, &err), &err, ERROR_DIGEST,
		     "missing: no such file; the keys of a\\x1b: there are none; name ");
	strvec_push(&keyrings, "nonsense");
	EXPECT_OK(release_trust_add_payload_keys(trust, "the keys of b", &keyrings, &err), &err);
	EXPECT_ERROR(release_trust_no_key(trust, &err), &err, ERROR_DIGEST,
		     "the keys of b: holds no OpenPGP public key");
	EXPECT(!release_trust_has_key(trust));
}

static void expect_no_trust(const char *path, enum error_code code, const char *why)
{
	CLEANUP(strvec_release) struct strvec files = STRVEC_INIT;
	struct release_trust *trust = NULL;
	struct error err = ERROR_INIT;

	strvec_push(&files, path);
	EXPECT_ERROR(release_trust_open(&trust,
					&(struct release_trust_options){
						.key_files = &files, .temporary_directory = test_directory()},
					&err),
		     &err, code, why);
	EXPECT(trust == NULL);
}

TEST(a_key_file_that_cannot_be_used_is_an_error_at_once)
{
	CLEANUP(free_string) char *path = missing_path();

	expect_no_trust(path, ERROR_IO, "missing: no such file");
	expect_no_trust("/dev/null", ERROR_INVALID, "/dev/null: is empty");
	expect_no_trust("/proc/self/status", ERROR_INVALID, "holds no OpenPGP public key");
	expect_no_trust("/", ERROR_IO, "/: ");
}

TEST(the_named_keys_are_the_only_ones)
{
	CLEANUP(free_string) char *system =
		fixture_write_key("system", fixture_key(0), &(struct fixture_certificate){0});
	CLEANUP(free_string) char *own =
		fixture_write_key("own", fixture_key(1), &(struct fixture_certificate){0});
	CLEANUP(strvec_release) struct strvec files = STRVEC_INIT;
	CLEANUP(release_trust_freep) struct release_trust *trust = NULL;
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	struct error err = ERROR_INIT;

	strvec_push(&files, own);
	EXPECT_OK(release_trust_open(
			  &trust,
			  &(struct release_trust_options){.key_files = &files,
							  .system_key_file = system,
							  .temporary_directory = test_directory(),
							  .release_fingerprint = fixture_key(0)->fingerprint},
			  &err),
		  &err);
	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){0});
	expect_bad(trust, &message, "signed by a key that is not trusted");
}

static void expect_same_text(const struct strbuf *changed, const struct strbuf *message)
{
	CLEANUP(openpgp_message_release) struct openpgp_message a = OPENPGP_MESSAGE_INIT;
	CLEANUP(openpgp_message_release) struct openpgp_message b = OPENPGP_MESSAGE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(openpgp_message_parse(&a, changed->buf, changed->len, &err), &err);
	EXPECT_OK(openpgp_message_parse(&b, message->buf, message->len, &err), &err);
	EXPECT(a.literal.len == b.literal.len && !memcmp(a.literal.buf, b.literal.buf, a.literal.len));
}

static size_t change_every_byte(struct release_trust *trust, const struct strbuf *message, unsigned char mask)
{
	CLEANUP(strbuf_release) struct strbuf changed = STRBUF_INIT;
	size_t n_accepted = 0;

	for (size_t i = 0; i < message->len; i++) {
		CLEANUP(release_signature_release) struct release_signature signature =
			RELEASE_SIGNATURE_INIT;
		struct error err = ERROR_INIT;
		strbuf_reset(&changed);
		strbuf_add(&changed, message->buf, message->len);
		changed.buf[i] = (char)(changed.buf[i] ^ mask);
		if (check(trust, &changed, &signature, &err) < 0) {
			EXPECT(error_is(&err, ERROR_DIGEST));
			error_clear(&err);
			continue;
		}
		n_accepted++;
		expect_same_text(&changed, message);
		EXPECT_STRING(signature.fingerprint, fixture_key(0)->fingerprint);
		EXPECT_STRING(signature.docker_reference, FIXTURE_REFERENCE);
	}
	return n_accepted;
}

static void expect_changes_found(unsigned version, bool is_compressed)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = usual_trust();
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	uint64_t start_ms = clock_milliseconds();

	fixture_add_claims_message(&message, FIXTURE_DIGEST, (struct fixture_message){.version = version});
	if (is_compressed)
		fixture_compress(&message, 1, FORMAT_OPEN);
	size_t n_accepted =
		change_every_byte(trust, &message, 0xFF) + change_every_byte(trust, &message, 0x01);
	printf("# %zu of %zu changes do not matter; %.1f s\n", n_accepted, 2 * message.len,
	       (double)(clock_milliseconds() - start_ms) / 1000);
	/* Name and date of the literal data are not signed; nor is all that is packed around the packets. */
	EXPECT(n_accepted < 40);
}

TEST(every_changed_byte_of_a_compressed_message_matters_or_changes_nothing)
{
	expect_changes_found(3, true);
}

TEST(every_changed_byte_of_a_plain_message_matters_or_changes_nothing)
{
	expect_changes_found(4, false);
}
