/* SPDX-License-Identifier: Apache-2.0 */
#include "release/trust.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define SYSTEM_KEY_FILE "/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release"
#define MAX_KEY_FILE_SIZE ((size_t)1 << 20)

/* Red Hat, Inc. (release key 2) */
#define RELEASE_KEY_FINGERPRINT "567E347AD0044ADE55BA8A5F199E2F91FD431D51"

struct release_trust {
	struct keyring *keyring;
	const char *fingerprint; /* of the only key that counts unless the user named others */
	size_t n_keys;           /* that count */
	struct strvec notes;     /* "PLACE: why it did not do", one for every place that was looked at */
};

static int read_key_file(const char *path, struct strbuf *text, struct error *err)
{
	if (file_read(AT_FDCWD, path, MAX_KEY_FILE_SIZE, text, err) == 0)
		return 0;
	/* Who names a file does not ask whether it is there. */
	if (error_is(err, ERROR_NOT_FOUND))
		err->code = ERROR_IO;
	return -1;
}

static int add_key_file(struct release_trust *trust, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	size_t n_counting;

	if (read_key_file(path, &text, err) < 0 ||
	    keyring_add(trust->keyring, path, text.buf, text.len, NULL, &n_counting, err) < 0)
		return -1;
	trust->n_keys += n_counting;
	return 0;
}

static void note(struct release_trust *trust, const char *place, const char *why)
{
	CLEANUP(free_string) char *shown = text_escaped(place);

	strvec_pushf(&trust->notes, "%s: %s", shown, why);
}

/* An error about a place becomes a note, unless our own side has failed. */
static int note_error(struct release_trust *trust, struct error *from, struct error *err)
{
	if (error_is_own_side(from))
		return error_move(err, from);
	strvec_push(&trust->notes, from->message);
	error_clear(from);
	return 0;
}

static int add_system_keys(struct release_trust *trust, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (file_read(AT_FDCWD, path, MAX_KEY_FILE_SIZE, &text, &problem) < 0) {
		/* Unreadable is no more than missing: other places follow. */
		strvec_push(&trust->notes, problem.message);
		return 0;
	}
	if (keyring_add(trust->keyring, path, text.buf, text.len, trust->fingerprint, &trust->n_keys,
			&problem) < 0)
		return note_error(trust, &problem, err);
	if (!trust->n_keys)
		note(trust, path, "does not hold Red Hat's release key");
	return 0;
}

int release_trust_open(struct release_trust **result, const struct release_trust_options *options,
		       struct error *err)
{
	CLEANUP(release_trust_freep) struct release_trust *trust = xcalloc(1, sizeof(*trust));
	const struct strvec *files = options->key_files;

	assert(options->temporary_directory);
	trust->fingerprint =
		options->release_fingerprint ? options->release_fingerprint : RELEASE_KEY_FINGERPRINT;
	if (keyring_open(&trust->keyring, options->temporary_directory, err) < 0)
		return -1;
	for (size_t i = 0; files && i < files->count; i++)
		if (add_key_file(trust, files->items[i], err) < 0)
			return -1;
	if (!trust->n_keys &&
	    add_system_keys(trust, options->system_key_file ? options->system_key_file : SYSTEM_KEY_FILE,
			    err) < 0)
		return -1;
	*result = steal(&trust);
	return 0;
}

void release_trust_free(struct release_trust *trust)
{
	if (!trust)
		return;
	keyring_free(trust->keyring);
	strvec_release(&trust->notes);
	free(trust);
}

void release_trust_freep(struct release_trust **trust)
{
	release_trust_free(*trust);
}

bool release_trust_has_key(const struct release_trust *trust)
{
	return trust->n_keys > 0;
}

struct keyring *release_trust_keyring(const struct release_trust *trust)
{
	return trust->keyring;
}

int release_trust_add_payload_keys(struct release_trust *trust, const char *name,
				   const struct strvec *keyrings, struct error *err)
{
	size_t n_noted = trust->notes.count;

	for (size_t i = 0; i < keyrings->count && !trust->n_keys; i++) {
		CLEANUP(error_clear) struct error problem = ERROR_INIT;
		const char *text = keyrings->items[i];
		size_t length = strlen(text);
		if (length > MAX_KEY_FILE_SIZE)
			note(trust, name, "one of them is larger than 1 MiB");
		else if (keyring_add(trust->keyring, name, text, length, trust->fingerprint, &trust->n_keys,
				     &problem) < 0 &&
			 note_error(trust, &problem, err) < 0)
			return -1;
	}
	if (!keyrings->count)
		note(trust, name, "there are none");
	else if (!trust->n_keys && trust->notes.count == n_noted)
		note(trust, name, "Red Hat's release key is not among them");
	return 0;
}

int release_trust_no_key(const struct release_trust *trust, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf places = STRBUF_INIT;

	for (size_t i = 0; i < trust->notes.count; i++)
		strbuf_addf(&places, "%s%s", i ? "; " : "", trust->notes.items[i]);
	error_set(err, ERROR_DIGEST, "no trusted key to check the signature of the release with: %s",
		  places.buf);
	return error_advise(err, "name the file of the signer's public key with --release-key FILE");
}
