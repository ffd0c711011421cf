/* SPDX-License-Identifier: Apache-2.0 */
#include "release/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <gpgme.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/strvec.h"
#include "base/text.h"

#define OLDEST_GPGME "1.15.0" /* RHEL 9 */
#define MAX_PLAINTEXT_SIZE ((size_t)256 << 10)
#define FINGERPRINT_LENGTH 40

/* Known to GnuPG 2.2 and later: no agent, no network, nothing remembered. Which keys count we decide. */
static const char gpg_options[] = "batch\n"
				  "no-tty\n"
				  "no-greeting\n"
				  "no-autostart\n"
				  "disable-dirmngr\n"
				  "no-auto-key-locate\n"
				  "no-auto-key-retrieve\n"
				  "no-random-seed-file\n"
				  "trust-model always\n";

struct keyring {
	gpgme_ctx_t context;
	char *home;
	struct strvec fingerprints; /* of the primary keys that count */
};

static void initialise_gpgme(void)
{
	/* Sets GPGME up; what it returns is asked for again below. */
	(void)gpgme_check_version(NULL);
}

static int set_gpgme_error(struct error *err, enum error_code code, gpgme_error_t reason, const char *what)
{
	char text[128];

	gpgme_strerror_r(reason, text, sizeof(text));
	CLEANUP(free_string) char *shown = text_escaped(text);
	return error_set(err, code, "%s: %s", what, shown);
}

/* Whether it says nothing about what was to be read. */
static bool is_own_failure(gpgme_error_t reason)
{
	gpgme_err_code_t code = gpgme_err_code(reason);

	return code == GPG_ERR_INV_ENGINE || gpgme_err_code_to_errno(code) != 0;
}

static int check_installed(struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, initialise_gpgme);
	if (!gpgme_check_version(OLDEST_GPGME))
		return error_set(err, ERROR_INVALID, "GPGME %s is too old, %s or later is needed",
				 gpgme_check_version(NULL), OLDEST_GPGME);
	gpgme_error_t reason = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
	if (!reason)
		return 0;
	set_gpgme_error(err, ERROR_INVALID, reason,
			"release signatures cannot be checked without GnuPG (gpg)");
	return error_advise(err, "install the package gnupg (Debian) or gnupg2 (RHEL)");
}

static int write_option_file(const struct keyring *keyring, const char *name, const char *text,
			     struct error *err)
{
	CLEANUP(free_string) char *path = xasprintf("%s/%s", keyring->home, name);

	return file_replace(AT_FDCWD, path, text, strlen(text), 0600, err);
}

static int make_home(struct keyring *keyring, const char *directory, struct error *err)
{
	CLEANUP(free_string) char *template = xasprintf("%s/gnupg-XXXXXX", directory);

	/* mkdtemp makes it for its owner alone. */
	if (!mkdtemp(template))
		return error_set_errno(err, "%s", template);
	keyring->home = steal(&template);
	/* An empty common.conf: later versions keep their keys in files then, and start no keyboxd. */
	if (write_option_file(keyring, "gpg.conf", gpg_options, err) < 0)
		return -1;
	return write_option_file(keyring, "common.conf", "", err);
}

static int make_context(struct keyring *keyring, struct error *err)
{
	gpgme_error_t reason = gpgme_new(&keyring->context);

	if (!reason)
		reason = gpgme_set_protocol(keyring->context, GPGME_PROTOCOL_OpenPGP);
	if (!reason)
		reason = gpgme_ctx_set_engine_info(keyring->context, GPGME_PROTOCOL_OpenPGP, NULL,
						   keyring->home);
	if (!reason)
		reason = gpgme_set_locale(keyring->context, LC_ALL, "C");
	if (reason)
		return set_gpgme_error(err, ERROR_IO, reason, "GPGME");
	gpgme_set_armor(keyring->context, 0);
	gpgme_set_offline(keyring->context, 1);
	return 0;
}

int keyring_open(struct keyring **result, const char *directory, struct error *err)
{
	CLEANUP(keyring_freep) struct keyring *keyring = xcalloc(1, sizeof(*keyring));

	if (check_installed(err) < 0 || make_home(keyring, directory, err) < 0 ||
	    make_context(keyring, err) < 0)
		return -1;
	*result = steal(&keyring);
	return 0;
}

void keyring_free(struct keyring *keyring)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	if (!keyring)
		return;
	gpgme_release(keyring->context);
	/* There is nothing secret in it. */
	if (keyring->home)
		(void)!directory_remove_all(AT_FDCWD, keyring->home, &ignored);
	free(keyring->home);
	strvec_release(&keyring->fingerprints);
	free(keyring);
}

void keyring_freep(struct keyring **keyring)
{
	keyring_free(*keyring);
}

