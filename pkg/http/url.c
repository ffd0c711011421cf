/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/http.h"

/* DNS names have at most 253 characters; the brackets of an IPv6 address fit as well. */
#define HOST_LENGTH_MAX 255

static int refuse(const char *text, const char *why, struct error *err)
{
	CLEANUP(free_string) char *shown = http_redacted_url(text);

	return error_set(err, ERROR_INVALID, "URL '%s' %s", shown, why);
}

/* The character that makes a URL unfit for a request line, or NULL. */
static const char *find_unfit_character(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7F)
			return text;
	return NULL;
}

static const char *skip_scheme(const char *text, bool *is_https)
{
	*is_https = !strncasecmp(text, "https://", 8);
	if (*is_https)
		return text + 8;
	return strncasecmp(text, "http://", 7) ? NULL : text + 7;
}

static bool is_host_name(const char *host)
{
	if (host[0] == '.' || strstr(host, ".."))
		return false;
	for (; *host; host++)
		if (!isalnum((unsigned char)*host) && !strchr(".-_", *host))
			return false;
	return true;
}

/* Zone identifiers ("%eth0") are not taken: they mean nothing beyond one machine. */
static bool is_address_in_brackets(const char *host)
{
	size_t length = strlen(host);
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;

	if (length < 4 || host[0] != '[' || host[length - 1] != ']' || length - 2 >= sizeof(address))
		return false;
	memcpy(address, host + 1, length - 2);
	address[length - 2] = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1;
}

/* "host", "host:port", "[address]", "[address]:port"; takes the port off `authority`. */
static bool split_port(char *authority, uint16_t *port)
{
	char *colon = strrchr(authority, ':');
	const char *bracket = strchr(authority, ']');
	struct error ignored = ERROR_INIT;
	uint64_t number;

	if (!colon || (bracket && bracket > colon))
		return true;
	*colon = '\0';
	if (text_parse_number(colon + 1, UINT16_MAX, &number, &ignored) < 0) {
		error_clear(&ignored);
		return false;
	}
	*port = (uint16_t)number;
	return number > 0;
}

int url_parse(struct url *url, const char *text, struct error *err)
{
	bool is_https;

	if (strlen(text) > URL_LENGTH_MAX)
		return refuse(text, "is too long", err);
	if (find_unfit_character(text))
		return refuse(text, "contains a blank or control character", err);
	const char *authority = skip_scheme(text, &is_https);
	if (!authority)
		return refuse(text, "is neither http:// nor https://", err);
	size_t length = strcspn(authority, "/?#");
	if (memchr(authority, '@', length))
		return refuse(text, "contains user information", err);
	if (strchr(authority, '#'))
		return refuse(text, "contains a fragment", err);

	CLEANUP(free_string) char *host = xstrndup(authority, length);
	uint16_t port = is_https ? 443 : 80;
	if (!split_port(host, &port))
		return refuse(text, "has no valid port", err);
	if (!*host || strlen(host) > HOST_LENGTH_MAX ||
	    (!is_host_name(host) && !is_address_in_brackets(host)))
		return refuse(text, "has no valid host name", err);
	for (char *letter = host; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	*url = (struct url){
		.is_https = is_https, .host = steal(&host), .port = port, .rest = authority + length};
	return 0;
}

void url_release(struct url *url)
{
	free(steal(&url->host));
}

int http_origin(const char *url, char **origin, struct error *err)
{
	CLEANUP(url_release) struct url parsed = {0};

	if (url_parse(&parsed, url, err) < 0)
		return -1;
	*origin = xasprintf("http%s://%s:%u", parsed.is_https ? "s" : "", parsed.host, (unsigned)parsed.port);
	return 0;
}

char *http_percent_encode(const char *text)
{
	struct strbuf out = STRBUF_INIT;

	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			strbuf_add_char(&out, *text);
		else
			strbuf_addf(&out, "%%%02X", (unsigned)(unsigned char)*text);
	return strbuf_detach(&out);
}
