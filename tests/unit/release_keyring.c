/* SPDX-License-Identifier: Apache-2.0 */
#include "release/keyring.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/parallel.h"
#include "tests/unit/release_signature_fixture.h"

#define TEXT "what is signed\n"

static struct keyring *open_keyring(void)
{
	struct keyring *keyring = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(keyring_open(&keyring, test_directory(), &err), &err);
	return keyring;
}

static void add(struct keyring *keyring, const struct fixture_key *key,
		const struct fixture_certificate *certificate, const char *fingerprint, size_t want_counting)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	size_t n_counting = 99;

	fixture_add_certificate(&bytes, key, certificate);
	EXPECT_OK(keyring_add(keyring, "key", bytes.buf, bytes.len, fingerprint, &n_counting, &err), &err);
	EXPECT(n_counting == want_counting);
}

static struct keyring *keyring_of(const struct fixture_certificate *certificate)
{
	struct keyring *keyring = open_keyring();

	add(keyring, fixture_key(0), certificate, NULL, 1);
	return keyring;
}

static int verify(struct keyring *keyring, struct fixture_message message, struct keyring_signer *signer,
		  struct strbuf *plaintext, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (!message.key)
		message.key = fixture_key(0);
	if (!message.text)
		message.text = TEXT;
	fixture_add_message(&bytes, &message);
	return keyring_verify(keyring, bytes.buf, bytes.len, signer, plaintext, err);
}

static void expect_good(struct keyring *keyring, struct fixture_message message, bool is_key_expired)
{
	CLEANUP(keyring_signer_release) struct keyring_signer signer = {0};
	CLEANUP(strbuf_release) struct strbuf plaintext = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(verify(keyring, message, &signer, &plaintext, &err), &err);
	EXPECT_STRING(signer.user_id, FIXTURE_USER_ID);
	EXPECT_STRING(signer.fingerprint, (message.key ? message.key : fixture_key(0))->fingerprint);
	EXPECT(signer.created == FIXTURE_SIGNED);
	EXPECT(signer.is_key_expired == is_key_expired);
	EXPECT_STRING(plaintext.buf, TEXT);
}

static void expect_bad(struct keyring *keyring, struct fixture_message message, const char *why)
{
	CLEANUP(keyring_signer_release) struct keyring_signer signer = {0};
	CLEANUP(strbuf_release) struct strbuf plaintext = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(verify(keyring, message, &signer, &plaintext, &err), &err, ERROR_INVALID, why);
	EXPECT(!plaintext.len && !signer.user_id && !signer.fingerprint);
}

TEST(a_good_signature_by_a_key_that_counts)
{
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});

	expect_good(keyring, (struct fixture_message){.version = 3}, false);
	expect_good(keyring, (struct fixture_message){.version = 4}, false);
}

TEST(a_key_that_is_not_there)
{
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});
	CLEANUP(free_string) char *why = xasprintf("signed by a key that is not trusted (key id %s)",
						   fixture_key(1)->fingerprint + 24);

	expect_bad(keyring, (struct fixture_message){.key = fixture_key(1)}, why);
}

TEST(a_key_that_is_there_but_does_not_count)
{
	CLEANUP(keyring_freep) struct keyring *keyring = open_keyring();
	CLEANUP(free_string) char *why =
		xasprintf("signed by a key that is not trusted (%s)", fixture_key(1)->fingerprint);

	add(keyring, fixture_key(0), &(struct fixture_certificate){0}, fixture_key(0)->fingerprint, 1);
	add(keyring, fixture_key(1), &(struct fixture_certificate){0}, fixture_key(0)->fingerprint, 0);
	expect_good(keyring, (struct fixture_message){.version = 3}, false);
	expect_bad(keyring, (struct fixture_message){.key = fixture_key(1)}, why);
}

TEST(several_keys_may_count)
{
	CLEANUP(keyring_freep) struct keyring *keyring = open_keyring();
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	size_t n_counting = 0;

	fixture_add_certificate(&bytes, fixture_key(0), &(struct fixture_certificate){0});
	fixture_add_certificate(&bytes, fixture_key(1), &(struct fixture_certificate){0});
	EXPECT_OK(keyring_add(keyring, "two", bytes.buf, bytes.len, NULL, &n_counting, &err), &err);
	EXPECT(n_counting == 2);
	expect_good(keyring, (struct fixture_message){.key = fixture_key(0)}, false);
	expect_good(keyring, (struct fixture_message){.key = fixture_key(1)}, false);
}

TEST(an_expired_key_counts_and_is_told_apart)
{
	CLEANUP(keyring_freep) struct keyring *keyring =
		keyring_of(&(struct fixture_certificate){.expires_after = 150000000});

	/* It has expired since the signature was made. */
	expect_good(keyring, (struct fixture_message){.version = 3}, true);
}

TEST(a_revoked_key_does_not_count)
{
	CLEANUP(keyring_freep) struct keyring *revoked =
		keyring_of(&(struct fixture_certificate){.is_revoked = true});
	CLEANUP(keyring_freep) struct keyring *both =
		keyring_of(&(struct fixture_certificate){.is_revoked = true, .expires_after = 150000000});

	expect_bad(revoked, (struct fixture_message){.version = 3}, "signed by a key that was revoked");
	expect_bad(both, (struct fixture_message){.version = 3}, "signed by a key that was revoked");
}

