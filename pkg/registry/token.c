/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/token.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/document.h"
#include "registry/certificates.h"
#include "registry/client.h"
#include "registry/origin.h"
#include "registry/realm.h"
#include "registry/request.h"
#include "registry/secret.h"

#define MAX_TOKEN_REDIRECTS 3
#define TOKEN_BODY_LIMIT (256u << 10)
#define TOKEN_LENGTH_LIMIT (16u << 10)
#define MIN_LIFETIME_SECONDS 60
#define MAX_LIFETIME_SECONDS (24 * 60 * 60)

void token_release(struct token *token)
{
	secret_freep(&token->value);
	secret_freep(&token->refresh_token);
	*token = (struct token)TOKEN_INIT;
}

bool token_is_usable(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > TOKEN_LENGTH_LIMIT)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

char *token_basic_header(const struct credential *credential)
{
	CLEANUP(secret_freep) char *plain = xasprintf("%s:%s", credential->user, credential->password);
	size_t length = strlen(plain);
	CLEANUP(secret_freep) char *encoded = xmalloc(4 * ((length + 2) / 3) + 1);

	EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)plain, (int)length);
	return xasprintf("Basic %s", encoded);
}

/* The URL with service, scopes and account behind what the realm has already. */
static char *get_url(const struct token_request *request, const char *realm)
{
	CLEANUP(strbuf_release) struct strbuf url = STRBUF_INIT;
	char separator = strchr(realm, '?') ? '&' : '?';

	strbuf_add_string(&url, realm);
	if (request->challenge->service) {
		CLEANUP(free_string) char *service = http_percent_encode(request->challenge->service);
		strbuf_addf(&url, "%cservice=%s", separator, service);
		separator = '&';
	}
	for (size_t i = 0; i < request->scopes->count; i++) {
		CLEANUP(free_string) char *scope = http_percent_encode(request->scopes->items[i]);
		strbuf_addf(&url, "%cscope=%s", separator, scope);
		separator = '&';
	}
	if (request->credential->user) {
		CLEANUP(free_string) char *account = http_percent_encode(request->credential->user);
		strbuf_addf(&url, "%caccount=%s", separator, account);
	}
	return strbuf_detach(&url);
}

static void add_field(struct strbuf *form, const char *name, const char *value)
{
	CLEANUP(secret_freep) char *encoded = http_percent_encode(value);

	strbuf_addf(form, "%s%s=%s", form->len ? "&" : "", name, encoded);
}

static void make_form(const struct token_request *request, const char *refresh_token, struct strbuf *form)
{
	CLEANUP(strbuf_release) struct strbuf scopes = STRBUF_INIT;

	for (size_t i = 0; i < request->scopes->count; i++)
		strbuf_addf(&scopes, "%s%s", i ? " " : "", request->scopes->items[i]);
	/* No growing: that would leave copies of the secret behind. */
	strbuf_grow(form, 1024 + 3 * (strlen(refresh_token) + scopes.len));
	add_field(form, "grant_type", "refresh_token");
	if (request->challenge->service)
		add_field(form, "service", request->challenge->service);
	add_field(form, "client_id", "airlift");
	add_field(form, "scope", scopes.buf);
	add_field(form, "refresh_token", refresh_token);
}

/* TLS settings for a token server. What was said about the registry's host holds for it on that host;
 * a client certificate goes to the registry's own origin alone, "insecure" to no other host. */
static int realm_tls(struct registry_session *session, const struct endpoint *endpoint, const char *url,
		     struct http_tls *tls, struct error *err)
{
	CLEANUP(origin_release) struct origin registry = ORIGIN_INIT;
	CLEANUP(origin_release) struct origin realm = ORIGIN_INIT;
	const char *directory = session->client->options.sides[endpoint->side].certificate_directory;

