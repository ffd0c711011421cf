/* SPDX-License-Identifier: Apache-2.0 */
/* Basic, Bearer and the token endpoint. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cancel.h"
#include "base/text.h"
#include "tests/fake_registry/internal.h"

/* Whether granted scopes ("repository:a/b:pull,push ...") allow an action on a repository. */
static bool allows(const char *scopes, const char *name, const char *action)
{
	size_t name_length = strlen(name), action_length = strlen(action);

	for (const char *scope = scopes; *scope; scope += strspn(scope, " ")) {
		size_t length = strcspn(scope, " ");
		const char *end = scope + length;
		const char *actions = memrchr(scope, ':', length);
		bool is_ours = actions && text_starts_with(scope, "repository:") &&
			       (size_t)(actions - scope) == 11 + name_length &&
			       !strncmp(scope + 11, name, name_length);

		for (const char *word = is_ours ? actions + 1 : end; word < end;) {
			size_t word_length = strcspn(word, ", ");
			if (word_length == action_length && !strncmp(word, action, action_length))
				return true;
			word += word_length + (word + word_length < end);
		}
		scope = end;
	}
	return false;
}

static char *find_scopes(struct fake_registry *registry, const char *authorization)
{
	char *scopes = NULL;

	if (!authorization || strncasecmp(authorization, "bearer ", 7) != 0)
		return NULL;
	pthread_mutex_lock(&registry->content->mutex);
	const struct fake_token *token = map_get(&registry->content->tokens, authorization + 7);
	if (token && token->expires_ms > clock_milliseconds())
		scopes = xstrdup(token->scopes);
	pthread_mutex_unlock(&registry->content->mutex);
	return scopes;
}

static bool is_upload(const struct exchange *exchange)
{
	return exchange->kind && !strcmp(exchange->kind, "uploads");
}

static bool needs_push(const struct exchange *exchange)
{
	const char *method = exchange->request.method;

	return is_upload(exchange) || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0);
}

static void challenge_bearer(struct exchange *exchange, const char *mount_from, bool is_insufficient)
{
	CLEANUP(strbuf_release) struct strbuf scope = STRBUF_INIT;

	if (exchange->name)
		strbuf_addf(&scope, ",scope=\"repository:%s:%s", exchange->name,
			    needs_push(exchange) ? "pull,push" : "pull");
	if (exchange->name && mount_from)
		strbuf_addf(&scope, " repository:%s:pull", mount_from);
	if (exchange->name)
		strbuf_add_char(&scope, '"');
	answer_header(exchange, "WWW-Authenticate: Bearer realm=\"%s\",service=\"%s\"%s%s",
		      exchange->registry->realm, exchange->registry->options.service, scope.buf,
		      is_insufficient ? ",error=\"insufficient_scope\"" : "");
	answer_error(exchange, 401, "UNAUTHORIZED", "authentication required");
}

static bool check_bearer(struct exchange *exchange)
{
	CLEANUP(free_string) char *scopes = find_scopes(exchange->registry, exchange->request.authorization);
	CLEANUP(free_string) char *mount_from = NULL;

	if (is_upload(exchange))
		mount_from = form_value(exchange->query, "from", 0);
	bool is_allowed = scopes != NULL;
	if (is_allowed && exchange->name)
		is_allowed = allows(scopes, exchange->name, needs_push(exchange) ? "push" : "pull");
	if (is_allowed && mount_from)
		is_allowed = allows(scopes, mount_from, "pull");
	if (!is_allowed)
		challenge_bearer(exchange, mount_from, scopes != NULL);
	return is_allowed;
}

bool auth_check(struct exchange *exchange)
{
	const char *authorization = exchange->request.authorization;

	switch (exchange->registry->options.auth) {
	case FAKE_AUTH_NONE:
		return true;
	case FAKE_AUTH_BEARER:
		return check_bearer(exchange);
	case FAKE_AUTH_BASIC:
		break;
	}
	if (authorization && !strcmp(authorization, exchange->registry->basic))
		return true;
	answer_header(exchange, "WWW-Authenticate: Basic realm=\"%s\"", exchange->registry->options.service);
	answer_error(exchange, 401, "UNAUTHORIZED", "authentication required");
	return false;
}