TEST(a_key_that_may_not_sign_does_not_count)
{
	/* certify; encrypt */
	CLEANUP(keyring_freep) struct keyring *keyring =
		keyring_of(&(struct fixture_certificate){.flags = 5});

	expect_bad(keyring, (struct fixture_message){.version = 3}, NULL);
}

TEST(an_expired_signature_does_not_count)
{
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});

	expect_bad(keyring, (struct fixture_message){.expires_after = 1000}, "the signature has expired");
	expect_good(keyring, (struct fixture_message){.expires_after = 0xF0000000u - FIXTURE_SIGNED}, false);
}

TEST(a_changed_text_is_found)
{
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf plaintext = STRBUF_INIT;
	CLEANUP(keyring_signer_release) struct keyring_signer signer = {0};
	struct error err = ERROR_INIT;

	fixture_add_message(&bytes, &(struct fixture_message){.key = fixture_key(0), .text = TEXT});
	char *at = memmem(bytes.buf, bytes.len, "signed", 6);
	at[0] = 'S';
	EXPECT_ERROR(keyring_verify(keyring, bytes.buf, bytes.len, &signer, &plaintext, &err), &err,
		     ERROR_INVALID, "the signature is wrong");
	EXPECT(!plaintext.len);
}

/* openpgp.c lets none of these through; here they must not be good either. */
TEST(two_signatures_and_none)
{
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf plaintext = STRBUF_INIT;
	CLEANUP(keyring_signer_release) struct keyring_signer signer = {0};
	struct fixture_message message = {.key = fixture_key(0), .text = TEXT}, outer = message;
	struct error err = ERROR_INIT;

	outer.is_not_last = true;
	fixture_add_one_pass(&bytes, &outer);
	fixture_add_message(&bytes, &message);
	fixture_add_signature(&bytes, &outer);
	EXPECT_ERROR(keyring_verify(keyring, bytes.buf, bytes.len, &signer, &plaintext, &err), &err,
		     ERROR_INVALID, "has more than one signature");
	strbuf_reset(&bytes);
	fixture_add_literal(&bytes, &message);
	EXPECT_ERROR(keyring_verify(keyring, bytes.buf, bytes.len, &signer, &plaintext, &err), &err,
		     ERROR_INVALID, NULL);
	EXPECT_ERROR(keyring_verify(keyring, "nonsense", 8, &signer, &plaintext, &err), &err, ERROR_INVALID,
		     NULL);
}

TEST(the_plaintext_has_a_limit)
{
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});
	CLEANUP(free_string) char *text = xmalloc(((size_t)1 << 20) + 1);

	memset(text, 'x', (size_t)1 << 20);
	text[(size_t)1 << 20] = '\0';
	expect_bad(keyring, (struct fixture_message){.text = text}, "holds more than 256 KiB");
	expect_good(keyring, (struct fixture_message){.version = 3}, false);
}

TEST(what_is_no_key_is_refused)
{
	CLEANUP(keyring_freep) struct keyring *keyring = open_keyring();
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	size_t n_counting = 77;

	EXPECT_ERROR(keyring_add(keyring, "a\x1b", "", 0, NULL, &n_counting, &err), &err, ERROR_INVALID,
		     "a\\x1b: is empty");
	EXPECT_ERROR(keyring_add(keyring, "b", "nonsense\n", 9, NULL, &n_counting, &err), &err, ERROR_INVALID,
		     "b: holds no OpenPGP public key");
	/* A key packet alone: nobody has signed it. */
	fixture_add_packet(&bytes, 6, &fixture_key(0)->body, FORMAT_OLD);
	EXPECT_ERROR(keyring_add(keyring, "c", bytes.buf, bytes.len, NULL, &n_counting, &err), &err,
		     ERROR_INVALID, "c: holds ");
	EXPECT(n_counting == 77);
}

static size_t count_entries(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	for (const struct dirent *entry; directory && (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	if (directory)
		closedir(directory);
	return count;
}

TEST(the_home_is_private_and_goes_with_the_keyring)
{
	struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});
	DIR *directory = opendir(test_directory());
	struct stat status;

	EXPECT(count_entries(test_directory()) == 1);
	for (const struct dirent *entry; directory && (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			EXPECT(fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
			       (status.st_mode & 07777) == 0700);
	if (directory)
		closedir(directory);
	keyring_free(keyring);
	EXPECT(count_entries(test_directory()) == 0);
}

TEST(a_directory_that_is_not_there)
{
	CLEANUP(free_string) char *path = xasprintf("%s/missing", test_directory());
	struct keyring *keyring = NULL;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(keyring_open(&keyring, path, &err), &err, ERROR_IO, "missing");
}

static void verify_one(size_t index, unsigned worker, void *context)
{
	(void)index;
	(void)worker;
	(void)context;
	CLEANUP(keyring_freep) struct keyring *keyring = keyring_of(&(struct fixture_certificate){0});
	expect_good(keyring, (struct fixture_message){.version = 3}, false);
}

TEST(keyrings_of_several_threads_do_not_meet)
{
	(void)fixture_key(0);
	(void)test_directory();
	parallel_for(8, 4, verify_one, NULL);
}
