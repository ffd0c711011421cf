/* SPDX-License-Identifier: Apache-2.0 */
#include "http/session.h"

#include <stdlib.h>
#include <string.h>

struct http_session *http_session_new(struct http_client *client)
{
	struct http_session *session = xcalloc(1, sizeof(*session));

	session->client = client;
	return session;
}

static void tls_handle_free(struct tls_handle *handle)
{
	curl_easy_cleanup(handle->easy);
	X509_STORE_free(handle->store);
	free(handle->settings);
	free(handle);
}

void http_session_free(struct http_session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < session->n_handles; i++)
		tls_handle_free(session->handles[i]);
	free(session->handles);
	free(session);
}

static char *describe_settings(const struct http_tls *tls)
{
	struct strbuf text = STRBUF_INIT;

	if (!tls)
		return strbuf_detach(&text);
	if (tls->skip_verify)
		strbuf_add_string(&text, "unverified\n");
	for (size_t i = 0; i < tls->ca_files.count; i++)
		strbuf_addf(&text, "ca %s\n", tls->ca_files.items[i]);
	if (tls->client_certificate)
		strbuf_addf(&text, "certificate %s\n", tls->client_certificate);
	if (tls->client_key)
		strbuf_addf(&text, "key %s\n", tls->client_key);
	return strbuf_detach(&text);
}

struct tls_handle *http_session_handle(struct http_session *session, const struct http_tls *tls)
{
	CLEANUP(free_string) char *settings = describe_settings(tls);

	for (size_t i = 0; i < session->n_handles; i++)
		if (!strcmp(session->handles[i]->settings, settings))
			return session->handles[i];
	struct tls_handle *handle = xcalloc(1, sizeof(*handle));
	handle->settings = steal(&settings);
	handle->easy = curl_easy_init();
	if (!handle->easy)
		abort();
	array_grow(session->handles, session->n_handles, session->allocated);
	session->handles[session->n_handles++] = handle;
	return handle;
}
