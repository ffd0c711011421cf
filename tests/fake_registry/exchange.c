/* SPDX-License-Identifier: Apache-2.0 */
/* One request: judged by rules, routed, answered; and the life of a connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/fake_registry/internal.h"

/* --- routing */

/* /v2/NAME/KIND/ITEM, where NAME has slashes and maybe components called like a kind. */
static bool parse_path(struct exchange *exchange)
{
	const char *rest = exchange->path + strlen("/v2/");
	const char *last = strrchr(rest, '/');
	const char *uploads = strstr(rest, "/blobs/uploads/");

	if (!last || last == rest)
		return false;
	if (uploads && !strchr(uploads + strlen("/blobs/uploads/"), '/')) {
		exchange->name = xstrndup(rest, (size_t)(uploads - rest));
		exchange->kind = xstrdup("uploads");
	} else {
		const char *before = memrchr(rest, '/', (size_t)(last - rest));
		if (!before)
			return false;
		exchange->name = xstrndup(rest, (size_t)(before - rest));
		exchange->kind = xstrndup(before + 1, (size_t)(last - before - 1));
	}
	exchange->item = xstrdup(last + 1);
	return true;
}

static void handle(struct exchange *exchange)
{
	static const struct {
		const char *kind;
		void (*run)(struct exchange *exchange);
	} handlers[] = {
		{"manifests", manifests_handle}, {"blobs", blobs_handle},         {"uploads", uploads_handle},
		{"tags", tags_handle},           {"referrers", referrers_handle},
	};

	if (!strcmp(exchange->path, "/v2/")) {
		strbuf_add_string(&exchange->text, "{}");
		answer_json(exchange, 200, "application/json");
		return;
	}
	for (size_t i = 0; exchange->kind && i < ARRAY_LENGTH(handlers); i++) {
		if (strcmp(exchange->kind, handlers[i].kind) != 0)
			continue;
		handlers[i].run(exchange);
		return;
	}
	answer_error(exchange, 404, "NOT_FOUND", "page not found");
}

/* What a rule says instead of the protocol. */
static void answer_as_ruled(struct exchange *exchange)
{
	const struct fake_rule *rule = &exchange->rule;

	strbuf_reset(&exchange->headers);
	strbuf_reset(&exchange->text);
	exchange->body_start = 0;
	int status = rule->status ? rule->status : rule->redirect ? 307 : 200;
	if (rule->redirect) {
		size_t length = strlen(rule->redirect);
		bool is_base = length && rule->redirect[length - 1] == '*';
		answer_header(exchange, "Location: %.*s%s", (int)(length - is_base), rule->redirect,
			      is_base ? exchange->request.target : "");
	}
	if (rule->body) {
		strbuf_add_string(&exchange->text, rule->body);
		answer_json(exchange, status, "application/json");
	} else if (status >= 400) {
		answer_error(exchange, status, "UNKNOWN", "as the rule says");
	} else {
		answer_json(exchange, status, "text/plain");
	}
}

static bool rules_replace_answer(const struct fake_rule *rule)
{
	return rule->status || rule->body || rule->redirect;
}

/* The end of a connection without reading what is still to come, such that the client can read our
 * answer: a plain close with unread bytes would reset the connection. */
static void linger(struct exchange *exchange)
{
	struct connection *connection = exchange->connection;
	struct timeval patience = {.tv_sec = 2};
	char ignored[65536];

	if (connection->ssl)
		SSL_shutdown(connection->ssl);
	shutdown(connection->fd, SHUT_WR);
	setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < 256; i++)
		if (recv(connection->fd, ignored, sizeof(ignored), 0) <= 0)
			break;
}

/* Answers with the request's body unread and ends the connection. */
static void answer_unread(struct exchange *exchange)
{
	exchange->connection->must_close = true;
	answer_send(exchange);
	if (!exchange->is_body_read && (exchange->length || exchange->is_chunked) && !exchange->rule.reset)
		linger(exchange);
}

/* An answer that needs nothing of the body: read it and forget it, unless the client waits for our
 * word before it sends. */
static void answer_without_body(struct exchange *exchange)
{
	CLEANUP(strbuf_release) struct strbuf ignored = STRBUF_INIT;

	if (exchange->expects_continue && !exchange->is_body_read)
		answer_unread(exchange);
	else if (exchange_read_body(exchange, &ignored, MAX_BODY_BYTES))
		answer_send(exchange);
	else
		exchange->connection->must_close = true;
}

