/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a request: its line, headers and body. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "tests/fake_registry/internal.h"

#define MAX_HEAD_BYTES (256u << 10)

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

bool request_read_head(struct exchange *exchange)
{
	CLEANUP(strbuf_release) struct strbuf head = STRBUF_INIT;

	if (!read_head(exchange->connection, &head))
		return false;
	if (parse_head(exchange, &head))
		return true;
	refuse(exchange->connection);
	return false;
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
