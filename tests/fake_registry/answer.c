/* SPDX-License-Identifier: Apache-2.0 */
/* One answer: headers, body, and how it goes wrong. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/fake_registry/internal.h"

#define PORTION_BYTES (1u << 20)

void answer_header(struct exchange *exchange, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	strbuf_addv(&exchange->headers, format, arguments);
	va_end(arguments);
	strbuf_add_string(&exchange->headers, "\r\n");
}

void answer_json(struct exchange *exchange, int status, const char *content_type)
{
	exchange->status = status;
	answer_header(exchange, "Content-Type: %s", content_type);
	exchange->body = exchange->text.buf;
	exchange->body_length = exchange->text.len;
}

void answer_error(struct exchange *exchange, int status, const char *code, const char *message)
{
	strbuf_reset(&exchange->text);
	strbuf_addf(&exchange->text, "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\",\"detail\":null}]}\n",
		    code, message);
	answer_json(exchange, status, "application/json");
}

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 202:
		return "Accepted";
	case 204:
		return "No Content";
	case 206:
		return "Partial Content";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 429:
		return "Too Many Requests";
	default:
		return "Status";
	}
}

/* Whether `lines` (separated by \r\n) has a header of the name at `name`, up to its colon. */
static bool has_header(const char *lines, const char *name)
{
	size_t length = strcspn(name, ":\r") + 1;

	for (const char *line = lines; line; line = strstr(line, "\r\n"), line = line ? line + 2 : NULL)
		if (!strncasecmp(line, name, length))
			return true;
	return false;
}

/* Our lines but those that the rule replaces, then the rule's own that have a value. */
static void add_headers(struct strbuf *head, const char *ours, const char *rules)
{
	for (const char *line = ours; *line;) {
		const char *end = strstr(line, "\r\n") + 2;
		if (!rules || !has_header(rules, line))
			strbuf_add(head, line, (size_t)(end - line));
		line = end;
	}
	for (const char *line = rules; line && *line;) {
		size_t length = strcspn(line, "\r");
		const char *colon = memchr(line, ':', length);
		const char *value = colon ? colon + 1 + strspn(colon + 1, " ") : line;

		if (value < line + length) {
			strbuf_add(head, line, length);
			strbuf_add_string(head, "\r\n");
		}
		line += length + strspn(line + length, "\r\n");
	}
}

static void add_framing(struct exchange *exchange)
{
	const struct fake_rule *rule = &exchange->rule;

	if (exchange->status == 204)
		return;
	if (rule->chunked)
		answer_header(exchange, "Transfer-Encoding: chunked");
	else if (rule->no_content_length || rule->endless)
		exchange->connection->must_close = true;
	else
		answer_header(exchange, "Content-Length: %" PRId64,
			      (int64_t)exchange->body_length + rule->content_length_delta);
	if (rule->content_length_delta)
		exchange->connection->must_close = true;
}

static void make_head(struct exchange *exchange, struct strbuf *head)
{
	const struct fake_rule *rule = &exchange->rule;

	add_framing(exchange);
	if (exchange->connection->must_close)
		answer_header(exchange, "Connection: close");
	if (rule->retry_after)
		answer_header(exchange, "Retry-After: %s", rule->retry_after);
	strbuf_addf(head, "HTTP/1.1 %d %s\r\nDocker-Distribution-Api-Version: registry/2.0\r\n",
		    exchange->status, reason(exchange->status));
	add_headers(head, exchange->headers.buf, rule->headers);
	if (rule->header_padding_bytes) {
		strbuf_add_string(head, "X-Padding: ");
		strbuf_grow(head, rule->header_padding_bytes);
		memset(head->buf + head->len, 'x', rule->header_padding_bytes);
		strbuf_set_length(head, head->len + rule->header_padding_bytes);
		strbuf_add_string(head, "\r\n");
	}
	strbuf_add_string(head, "\r\n");
}

static void record(struct exchange *exchange, uint64_t bytes_sent)
{
	if (exchange->is_recorded)
		return;
	exchange->is_recorded = true;
	exchange->request.status = exchange->status;
	exchange->request.bytes_sent = bytes_sent;
	registry_record(exchange->registry, &exchange->request);
}