/* Without an answer, or with one that is no HTTP of ours. True if the exchange is over. */
static bool misbehave_early(struct exchange *exchange)
{
	const struct fake_rule *rule = &exchange->rule;
	struct connection *connection = exchange->connection;
	bool is_too_large = rule->body_limit_bytes && exchange->length > rule->body_limit_bytes;

	if (rule->delay_ms && !registry_wait(exchange->registry, rule->delay_ms))
		connection->must_close = true;
	if (rule->raw) {
		struct iovec raw = {.iov_base = (char *)rule->raw, .iov_len = strlen(rule->raw)};
		connection_write(connection, &raw, 1);
	}
	if (rule->raw || (rule->drop && !rule->performs)) {
		connection->must_close = true;
		connection->must_reset = rule->reset;
		return true;
	}
	if (is_too_large) {
		answer_error(exchange, 413, "SIZE_INVALID", "the body is too large");
		answer_unread(exchange);
		return true;
	}
	if (rule->answers_early) {
		answer_as_ruled(exchange);
		answer_unread(exchange);
		return true;
	}
	return false;
}

static void stall(struct exchange *exchange)
{
	char ignored[1024];

	while (connection_read(exchange->connection, ignored, sizeof(ignored)) > 0)
		;
	exchange->connection->must_close = true;
}

static void carry_out(struct exchange *exchange)
{
	const struct fake_rule *rule = &exchange->rule;

	handle(exchange);
	if (rule->drop) {
		exchange->status = 0;
		exchange->connection->must_close = true;
		exchange->connection->must_reset = rule->reset;
		return;
	}
	if (rules_replace_answer(rule))
		answer_as_ruled(exchange);
	if (exchange->status)
		answer_without_body(exchange);
	else
		exchange->connection->must_close = true;
}

static void respond(struct exchange *exchange)
{
	const struct fake_rule *rule = &exchange->rule;

	if (misbehave_early(exchange))
		return;
	if (rule->stall) {
		stall(exchange);
		return;
	}
	if (rules_replace_answer(rule) && !rule->performs) {
		answer_as_ruled(exchange);
		answer_without_body(exchange);
		return;
	}
	if (!strcmp(exchange->path, "/token")) {
		auth_token(exchange);
		answer_without_body(exchange);
		return;
	}
	if (!auth_check(exchange)) {
		answer_without_body(exchange);
		return;
	}
	carry_out(exchange);
}

static void count_active(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->mutex);
	registry->n_active++;
	if (registry->n_active > registry->peak_active)
		registry->peak_active = registry->n_active;
	pthread_mutex_unlock(&registry->mutex);
}

static void release_exchange(struct exchange *exchange)
{
	free(exchange->request.method);
	free(exchange->request.target);
	free(exchange->request.headers);
	free(exchange->request.authorization);
	free(exchange->request.body);
	free(exchange->path);
	free(exchange->query);
	free(exchange->name);
	free(exchange->kind);
	free(exchange->item);
	strbuf_release(&exchange->headers);
	strbuf_release(&exchange->text);
}

/* False when the client has left. */
static bool serve_one(struct connection *connection)
{
	CLEANUP(release_exchange) struct exchange exchange = {
		.registry = connection->registry,
		.connection = connection,
		.headers = STRBUF_INIT,
		.text = STRBUF_INIT,
	};

	if (!request_read_head(&exchange))
		return false;
	count_active(connection->registry);
	rules_apply(&exchange);
	if (text_starts_with(exchange.path, "/v2/"))
		parse_path(&exchange);
	respond(&exchange);
	if (!exchange.is_recorded)
		registry_record(connection->registry, &exchange.request);
	return true;
}

/* --- the life of a connection */

static bool start_tls(struct connection *connection)
{
	if (!connection->registry->tls)
		return true;
	connection->ssl = SSL_new(connection->registry->tls);
	SSL_set_fd(connection->ssl, connection->fd);
	if (SSL_accept(connection->ssl) != 1)
		return false;
	X509 *certificate = SSL_get1_peer_certificate(connection->ssl);
	connection->has_client_certificate = certificate != NULL;
	X509_free(certificate);
	return true;
}

static void end_connection(struct connection *connection)
{
	if (connection->must_reset)
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
			   sizeof(struct linger));
	SSL_free(connection->ssl);
	pthread_mutex_lock(&connection->registry->mutex);
	close(connection->fd);
	connection->fd = -1;
	pthread_mutex_unlock(&connection->registry->mutex);
	atomic_store(&connection->is_finished, true);
}

void *connection_run(void *argument)
{
	struct connection *connection = argument;

	if (start_tls(connection))
		while (!connection->must_close && serve_one(connection))
			;
	end_connection(connection);
	return NULL;
}
