/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in and out of one connection. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/fake_registry/internal.h"

static ssize_t receive(struct connection *connection, void *data, size_t length)
{
	if (connection->ssl) {
		int got = SSL_read(connection->ssl, data, length > 1 << 20 ? 1 << 20 : (int)length);
		return got > 0 ? got : SSL_get_error(connection->ssl, got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
	}
	ssize_t got;
	do
		got = recv(connection->fd, data, length, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t connection_read(struct connection *connection, void *data, size_t length)
{
	if (connection->start == connection->end) {
		if (length >= sizeof(connection->buffer))
			return receive(connection, data, length);
		ssize_t got = receive(connection, connection->buffer, sizeof(connection->buffer));
		if (got <= 0)
			return got;
		connection->start = 0;
		connection->end = (size_t)got;
	}
	size_t there = connection->end - connection->start;
	size_t taken = length < there ? length : there;
	memcpy(data, connection->buffer + connection->start, taken);
	connection->start += taken;
	return (ssize_t)taken;
}

static bool write_tls(struct connection *connection, const char *data, size_t length)
{
	while (length) {
		int portion = length > 1 << 20 ? 1 << 20 : (int)length;
		int written = SSL_write(connection->ssl, data, portion);
		if (written <= 0)
			return false;
		data += written;
		length -= (size_t)written;
	}
	return true;
}

/* Small answers leave in one record. */
static bool write_parts_tls(struct connection *connection, const struct iovec *parts, int n_parts)
{
	char gathered[16384];
	size_t filled = 0;

	for (int i = 0; i < n_parts; i++) {
		if (filled + parts[i].iov_len <= sizeof(gathered)) {
			if (parts[i].iov_len)
				memcpy(gathered + filled, parts[i].iov_base, parts[i].iov_len);
			filled += parts[i].iov_len;
			continue;
		}
		if (!write_tls(connection, gathered, filled) ||
		    !write_tls(connection, parts[i].iov_base, parts[i].iov_len))
			return false;
		filled = 0;
	}
	return write_tls(connection, gathered, filled);
}

bool connection_write(struct connection *connection, struct iovec *parts, int n_parts)
{
	if (connection->ssl)
		return write_parts_tls(connection, parts, n_parts);
	while (n_parts) {
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n_parts};
		ssize_t written = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		size_t left = (size_t)written;
		while (n_parts && left >= parts->iov_len) {
			left -= parts->iov_len;
			parts++;
			n_parts--;
		}
		if (n_parts) {
			parts->iov_base = (char *)parts->iov_base + left;
			parts->iov_len -= left;
		}
	}
	return true;
}