/* --- the token endpoint */

/* Adds words of "repository:a:pull,push repository:b:pull"; who is not known may only pull. */
static void add_scopes(struct strbuf *scopes, const char *words, bool is_anonymous)
{
	for (const char *word = words; *word; word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");
		const char *actions = memrchr(word, ':', length);

		if (scopes->len)
			strbuf_add_char(scopes, ' ');
		if (is_anonymous && actions) {
			strbuf_add(scopes, word, (size_t)(actions - word));
			strbuf_add_string(scopes, ":pull");
		} else {
			strbuf_add(scopes, word, length);
		}
		word += length;
	}
}

/* All scopes that are granted to a request, separated by blanks. */
static char *granted_scopes(const char *form, bool is_anonymous)
{
	struct strbuf scopes = STRBUF_INIT;

	for (unsigned i = 0;; i++) {
		CLEANUP(free_string) char *words = form_value(form, "scope", i);
		if (!words)
			return strbuf_detach(&scopes);
		add_scopes(&scopes, words, is_anonymous);
	}
}

static void grant_token(struct exchange *exchange, const char *form, bool is_anonymous)
{
	struct fake_content *content = exchange->registry->content;
	unsigned seconds = exchange->registry->options.token_seconds;
	struct fake_token *token = xcalloc(1, sizeof(*token));

	token->scopes = granted_scopes(form, is_anonymous);
	token->expires_ms = clock_milliseconds() + (uint64_t)seconds * 1000;
	pthread_mutex_lock(&content->mutex);
	CLEANUP(free_string) char *text = xasprintf("fake-token-%u", ++content->next_number);
	map_set(&content->tokens, text, token);
	pthread_mutex_unlock(&content->mutex);
	strbuf_addf(&exchange->text, "{\"token\":\"%s\",\"access_token\":\"%s\",\"expires_in\":%u}", text,
		    text, seconds);
	answer_json(exchange, 200, "application/json");
}

static bool is_equal(const char *got, const char *wanted)
{
	return got && wanted && !strcmp(got, wanted);
}

static bool has_form_credentials(const struct fake_options *options, const char *form)
{
	CLEANUP(free_string) char *type = form_value(form, "grant_type", 0);
	CLEANUP(free_string) char *refresh = form_value(form, "refresh_token", 0);
	CLEANUP(free_string) char *user = form_value(form, "username", 0);
	CLEANUP(free_string) char *password = form_value(form, "password", 0);

	if (is_equal(type, "refresh_token"))
		return is_equal(refresh, options->identity_token);
	return is_equal(type, "password") && is_equal(user, options->user) &&
	       is_equal(password, options->password);
}

static void token_post(struct exchange *exchange)
{
	CLEANUP(strbuf_release) struct strbuf form = STRBUF_INIT;
	const struct fake_options *options = &exchange->registry->options;

	if (!exchange_read_body(exchange, &form, 65536)) {
		answer_error(exchange, 400, "UNSUPPORTED", "no form");
		return;
	}
	exchange->request.body = xstrdup(form.buf);
	if (options->no_token_post)
		answer_error(exchange, 404, "NOT_FOUND", "page not found");
	else if (has_form_credentials(options, form.buf))
		grant_token(exchange, form.buf, false);
	else
		answer_error(exchange, 401, "UNAUTHORIZED", "these credentials are not known");
}

void auth_token(struct exchange *exchange)
{
	const char *authorization = exchange->request.authorization;
	const struct fake_options *options = &exchange->registry->options;

	if (!strcmp(exchange->request.method, "POST"))
		token_post(exchange);
	else if (is_equal(authorization, exchange->registry->basic))
		grant_token(exchange, exchange->query, false);
	else if (!authorization && options->allows_anonymous_pull)
		grant_token(exchange, exchange->query, true);
	else
		answer_error(exchange, 401, "UNAUTHORIZED", "these credentials are not known");
}