	if (origin_parse(&registry, endpoint->base_url, err) < 0 || origin_parse(&realm, url, err) < 0)
		return -1;
	bool is_same_host = origin_same_host(&registry, &realm);
	CLEANUP(free_string) char *host = strcmp(realm.port, "443") == 0
						  ? xstrdup(realm.host)
						  : xasprintf("%s:%s", realm.host, realm.port);
	if (certificates_find(tls, directory, is_same_host ? endpoint->host : host, err) < 0)
		return -1;
	tls->skip_verify = is_same_host && endpoint->is_insecure;
	if (origin_equal(&registry, &realm) || (!directory && !is_same_host))
		return 0;
	free(steal(&tls->client_certificate));
	free(steal(&tls->client_key));
	return 0;
}

/* Whether the URL is on another host, which must not turn out to be this machine then. */
static int is_elsewhere(const struct endpoint *endpoint, const char *url, bool *is_distant, struct error *err)
{
	CLEANUP(origin_release) struct origin registry = ORIGIN_INIT;
	CLEANUP(origin_release) struct origin realm = ORIGIN_INIT;

	if (origin_parse(&registry, endpoint->base_url, err) < 0 || origin_parse(&realm, url, err) < 0)
		return -1;
	*is_distant = !endpoint->is_local && !origin_same_host(&registry, &realm);
	return 0;
}

/* One request; any status that does not pass is a success. It is repeated by whoever wants the token for a
 * request of its own and repeats that: two layers would ask a server that is down far too often. */