static void free_data(gpgme_data_t *data)
{
	gpgme_data_release(*data);
}

static void free_key(gpgme_key_t *key)
{
	if (*key)
		gpgme_key_unref(*key);
}

/* How many of the keys were taken, and how many count; the latter are remembered. */
static size_t note_keys(struct keyring *keyring, const struct _gpgme_import_status *status,
			const char *fingerprint, size_t *n_counting)
{
	size_t n_keys = 0;

	*n_counting = 0;
	for (; status; status = status->next) {
		if (status->result || !status->fpr)
			continue;
		n_keys++;
		if (fingerprint && strcmp(status->fpr, fingerprint) != 0)
			continue;
		++*n_counting;
		if (!strvec_contains(&keyring->fingerprints, status->fpr))
			strvec_push(&keyring->fingerprints, status->fpr);
	}
	return n_keys;
}

static int explain_no_key(const struct _gpgme_op_import_result *result, struct error *err)
{
	if (result && result->secret_read)
		return error_set(err, ERROR_INVALID, "holds a secret key; only the public one is needed");
	if (result && result->no_user_id)
		return error_set(err, ERROR_INVALID,
				 "holds a public key, but none with a valid self-signature");
	return error_set(err, ERROR_INVALID, "holds no OpenPGP public key that can be used");
}

int keyring_add(struct keyring *keyring, const char *name, const void *bytes, size_t length,
		const char *fingerprint, size_t *n_counting, struct error *err)
{
	CLEANUP(free_data) gpgme_data_t data = NULL;
	CLEANUP(free_string) char *shown = text_escaped(name);
	size_t n_found;

	if (!length)
		return error_set(err, ERROR_INVALID, "%s: is empty", shown);
	gpgme_error_t reason = gpgme_data_new_from_mem(&data, bytes, length, 0);
	if (reason)
		return set_gpgme_error(err, ERROR_IO, reason, shown);
	reason = gpgme_op_import(keyring->context, data);
	const struct _gpgme_op_import_result *result = gpgme_op_import_result(keyring->context);
	if (reason && gpgme_err_code(reason) != GPG_ERR_NO_DATA)
		return set_gpgme_error(err, is_own_failure(reason) ? ERROR_IO : ERROR_INVALID, reason, shown);
	if (!note_keys(keyring, result ? result->imports : NULL, fingerprint, &n_found)) {
		explain_no_key(result, err);
		return error_wrap(err, "%s", shown);
	}
	*n_counting = n_found;
	return 0;
}

void keyring_signer_release(struct keyring_signer *signer)
{
	free(steal(&signer->user_id));
	free(steal(&signer->fingerprint));
}

struct sink {
	struct strbuf *plaintext;
	bool is_full;
};

/* Takes what GnuPG gives out, up to the limit. */
static ssize_t write_plaintext(void *context, const void *buffer, size_t size)
{
	struct sink *sink = context;

	sink->is_full |= size > MAX_PLAINTEXT_SIZE - sink->plaintext->len;
	if (sink->is_full) {
		errno = EFBIG;
		return -1;
	}
	strbuf_add(sink->plaintext, buffer, size);
	return (ssize_t)size;
}

/* A key that has expired since counts (signature.h says why it is told apart); nothing else does. GnuPG says
 * nothing about trust here (trust-model always), so GPGME never calls a signature green. */
static int check_status(const struct _gpgme_signature *signature, struct error *err)
{
	CLEANUP(free_string) char *id = text_escaped(signature->fpr ? signature->fpr : "unknown");
	const unsigned harmless = GPGME_SIGSUM_VALID | GPGME_SIGSUM_GREEN | GPGME_SIGSUM_KEY_EXPIRED;

	switch (gpgme_err_code(signature->status)) {
	case GPG_ERR_NO_ERROR:
	case GPG_ERR_KEY_EXPIRED:
		if (!(signature->summary & ~harmless))
			return 0;
		return error_set(err, ERROR_INVALID, "the signature is not valid (key %s)", id);
	case GPG_ERR_SIG_EXPIRED:
		return error_set(err, ERROR_INVALID, "the signature has expired (key %s)", id);
	case GPG_ERR_CERT_REVOKED:
		return error_set(err, ERROR_INVALID, "signed by a key that was revoked (%s)", id);
	case GPG_ERR_NO_PUBKEY:
		return error_set(err, ERROR_INVALID, "signed by a key that is not trusted (key id %s)", id);
	case GPG_ERR_BAD_SIGNATURE:
		return error_set(err, ERROR_INVALID,
				 "the signature is wrong: this is not what was signed (key id %s)", id);
	default:
		break;
	}
	CLEANUP(free_string) char *what = xasprintf("the signature is not valid (key %s)", id);
	return set_gpgme_error(err, ERROR_INVALID, signature->status, what);
}

