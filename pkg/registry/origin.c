/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/origin.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/http.h"

void origin_release(struct origin *origin)
{
	free(origin->text);
	free(origin->host);
	*origin = (struct origin)ORIGIN_INIT;
}

int origin_parse(struct origin *origin, const char *url, struct error *err)
{
	CLEANUP(free_string) char *text = NULL;

	if (http_origin(url, &text, err) < 0)
		return -1;
	/* http_origin always writes "://" and a port. */
	char *host = strstr(text, "://") + 3;
	char *port = strrchr(host, ':');
	origin->is_http = text_starts_with(text, "http://");
	origin->host = xstrndup(host, (size_t)(port - host));
	origin->port = port + 1;
	origin->text = steal(&text);
	return 0;
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
	return strcmp(a->text, b->text) == 0;
}

bool origin_same_host(const struct origin *a, const struct origin *b)
{
	return strcmp(a->host, b->host) == 0;
}

bool origin_is_address(const struct origin *origin)
{
	size_t length = strlen(origin->host);
	/* To a resolver a dot at the end changes nothing. */
	CLEANUP(free_string) char *host =
		xstrndup(origin->host, length && origin->host[length - 1] == '.' ? length - 1 : length);

	/* Resolvers also take "2130706433", "0177.0.0.1" and "0x7f.1" for addresses. */
	return host[0] == '[' || strspn(host, "0123456789.") == strlen(host) ||
	       text_starts_with(host, "0x") || strcmp(host, "localhost") == 0 ||
	       text_ends_with(host, ".localhost");
}

static bool same_registrable_domain(const psl_ctx_t *list, const char *a, const char *b)
{
	const char *domain_a = psl_registrable_domain(list, a);
	const char *domain_b = psl_registrable_domain(list, b);

	return domain_a && domain_b && strcmp(domain_a, domain_b) == 0;
}

bool origin_same_domain(const struct origin *a, const struct origin *b)
{
	if (origin_is_address(a) || origin_is_address(b))
		return false;

	const psl_ctx_t *builtin = psl_builtin();
	if (builtin)
		return same_registrable_domain(builtin, a->host, b->host);
	/* Some distributions ship the list as a file only. */
	psl_ctx_t *list = psl_latest(NULL);
	bool result = list && same_registrable_domain(list, a->host, b->host);
	psl_free(list);
	return result;
}
