/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's codes in the words of whoever runs the network. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "http/exchange.h"
#include "http/url.h"

/* A misspelt name stays unknown; servers under load send TLS alerts, but not for ever. */
#define RESOLVE_ATTEMPTS 2
#define HANDSHAKE_ATTEMPTS 3

/* Codes after which another try may go well. */
static bool is_transient(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_FAIL_REWIND:
	case CURLE_AGAIN:
	case CURLE_SSL_SHUTDOWN_FAILED:
		return true;
	default:
		return false;
	}
}

unsigned exchange_max_attempts(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return RESOLVE_ATTEMPTS;
	case CURLE_SSL_CONNECT_ERROR:
		return HANDSHAKE_ATTEMPTS;
	default:
		return 0;
	}
}

static int explain_resolve(const struct url *url, CURLcode code, struct error *err)
{
	if (code == CURLE_COULDNT_RESOLVE_PROXY)
		return error_set(err, ERROR_TRANSIENT,
				 "the name of the proxy cannot be resolved; look at https_proxy, http_proxy "
				 "and no_proxy");
	return error_set(err, ERROR_TRANSIENT,
			 "the host name %s cannot be resolved; look at DNS and the spelling", url->host);
}

static int explain_connect(CURL *easy, const struct url *url, struct error *err)
{
	long number = 0;
	char *address = NULL;
	char reason[128];

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
	bool has_address = address && *address;
	return error_set(err, ERROR_TRANSIENT, "cannot connect to %s port %u%s%s%s: %s", url->host,
			 (unsigned)url->port, has_address ? " (" : "", has_address ? address : "",
			 has_address ? ")" : "",
			 number ? strerror_r((int)number, reason, sizeof(reason)) : "no route or no answer");
}

static int explain_timeout(const struct exchange *exchange, const struct url *url, struct error *err)
{
	if (exchange->watch.phase == WATCH_CONNECTING)
		return error_set(err, ERROR_TRANSIENT, "no connection to %s port %u within %g seconds",
				 url->host, (unsigned)url->port,
				 exchange->client->connect_timeout_ms / 1000.0);
	return error_set(err, ERROR_TRANSIENT, "not done within %g seconds",
			 http_client_small_timeout_ms(exchange->client, exchange->request) / 1000.0);
}

static int explain_certificate(const struct exchange *exchange, const struct url *url, const char *detail,
			       struct error *err)
{
	const struct http_tls *tls = exchange->is_own_origin ? exchange->request->tls : NULL;
	const char *reason = strstr(detail, "certificate problem: ");

	reason = reason ? strchr(reason, ':') + 2 : detail;
	error_set(err, ERROR_INVALID, "the certificate of %s:%u is not trusted: %s", url->host,
		  (unsigned)url->port, reason);
	if (strstr(reason, "name") || strstr(reason, "expired") || strstr(reason, "not yet valid"))
		return -1;
	error_advise(err, "if it should be, name its authority with --ca-file FILE");
	if (!tls || !tls->directory)
		return -1;
	CLEANUP(free_string) char *directory = text_escaped(tls->directory);
	CLEANUP(free_string) char *message = steal(&err->message);
	err->message = xasprintf("%s or put it into %s/ca.crt", message, directory);
	return -1;
}

static int explain_tls(const struct url *url, const char *detail, struct error *err)
{
	/* What OpenSSL says when the first bytes are not those of a TLS record. */
	if (strstr(detail, "wrong version number") || strstr(detail, "packet length too long"))
		return error_set(err, ERROR_INVALID,
				 "%s:%u speaks http, not https; if it is meant to, use --insecure "
				 "(for a registry on the command line) or insecure = true in registries.conf "
				 "(for others)",
				 url->host, (unsigned)url->port);
	if (strstr(detail, "certificate required"))
		return error_set(err, ERROR_INVALID,
				 "%s:%u asks for a client certificate; put NAME.cert and NAME.key "
				 "into its certs.d directory",
				 url->host, (unsigned)url->port);
	return error_set(err, ERROR_TRANSIENT, "TLS with %s:%u: %s", url->host, (unsigned)url->port, detail);
}

static int explain_proxy(long status, struct error *err)
{
	return error_set(err, status >= 500 ? ERROR_TRANSIENT : ERROR_INVALID,
			 "the proxy answered %ld to CONNECT; look at https_proxy and no_proxy", status);
}

static int explain_body(const struct exchange *exchange, struct error *err)
{
	const struct http_response *response = exchange->response;

	if (!response->has_content_length)
		return error_set(err, ERROR_TRANSIENT,
				 "the connection was closed after %" PRIu64 " bytes of the answer",
				 exchange->body_bytes);
	return error_set(err, ERROR_TRANSIENT,
			 "the connection was closed after %" PRIu64 " of %" PRIu64 " bytes",
			 exchange->body_bytes, response->content_length);
}

static int explain(const struct exchange *exchange, const struct url *url, CURLcode code, const char *detail,
		   struct error *err)
{
	CURL *easy = exchange->handle->easy;
	long proxy_status = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status >= 300)
		return explain_proxy(proxy_status, err);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return explain_resolve(url, code, err);
	case CURLE_COULDNT_CONNECT:
		return explain_connect(easy, url, err);
	case CURLE_OPERATION_TIMEDOUT:
		return explain_timeout(exchange, url, err);
	case CURLE_PEER_FAILED_VERIFICATION:
		return explain_certificate(exchange, url, detail, err);
	case CURLE_SSL_CONNECT_ERROR:
		return explain_tls(url, detail, err);
	case CURLE_PARTIAL_FILE:
		return explain_body(exchange, err);
	case CURLE_GOT_NOTHING:
		return error_set(err, ERROR_TRANSIENT, "the connection was closed without an answer");
	case CURLE_SSL_CERTPROBLEM:
		return error_set(err, ERROR_INVALID, "the client certificate %s cannot be used: %s",
				 exchange->request->tls ? exchange->request->tls->client_certificate : "",
				 detail);
	case CURLE_UNSUPPORTED_PROTOCOL:
		return error_set(err, ERROR_INVALID, "%s:%u does not speak HTTP: %s", url->host,
				 (unsigned)url->port, detail);
	default:
		if (strstr(detail, "certificate required"))
			return explain_tls(url, detail, err);
		return error_set(err, is_transient(code) ? ERROR_TRANSIENT : ERROR_INVALID, "%s", detail);
	}
}

int exchange_failure(const struct exchange *exchange, CURLcode code, struct error *err)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(free_string) char *shown = http_redacted_url(exchange->url);
	CLEANUP(free_string) char *detail =
		text_escaped(*exchange->detail ? exchange->detail : curl_easy_strerror(code));

	if (url_parse(&url, exchange->url, err) == 0)
		explain(exchange, &url, code, detail, err);
	return error_wrap(err, "%s %s", exchange->request->method, shown);
}