static int check_key(const struct keyring *keyring, gpgme_key_t key, const char *fingerprint,
		     struct error *err)
{
	const struct _gpgme_subkey *subkey = key->subkeys;

	if (!key->fpr || !strvec_contains(&keyring->fingerprints, key->fpr))
		return error_set(err, ERROR_INVALID, "signed by a key that is not trusted (%s)", fingerprint);
	while (subkey && (!subkey->fpr || strcmp(subkey->fpr, fingerprint) != 0))
		subkey = subkey->next;
	/* A key that has expired too is reported as expired alone. */
	if (!subkey || key->revoked || subkey->revoked)
		return error_set(err, ERROR_INVALID, "signed by a key that was revoked (%s)", fingerprint);
	if (key->invalid || key->disabled || subkey->invalid || subkey->disabled || !subkey->can_sign)
		return error_set(err, ERROR_INVALID, "signed by a key that is not for signatures (%s)",
				 fingerprint);
	return 0;
}

/* The key behind the fingerprint of a good signature, which may be that of a subkey. */
static int identify_signer(const struct keyring *keyring, const char *fingerprint,
			   struct keyring_signer *signer, struct error *err)
{
	CLEANUP(free_key) gpgme_key_t key = NULL;
	CLEANUP(free_string) char *shown = text_escaped(fingerprint);
	gpgme_error_t reason = gpgme_get_key(keyring->context, fingerprint, &key, 0);

	if (reason) {
		CLEANUP(free_string) char *what = xasprintf("the key of the signature (%s)", shown);
		return set_gpgme_error(err, ERROR_INVALID, reason, what);
	}
	if (check_key(keyring, key, fingerprint, err) < 0)
		return -1;
	const char *user_id = key->uids && key->uids->uid ? key->uids->uid : "";
	signer->user_id = xstrdup(user_id);
	signer->fingerprint = xstrdup(key->fpr);
	return 0;
}

static int check_signatures(const struct keyring *keyring, struct keyring_signer *signer, struct error *err)
{
	const struct _gpgme_op_verify_result *result = gpgme_op_verify_result(keyring->context);
	const struct _gpgme_signature *signature = result ? result->signatures : NULL;

	if (!signature)
		return error_set(err, ERROR_INVALID, "GnuPG finds no signature in it");
	if (signature->next)
		return error_set(err, ERROR_INVALID, "has more than one signature");
	if (check_status(signature, err) < 0)
		return -1;
	if (!signature->fpr || strlen(signature->fpr) != FINGERPRINT_LENGTH)
		return error_set(err, ERROR_INVALID, "GnuPG does not say whose signature it is");
	signer->created = (int64_t)signature->timestamp;
	signer->is_key_expired = gpgme_err_code(signature->status) == GPG_ERR_KEY_EXPIRED;
	CLEANUP(free_string) char *fingerprint = xstrdup(signature->fpr);
	return identify_signer(keyring, fingerprint, signer, err);
}

static int run_verify(struct keyring *keyring, const void *message, size_t length, struct strbuf *plaintext,
		      struct error *err)
{
	CLEANUP(free_data) gpgme_data_t signed_data = NULL;
	CLEANUP(free_data) gpgme_data_t plain_data = NULL;
	struct gpgme_data_cbs callbacks = {.write = write_plaintext};
	struct sink sink = {.plaintext = plaintext};

	gpgme_error_t reason = gpgme_data_new_from_mem(&signed_data, message, length, 0);
	if (!reason)
		reason = gpgme_data_new_from_cbs(&plain_data, &callbacks, &sink);
	if (reason)
		return set_gpgme_error(err, ERROR_IO, reason, "GPGME");
	reason = gpgme_op_verify(keyring->context, signed_data, NULL, plain_data);
	if (sink.is_full)
		return error_set(err, ERROR_INVALID, "holds more than 256 KiB, the limit of a signature");
	if (is_own_failure(reason))
		return set_gpgme_error(err, ERROR_IO, reason, "GnuPG (gpg) cannot be run");
	if (reason)
		return set_gpgme_error(err, ERROR_INVALID, reason, "GnuPG does not accept it");
	return 0;
}

int keyring_verify(struct keyring *keyring, const void *message, size_t length, struct keyring_signer *signer,
		   struct strbuf *plaintext, struct error *err)
{
	CLEANUP(keyring_signer_release) struct keyring_signer found = {0};
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (run_verify(keyring, message, length, &text, err) < 0 ||
	    check_signatures(keyring, &found, err) < 0)
		return -1;
	*signer = steal(&found);
	strbuf_add(plaintext, text.buf, text.len);
	return 0;
}