static int exchange(struct registry_session *session, const struct token_request *request,
		    const struct http_request *asked, struct http_response *response, struct error *err)
{
	CLEANUP(certificates_release) struct http_tls tls = {0};
	struct retry once = RETRY_INIT(session->client->http, ((struct retry_policy){.max_attempts = 1}));
	const struct endpoint *endpoint = request->endpoint;
	bool is_distant;

	if (realm_check(endpoint->base_url, asked->url, endpoint->is_insecure, err) < 0 ||
	    realm_tls(session, endpoint, asked->url, &tls, err) < 0 ||
	    is_elsewhere(endpoint, asked->url, &is_distant, err) < 0)
		return -1;
	struct http_request http = *asked;
	http.tls = &tls;
	http.allow_http = text_starts_with(endpoint->base_url, "http://");
	http.is_foreign = is_distant;
	http.body_limit = TOKEN_BODY_LIMIT;
	http.is_small = true;
	response_reset(response);
	if (retry_wait_for_origin(&once, http.url, err) < 0)
		return -1;
	if (http_perform(session->http, &http, response, err) == 0) {
		if (!retry_is_transient_status(response->status))
			return 0;
		error_set(err, ERROR_TRANSIENT, "it answered with status %ld", response->status);
	}
	/* What it says about waiting holds for everybody. */
	retry_again(&once, http.url, response, false, err);
	return -1;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Redirects are followed here, because each hop must pass the policy too. */
static int get(struct registry_session *session, const struct token_request *request, const char *realm,
	       struct http_response *response, struct error *err)
{
	CLEANUP(secret_freep) char *basic =
		request->credential->user ? token_basic_header(request->credential) : NULL;
	CLEANUP(free_string) char *url = get_url(request, realm);
	CLEANUP(origin_release) struct origin first = ORIGIN_INIT;

	if (origin_parse(&first, url, err) < 0)
		return -1;
	for (unsigned hop = 0; hop <= MAX_TOKEN_REDIRECTS; hop++) {
		CLEANUP(origin_release) struct origin origin = ORIGIN_INIT;
		if (origin_parse(&origin, url, err) < 0)
			return -1;
		bool is_first = origin_equal(&first, &origin);
		struct http_request http = {
			.method = "GET", .url = url, .authorization = is_first ? basic : NULL};
		if (exchange(session, request, &http, response, err) < 0)
			return -1;
		if (!is_redirect(response->status) || !response->location)
			return 0;
		char *next = NULL;
		if (http_resolve(url, response->location, &next, err) < 0)
			return -1;
		free(url);
		url = next;
		if (!first.is_http && text_starts_with(url, "http://"))
			return error_set(err, ERROR_INVALID, "it redirects from https to http");
	}
	return error_set(err, ERROR_INVALID, "it redirects more than %d times", MAX_TOKEN_REDIRECTS);
}

static int post(struct registry_session *session, const struct token_request *request, const char *realm,
		const char *refresh_token, struct http_response *response, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
	CLEANUP(secret_release) struct strbuf form = STRBUF_INIT;

	make_form(request, refresh_token, &form);
	struct memory_body body = {.data = form.buf, .length = form.len};
	struct http_source source = memory_body_source(&body);
	/* No redirects: a secret is never sent twice. */
	struct http_request http = {.method = "POST", .url = realm, .headers = headers, .source = &source};
	return exchange(session, request, &http, response, err);
}

static void read_lifetime(const struct node *root, struct token *token)
{
	struct node member = node_member(root, "expires_in");
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	uint64_t seconds = 0;

	if (node_type(&member) != NODE_INTEGER)
		return;
	/* Negative or absurd: as short as can be, a 401 costs just one request. */
	if (node_unsigned(&member, INT64_MAX, &seconds, &ignored) < 0 || seconds < MIN_LIFETIME_SECONDS)
		seconds = MIN_LIFETIME_SECONDS;
	if (seconds > MAX_LIFETIME_SECONDS)
		seconds = MAX_LIFETIME_SECONDS;
	token->has_lifetime = true;
	token->lifetime_ms = seconds * 1000;
}

static int read_token(const struct http_response *response, struct token *token, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	const char *value = NULL, *refresh_token = NULL;

	if (secret_parse_json(&document, "the token server's answer", &response->body, err) < 0)
		return -1;
	struct node root = document_root(document);
	struct node member = node_member(&root, "token");
	struct node other = node_member(&root, "access_token");
	struct node refresh = node_member(&root, "refresh_token");
	if (node_expect_object(&root, err) < 0 || node_optional_string(&member, &value, err) < 0)
		return -1;
	struct node *used = value && *value ? &member : &other;
	if (used == &other && node_optional_string(&other, &value, err) < 0)
		return -1;
	if (!value || !token_is_usable(value))
		return error_set(err, ERROR_INVALID, "the token server's answer holds no usable token");
	if (node_optional_string(&refresh, &refresh_token, err) < 0)
		return -1;
	read_lifetime(&root, token);
	if (refresh_token && token_is_usable(refresh_token))
		token->refresh_token = secret_take(&refresh);
	token->value = secret_take(used);
	return 0;
}

static int refused(const struct http_response *response, struct error *err)
{
	CLEANUP(free_string) char *text = http_error_text(response);
	bool is_denied = response->status == 401 || response->status == 403;

	return error_set(err, is_denied ? ERROR_UNAUTHORIZED : ERROR_INVALID,
			 "it answered with status %ld%s%s", response->status, *text ? ": " : "", text);
}

static int ask(struct registry_session *session, const struct token_request *request, const char *realm,
	       struct http_response *response, struct error *err)
{
	const struct credential *credential = request->credential;
	const char *refresh_token =
		request->refresh_token ? request->refresh_token : credential->identity_token;

	if (refresh_token) {
		if (post(session, request, realm, refresh_token, response, err) < 0)
			return -1;
		if (!credential->user || (response->status != 404 && response->status != 405))
			return 0;
	}
	return get(session, request, realm, response, err);
}

int token_fetch(struct registry_session *session, const struct token_request *request, struct token *token,
		struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(free_string) char *realm = NULL;

	if (http_resolve(request->endpoint->base_url, request->challenge->realm, &realm, err) < 0)
		return error_wrap(err, "token server that %s names", request->endpoint->host);
	CLEANUP(free_string) char *redacted = http_redacted_url(realm);
	CLEANUP(free_string) char *shown = text_escaped(redacted);
	int result = ask(session, request, realm, &response, err);
	if (result == 0)
		result = response.status == 200 ? read_token(&response, token, err) : refused(&response, err);
	secret_release(&response.body);
	return result < 0 ? error_wrap(err, "token server %s", shown) : 0;
}
