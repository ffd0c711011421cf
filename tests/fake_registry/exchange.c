/* SPDX-License-Identifier: Apache-2.0 */
/* One request: read, judged by rules, routed, answered. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/fake_registry/internal.h"

#define MAX_HEAD_BYTES (256u << 10)
#define MAX_BODY_BYTES ((uint64_t)16 << 30)

/* --- forms and headers */

static int hex_digit(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

static char *decode(const char *text, size_t length)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%' && i + 2 < length && isxdigit((unsigned char)text[i + 1]) &&
		    isxdigit((unsigned char)text[i + 2])) {
			strbuf_add_char(&out, (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])));
			i += 2;
		} else {
			strbuf_add_char(&out, text[i] == '+' ? ' ' : text[i]);
		}
	}
	return strbuf_detach(&out);
}

char *form_value(const char *form, const char *name, unsigned number)
{
	size_t name_length = strlen(name);

	for (const char *pair = form; *pair; pair += *pair == '&') {
		size_t length = strcspn(pair, "&");
		if (length > name_length && pair[name_length] == '=' && !strncmp(pair, name, name_length) &&
		    !number--)
			return decode(pair + name_length + 1, length - name_length - 1);
		pair += length;
	}
	return NULL;
}

char *exchange_header(const struct exchange *exchange, const char *name)
{
	size_t name_length = strlen(name);

	for (const char *line = exchange->request.headers; *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n");
		if (length > name_length && line[name_length] == ':' &&
		    !strncasecmp(line, name, name_length)) {
			size_t start = name_length + 1 + strspn(line + name_length + 1, " \t");
			return xstrndup(line + start, start < length ? length - start : 0);
		}
		line += length;
	}
	return NULL;
}

/* --- reading the request */

static void refuse(struct connection *connection)
{
	static const char text[] =
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	struct iovec part = {.iov_base = (char *)text, .iov_len = sizeof(text) - 1};

	connection_write(connection, &part, 1);
}

/* Everything up to the empty line; false at the end of the connection. */
static bool read_head(struct connection *connection, struct strbuf *head)
{
	char byte;

	while (head->len < 4 || memcmp(head->buf + head->len - 4, "\r\n\r\n", 4) != 0) {
		if (head->len > MAX_HEAD_BYTES || connection_read(connection, &byte, 1) != 1)
			return false;
		/* A TLS handshake where http is spoken: like other servers, do not wait for an empty line. */
		if (head->len == 0 && byte == 0x16)
			return false;
		strbuf_add_char(head, byte);
	}
	strbuf_set_length(head, head->len - 4);
	return true;
}

static bool parse_request_line(struct exchange *exchange, char *line)
{
	char *target = strchr(line, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;

	if (!version || !text_starts_with(version, " HTTP/1."))
		return false;
	*target++ = *version = '\0';
	exchange->request.method = xstrdup(line);
	exchange->request.target = xstrdup(target);
	if (!strcmp(version + 1, "HTTP/1.0"))
		exchange->connection->must_close = true;
	size_t path_length = strcspn(target, "?");
	exchange->path = decode(target, path_length);
	exchange->query = xstrdup(target[path_length] ? target + path_length + 1 : "");
	return true;
}

static bool parse_headers(struct exchange *exchange)
{
	CLEANUP(free_string) char *length = exchange_header(exchange, "Content-Length");
	CLEANUP(free_string) char *encoding = exchange_header(exchange, "Transfer-Encoding");
	CLEANUP(free_string) char *expect = exchange_header(exchange, "Expect");
	CLEANUP(free_string) char *connection = exchange_header(exchange, "Connection");
	struct error err = ERROR_INIT;

	exchange->request.authorization = exchange_header(exchange, "Authorization");
	exchange->request.has_client_certificate = exchange->connection->has_client_certificate;
	exchange->is_chunked = encoding && !strcasecmp(encoding, "chunked");
	exchange->expects_continue = expect && !strcasecmp(expect, "100-continue");
	exchange->has_length = length != NULL;
	if (connection && !strcasecmp(connection, "close"))
		exchange->connection->must_close = true;
	if (length && text_parse_number(length, MAX_BODY_BYTES, &exchange->length, &err) < 0) {
		error_clear(&err);
		return false;
	}
	return !encoding || exchange->is_chunked;
}

static bool parse_head(struct exchange *exchange, struct strbuf *head)
{
	char *end = strstr(head->buf, "\r\n");
	char *headers = end ? end + 2 : head->buf + head->len;
	char *out = headers;

	if (end)
		*end = '\0';
	for (char *in = headers; *in; in++)
		if (*in != '\r')
			*out++ = *in;
	*out = '\0';
	exchange->request.headers = xstrdup(headers);
	exchange->request.connection = exchange->connection->number;
	return parse_request_line(exchange, head->buf) && parse_headers(exchange);
}

static bool read_exactly(struct exchange *exchange, struct strbuf *body, uint64_t length)
{
	strbuf_grow(body, length);
	while (length) {
		ssize_t got = connection_read(exchange->connection, body->buf + body->len, length);
		if (got <= 0)
			return false;
		strbuf_set_length(body, body->len + (size_t)got);
		exchange->request.bytes_received += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return true;
}

static bool read_line(struct connection *connection, char *line, size_t size)
{
	for (size_t length = 0; length < size; length++) {
		if (connection_read(connection, line + length, 1) != 1)
			return false;
		if (line[length] == '\n') {
			line[length] = '\0';
			return true;
		}
	}
	return false;
}

static bool read_chunks(struct exchange *exchange, struct strbuf *body, uint64_t limit)
{
	char line[32];

	for (;;) {
		if (!read_line(exchange->connection, line, sizeof(line)))
			return false;
		unsigned long long size = strtoull(line, NULL, 16);
		if (size > limit || exchange->request.bytes_received > limit - size)
			return false;
		if (size && !read_exactly(exchange, body, size))
			return false;
		if (!read_line(exchange->connection, line, sizeof(line)))
			return false;
		if (!size)
			return true;
	}
}

bool exchange_read_body(struct exchange *exchange, struct strbuf *body, uint64_t limit)
{
	if (exchange->is_body_read)
		return true;
	exchange->is_body_read = true;
	if (exchange->length > limit)
		return false;
	if (exchange->expects_continue) {
		struct iovec go = {.iov_base = (char *)"HTTP/1.1 100 Continue\r\n\r\n", .iov_len = 25};
		if (!connection_write(exchange->connection, &go, 1))
			return false;
	}
	return exchange->is_chunked ? read_chunks(exchange, body, limit)
				    : read_exactly(exchange, body, exchange->length);
}

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
	CLEANUP(strbuf_release) struct strbuf head = STRBUF_INIT;
	CLEANUP(release_exchange) struct exchange exchange = {
		.registry = connection->registry,
		.connection = connection,
		.headers = STRBUF_INIT,
		.text = STRBUF_INIT,
	};

	if (!read_head(connection, &head))
		return false;
	if (!parse_head(&exchange, &head)) {
		refuse(connection);
		return false;
	}
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
