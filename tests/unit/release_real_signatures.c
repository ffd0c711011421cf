/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures as Red Hat publishes them, which are not ours to distribute:
 *
 *     RELEASE_SIGNATURES   a signature store: a directory with sha256=<hex>/signature-1
 *     RELEASE_KEY          a file with Red Hat's release key 2
 *
 * Each must be good with the key whose fingerprint is built in; and each with one byte changed, at every
 * place, must be refused or say the same by the same signer. A minute and a half for thirty of them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "release/signature.h"
#include "tests/tap.h"

static struct release_trust *open_trust(const char *key_file)
{
	struct release_trust *trust = NULL;
	struct error err = ERROR_INIT;
	const struct release_trust_options options = {
		.system_key_file = key_file,
		.temporary_directory = test_directory(),
	};

	EXPECT_OK(release_trust_open(&trust, &options, &err), &err);
	EXPECT(trust && release_trust_has_key(trust));
	return trust;
}

/* Whether a changed signature is either refused or says what the original says. */
static bool is_harmless(struct release_trust *trust, const struct digest *digest, const struct strbuf *bytes,
			const struct release_signature *original)
{
	CLEANUP(release_signature_release) struct release_signature changed = RELEASE_SIGNATURE_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (release_signature_check(trust, digest, bytes->buf, bytes->len, &changed, &err) < 0)
		return error_is(&err, ERROR_DIGEST);
	return !strcmp(changed.signer, original->signer) &&
	       !strcmp(changed.fingerprint, original->fingerprint) && changed.created == original->created &&
	       !strcmp(changed.docker_reference, original->docker_reference);
}

static void try_every_byte(struct release_trust *trust, const struct digest *digest, struct strbuf *bytes,
			   const struct release_signature *original)
{
	size_t n_wrong = 0;

	for (size_t i = 0; i < bytes->len; i++) {
		bytes->buf[i] = (char)~bytes->buf[i];
		n_wrong += !is_harmless(trust, digest, bytes, original);
		bytes->buf[i] = (char)~bytes->buf[i];
	}
	EXPECT(n_wrong == 0);
}

static void try_signature(struct release_trust *trust, const char *store, const char *name)
{
	CLEANUP(release_signature_release) struct release_signature signature = RELEASE_SIGNATURE_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/%s/signature-1", store, name);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct digest digest, other;

	EXPECT(digest_parse_hex(&digest, name + strlen("sha256=")));
	EXPECT_OK(file_read(AT_FDCWD, path, RELEASE_MAX_SIGNATURE_SIZE, &bytes, &err), &err);
	EXPECT_OK(release_signature_check(trust, &digest, bytes.buf, bytes.len, &signature, &err), &err);
	EXPECT_STRING(signature.fingerprint, "567E347AD0044ADE55BA8A5F199E2F91FD431D51");
	try_every_byte(trust, &digest, &bytes, &signature);
	digest_of("other", 5, &other);
	release_signature_release(&signature);
	signature = (struct release_signature)RELEASE_SIGNATURE_INIT;
	EXPECT_ERROR(release_signature_check(trust, &other, bytes.buf, bytes.len, &signature, &err), &err,
		     ERROR_DIGEST, "");
}

TEST(published_signatures_are_good_and_no_changed_byte_is_taken_for_another_text)
{
	const char *store = getenv("RELEASE_SIGNATURES"), *key_file = getenv("RELEASE_KEY");
	size_t n_signatures = 0;

	if (!store || !key_file)
		TEST_SKIP("RELEASE_SIGNATURES and RELEASE_KEY name no published signatures");
	CLEANUP(release_trust_freep) struct release_trust *trust = open_trust(key_file);
	CLEANUP(close_directory) DIR *directory = opendir(store);
	EXPECT(directory != NULL);
	for (const struct dirent *entry; trust && directory && (entry = readdir(directory));) {
		if (strncmp(entry->d_name, "sha256=", strlen("sha256=")) != 0)
			continue;
		try_signature(trust, store, entry->d_name);
		n_signatures++;
	}
	EXPECT(n_signatures > 0);
}
