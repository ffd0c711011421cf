/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server on the loopback for the tests of pkg/http: a thread a connection; the test writes the
 * answers byte by byte in a handler. Keeps the header of every request for assertions.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "http/http.h"
#include "tests/tap.h"

#define SERVER_CONNECTIONS_MAX 64
#define UNUSED __attribute__((unused))

struct connection {
	struct server *server;
	int fd;
	SSL *tls;
	struct strbuf head; /* of the current request, with its empty line */
	bool is_last;       /* close after this answer */
};

typedef void server_handler(struct connection *connection, const char *head);

struct server {
	server_handler *handler;
	SSL_CTX *tls; /* NULL: plain */
	int fd;
	unsigned port;
	pthread_t thread;
	pthread_t workers[SERVER_CONNECTIONS_MAX];
	struct connection connections[SERVER_CONNECTIONS_MAX];
	size_t n_connections;
	pthread_mutex_t mutex;
	struct strvec heads; /* of all requests */
	atomic_bool saw_client_certificate;
	const char *target; /* for the handler */
};

static UNUSED bool server_write(struct connection *connection, const void *data, size_t length)
{
	const char *rest = data;

	while (length) {
		ssize_t written = connection->tls ? SSL_write(connection->tls, rest, (int)length)
						  : send(connection->fd, rest, length, MSG_NOSIGNAL);
		if (written <= 0)
			return false;
		rest += written;
		length -= (size_t)written;
	}
	return true;
}

static UNUSED bool server_print(struct connection *connection, const char *format, ...) PRINTF_LIKE(2, 3);
static UNUSED bool server_print(struct connection *connection, const char *format, ...)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list arguments;

	va_start(arguments, format);
	strbuf_addv(&text, format, arguments);
	va_end(arguments);
	return server_write(connection, text.buf, text.len);
}

static UNUSED bool server_answer(struct connection *connection, const char *status, const char *headers,
				 const char *body)
{
	return server_print(connection, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
			    strlen(body), headers, body);
}

static UNUSED ssize_t server_read(struct connection *connection, void *data, size_t length)
{
	return connection->tls ? SSL_read(connection->tls, data, (int)length)
			       : recv(connection->fd, data, length, 0);
}

static UNUSED bool server_read_head(struct connection *connection)
{
	char byte;

	strbuf_reset(&connection->head);
	while (server_read(connection, &byte, 1) == 1) {
		strbuf_add_char(&connection->head, byte);
		if (connection->head.len >= 4 &&
		    !memcmp(connection->head.buf + connection->head.len - 4, "\r\n\r\n", 4))
			return true;
	}
	return false;
}

/* The body that Content-Length announces; answers "Expect". Its length, or -1. */
static UNUSED ssize_t server_read_body(struct connection *connection, struct strbuf *body)
{
	const char *field = strcasestr(connection->head.buf, "Content-Length:");
	size_t length = field ? strtoul(field + 15, NULL, 10) : 0, total = 0;
	static const size_t portion = 1 << 16;
	CLEANUP(free_string) char *buffer = xmalloc(portion);

	if (strcasestr(connection->head.buf, "Expect: 100-continue"))
		server_print(connection, "HTTP/1.1 100 Continue\r\n\r\n");
	while (total < length) {
		size_t wanted = length - total < portion ? length - total : portion;
		ssize_t got = server_read(connection, buffer, wanted);
		if (got <= 0)
			return -1;
		if (body)
			strbuf_add(body, buffer, (size_t)got);
		total += (size_t)got;
	}
	return (ssize_t)total;
}

