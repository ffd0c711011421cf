/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

/* 0.0.0.0/8, 127.0.0.0/8 and 169.254.0.0/16: RFC 6890 2.2.2. */
static bool is_local_ipv4(uint32_t address)
{
	return address >> 24 == 0 || address >> 24 == 127 || address >> 16 == 0xA9FE;
}

static bool is_local_ipv6(const struct in6_addr *address)
{
	uint32_t last;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		memcpy(&last, &address->s6_addr[12], sizeof(last));
		return is_local_ipv4(ntohl(last));
	}
	return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address) ||
	       IN6_IS_ADDR_LINKLOCAL(address);
}

bool address_is_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_local_ipv4(
			ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_local_ipv6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return true;
}

bool address_is_local_host(const char *host)
{
	CLEANUP(free_string) char *name = xstrdup(host);
	size_t length = strlen(name);
	struct addrinfo *found;

	if (length && name[length - 1] == '.')
		name[--length] = '\0';
	if (!strcmp(name, "localhost") || text_ends_with(name, ".localhost"))
		return true;
	if (length > 2 && name[0] == '[') {
		name[length - 1] = '\0';
		memmove(name, name + 1, length - 1);
	}
	if (getaddrinfo(name, NULL,
			&(struct addrinfo){.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, &found))
		return false;
	bool is_local = address_is_local(found->ai_addr);
	freeaddrinfo(found);
	return is_local;
}

/* An empty variable counts as unset. */
static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* One name of no_proxy: the host itself or a domain above it, with or without a dot in front. */
static bool is_below(const char *host, size_t host_length, const char *domain, size_t length)
{
	if (length && *domain == '.') {
		domain++;
		length--;
	}
	if (!length || length > host_length || strncasecmp(host + host_length - length, domain, length) != 0)
		return false;
	return length == host_length || host[host_length - length - 1] == '.';
}

/* no_proxy as libcurl reads it: names between commas or blanks, or a star for everything. */
static bool is_exempt(const char *host)
{
	const char *list = getenv(is_set("no_proxy") ? "no_proxy" : "NO_PROXY");
	size_t host_length = strlen(host);

	if (!list)
		return false;
	if (!strcmp(list, "*"))
		return true;
	if (host_length && host[host_length - 1] == '.')
		host_length--;
	for (size_t length; *(list += strspn(list, ", ")); list += length) {
		length = strcspn(list, ", ");
		if (is_below(host, host_length, list, length))
			return true;
	}
	return false;
}

bool address_is_of_proxy(const struct url *url)
{
	bool has_proxy =
		url->is_https ? is_set("https_proxy") || is_set("HTTPS_PROXY") : is_set("http_proxy");

	if (!has_proxy && !is_set("all_proxy") && !is_set("ALL_PROXY"))
		return false;
	return !is_exempt(url->host);
}