/* One write: what is left of the head, then a portion of the body in its framing. */
static bool write_portion(struct exchange *exchange, struct strbuf *head, const char *data, size_t length)
{
	char size_line[24] = "";
	bool is_chunk = exchange->rule.chunked && length;
	int size_length = is_chunk ? snprintf(size_line, sizeof(size_line), "%zx\r\n", length) : 0;
	struct iovec parts[] = {
		{.iov_base = head->buf, .iov_len = head->len},
		{.iov_base = size_line, .iov_len = (size_t)size_length},
		{.iov_base = (char *)data, .iov_len = length},
		{.iov_base = (char *)"\r\n", .iov_len = is_chunk ? 2 : 0},
	};

	/* Counted before the client can have it, so that it may ask at once. */
	exchange->connection->body_bytes += length;
	atomic_fetch_add(&exchange->registry->bytes_sent, length);
	bool is_written = connection_write(exchange->connection, parts, (int)ARRAY_LENGTH(parts));
	strbuf_reset(head);
	return is_written;
}

/* How much of the body at `position` goes out at once: the damaged byte goes alone. */
static size_t next_portion(const struct exchange *exchange, size_t position, size_t end)
{
	const struct fake_rule *rule = &exchange->rule;
	size_t portion = end - position;
	size_t largest = rule->trickle_ms ? 1024 : PORTION_BYTES;

	if (rule->corrupt && rule->corrupt_offset >= exchange->body_start) {
		uint64_t damaged = rule->corrupt_offset - exchange->body_start;
		if (damaged == position)
			largest = 1;
		else if (damaged > position && damaged - position < largest)
			largest = (size_t)(damaged - position);
	}
	return portion < largest ? portion : largest;
}

/* The body up to `end`. */
static bool write_body(struct exchange *exchange, struct strbuf *head, size_t end)
{
	const struct fake_rule *rule = &exchange->rule;
	size_t position = 0;

	do {
		size_t portion = next_portion(exchange, position, end);
		const char *data = exchange->body + position;
		char damaged;

		if (portion && rule->corrupt && exchange->body_start + position == rule->corrupt_offset) {
			damaged = (char)~*data;
			data = &damaged;
		}
		if (rule->trickle_ms && !registry_wait(exchange->registry, rule->trickle_ms))
			return false;
		/* Recorded before the last byte leaves: who has the answer finds it in the record. */
		if (position + portion == end)
			record(exchange, end);
		if (!write_portion(exchange, head, data, portion))
			return false;
		position += portion;
	} while (position < end);
	return true;
}

static bool write_endless(struct exchange *exchange)
{
	static const char zeros[65536];
	struct strbuf none = STRBUF_INIT;

	while (write_portion(exchange, &none, zeros, sizeof(zeros)))
		;
	return false;
}

/* Where the body stops: its length, or where the rule breaks it. */
static size_t find_end(const struct exchange *exchange, size_t length, bool *is_cut, bool *is_stalled)
{
	const struct fake_rule *rule = &exchange->rule;
	uint64_t sent = exchange->connection->body_bytes;
	uint64_t end = length;

	*is_cut = rule->cut_at_once;
	if (rule->cut_at_once)
		return 0;
	if (rule->cut_after_bytes && rule->cut_after_bytes < end) {
		end = rule->cut_after_bytes;
		*is_cut = true;
	}
	if (rule->cut_connection_bytes && rule->cut_connection_bytes < sent + end) {
		end = rule->cut_connection_bytes > sent ? rule->cut_connection_bytes - sent : 0;
		*is_cut = true;
	}
	*is_stalled = rule->stall_after_bytes && rule->stall_after_bytes < end;
	if (*is_stalled)
		end = rule->stall_after_bytes;
	return (size_t)end;
}

/* Silence until the client goes away or the registry stops. */
static void wait_for_client(struct exchange *exchange)
{
	char ignored[1024];

	while (connection_read(exchange->connection, ignored, sizeof(ignored)) > 0)
		;
}

void answer_send(struct exchange *exchange)
{
	CLEANUP(strbuf_release) struct strbuf head = STRBUF_INIT;
	struct connection *connection = exchange->connection;
	bool is_cut = false, is_stalled = false, is_head = !strcmp(exchange->request.method, "HEAD");

	make_head(exchange, &head);
	size_t end = is_head ? 0 : find_end(exchange, exchange->body_length, &is_cut, &is_stalled);
	bool is_whole = write_body(exchange, &head, end);
	record(exchange, end);
	if (is_whole && !is_head && exchange->rule.endless && !is_cut && !is_stalled)
		is_whole = write_endless(exchange);
	if (is_whole && !is_head && exchange->rule.chunked && !is_cut && !is_stalled)
		is_whole = connection_write(
			connection, &(struct iovec){.iov_base = (char *)"0\r\n\r\n", .iov_len = 5}, 1);
	if (is_stalled)
		wait_for_client(exchange);
	if (is_cut)
		connection->must_reset = exchange->rule.reset;
	bool is_unread = !exchange->is_body_read && (exchange->length || exchange->is_chunked);
	if (is_cut || is_stalled || is_unread || !is_whole)
		connection->must_close = true;
}