static UNUSED void *server_serve(void *context)
{
	struct connection *connection = context;
	struct server *server = connection->server;

	if (server->tls) {
		connection->tls = SSL_new(server->tls);
		SSL_set_fd(connection->tls, connection->fd);
		if (SSL_accept(connection->tls) <= 0)
			connection->is_last = true;
		X509 *peer = SSL_get1_peer_certificate(connection->tls);
		if (peer)
			atomic_store(&server->saw_client_certificate, true);
		X509_free(peer);
	}
	while (!connection->is_last && server_read_head(connection)) {
		pthread_mutex_lock(&server->mutex);
		strvec_push(&server->heads, connection->head.buf);
		pthread_mutex_unlock(&server->mutex);
		server->handler(connection, connection->head.buf);
	}
	if (connection->tls)
		SSL_shutdown(connection->tls);
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static UNUSED void *server_accept(void *context)
{
	struct server *server = context;

	while (server->n_connections < SERVER_CONNECTIONS_MAX) {
		int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			break;
		size_t i = server->n_connections++;
		server->connections[i] = (struct connection){.server = server, .fd = fd, .head = STRBUF_INIT};
		if (pthread_create(&server->workers[i], NULL, server_serve, &server->connections[i]))
			abort();
	}
	return NULL;
}

/* `tls` is borrowed. */
static UNUSED struct server *server_start(server_handler *handler, SSL_CTX *tls)
{
	struct server *server = xcalloc(1, sizeof(*server));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	server->handler = handler;
	server->tls = tls;
	pthread_mutex_init(&server->mutex, NULL);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server->fd, 64) < 0 || getsockname(server->fd, (struct sockaddr *)&address, &length) < 0)
		abort();
	server->port = ntohs(address.sin_port);
	if (pthread_create(&server->thread, NULL, server_accept, server))
		abort();
	return server;
}

static UNUSED void server_stop(struct server **stopped)
{
	struct server *server = *stopped;

	if (!server)
		return;
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	for (size_t i = 0; i < server->n_connections; i++) {
		struct connection *connection = &server->connections[i];
		shutdown(connection->fd, SHUT_RDWR);
		pthread_join(server->workers[i], NULL);
		SSL_free(connection->tls);
		close(connection->fd);
		strbuf_release(&connection->head);
	}
	strvec_release(&server->heads);
	pthread_mutex_destroy(&server->mutex);
	free(server);
	*stopped = NULL;
}

static UNUSED size_t server_n_requests(struct server *server)
{
	pthread_mutex_lock(&server->mutex);
	size_t count = server->heads.count;
	pthread_mutex_unlock(&server->mutex);
	return count;
}

static UNUSED char *server_url(const struct server *server, const char *path)
{
	return xasprintf("http%s://127.0.0.1:%u%s", server->tls ? "s" : "", server->port, path);
}

/* The test's own clock: how long something took. */
static UNUSED uint64_t since_ms(uint64_t start_ms)
{
	return clock_milliseconds() - start_ms;
}

/* A client and a session; the environment's proxies must not be asked for 127.0.0.1. */
struct setup {
	struct http_client *client;
	struct http_session *session;
};

static UNUSED struct setup setup_new(const struct http_options *options)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
					    "ALL_PROXY"};
	struct setup setup = {0};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		unsetenv(names[i]);
	EXPECT_OK(http_client_new(&setup.client, options ? options : &(struct http_options){0}, &err), &err);
	setup.session = http_session_new(setup.client);
	return setup;
}

static UNUSED void setup_release(struct setup *setup)
{
	http_session_free(setup->session);
	http_client_free(setup->client);
}

static UNUSED void session_freep(struct http_session **session)
{
	http_session_free(*session);
}

/* A GET as the tests want it mostly; change what differs. */
static UNUSED struct http_request get_request(const char *url)
{
	return (struct http_request){
		.method = "GET", .url = url, .allow_http = true, .body_limit = 1 << 20, .max_redirects = 5};
}

struct memory_source {
	const char *data;
};

static UNUSED ssize_t memory_read(void *context, uint64_t offset, void *data, size_t length,
				  struct error *err)
{
	const struct memory_source *source = context;

	(void)err;
	memcpy(data, source->data + offset, length);
	return (ssize_t)length;
}
