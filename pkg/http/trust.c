/* SPDX-License-Identifier: Apache-2.0 */
#include "http/trust.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/file.h"

/* The bundles of distributions have some 250 KiB. */
#define CA_FILE_LIMIT ((size_t)8 << 20)

struct trust {
	STACK_OF(X509) * certificates; /* of the client's files */
	pthread_mutex_t mutex;         /* guards the making of `store` */
	X509_STORE *store;             /* the system's and the above; NULL until it is needed */
};

static void release_bio(BIO **bio)
{
	BIO_free(*bio);
}

/* Adds every certificate of a PEM file; other objects in it, such as keys, are passed over. */
static int read_certificates(STACK_OF(X509) * certificates, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	int n_before = sk_X509_num(certificates);

	if (file_read(AT_FDCWD, path, CA_FILE_LIMIT, &text, err) < 0) {
		/* "Not found" is what servers say; a missing file of ours is something else. */
		if (error_is(err, ERROR_NOT_FOUND))
			err->code = ERROR_IO;
		return -1;
	}
	CLEANUP(release_bio) BIO *bio = BIO_new_mem_buf(text.buf, (int)text.len);
	if (!bio)
		abort();
	for (X509 *certificate; (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL));)
		if (!sk_X509_push(certificates, certificate))
			abort();
	bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (!is_at_end)
		return error_set(err, ERROR_INVALID, "%s: holds a damaged certificate", path);
	if (sk_X509_num(certificates) == n_before)
		return error_set(err, ERROR_INVALID, "%s: holds no certificate in PEM format", path);
	return 0;
}

static void release_certificates(STACK_OF(X509) * *certificates)
{
	sk_X509_pop_free(*certificates, X509_free);
}

static int read_files(STACK_OF(X509) * *certificates, const struct strvec *files, struct error *err)
{
	CLEANUP(release_certificates) STACK_OF(X509) *read = sk_X509_new_null();

	if (!read)
		abort();
	for (size_t i = 0; i < files->count; i++)
		if (read_certificates(read, files->items[i], err) < 0)
			return -1;
	*certificates = steal(&read);
	return 0;
}

int trust_new(struct trust **trust, const struct strvec *ca_files, struct error *err)
{
	STACK_OF(X509) * certificates;

	if (read_files(&certificates, ca_files, err) < 0)
		return -1;
	struct trust *made = xcalloc(1, sizeof(*made));
	made->certificates = certificates;
	pthread_mutex_init(&made->mutex, NULL);
	*trust = made;
	return 0;
}

void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	release_certificates(&trust->certificates);
	pthread_mutex_destroy(&trust->mutex);
	X509_STORE_free(trust->store);
	free(trust);
}

/* Where libcurl would look; where that is unknown or empty, where OpenSSL would. */
static void add_system_authorities(X509_STORE *store)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	bool is_found = false;

	if (!getenv("SSL_CERT_FILE") && !getenv("SSL_CERT_DIR")) {
		if (curl->cainfo)
			is_found |= X509_STORE_load_locations(store, curl->cainfo, NULL) == 1;
		if (curl->capath)
			is_found |= X509_STORE_load_locations(store, NULL, curl->capath) == 1;
	}
	if (!is_found)
		X509_STORE_set_default_paths(store);
	ERR_clear_error();
}

static void add_certificates(X509_STORE *store, const STACK_OF(X509) * certificates)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		X509_STORE_add_cert(store, sk_X509_value(certificates, i));
	ERR_clear_error();
}

static X509_STORE *make_store(const struct trust *trust)
{
	X509_STORE *store = X509_STORE_new();

	if (!store)
		abort();
	/* What a file names is trusted even if it is not self-signed, as libcurl and Go do it. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
	add_system_authorities(store);
	add_certificates(store, trust->certificates);
	return store;
}

static X509_STORE *shared_store(struct trust *trust)
{
	pthread_mutex_lock(&trust->mutex);
	if (!trust->store)
		trust->store = make_store(trust);
	X509_STORE_up_ref(trust->store);
	pthread_mutex_unlock(&trust->mutex);
	return trust->store;
}

int trust_store(struct trust *trust, const struct strvec *extra_ca_files, X509_STORE **store,
		struct error *err)
{
	CLEANUP(release_certificates) STACK_OF(X509) *extra = NULL;

	if (!extra_ca_files || !extra_ca_files->count) {
		*store = shared_store(trust);
		return 0;
	}
	if (read_files(&extra, extra_ca_files, err) < 0)
		return -1;
	*store = make_store(trust);
	add_certificates(*store, extra);
	return 0;
}
