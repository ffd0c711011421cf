/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/realm.h"

#include <string.h>

#include "base/text.h"
#include "http/http.h"
#include "registry/origin.h"

static int refuse(const char *registry_url, const char *realm_url, const char *why, struct error *err)
{
	CLEANUP(free_string) char *redacted = http_redacted_url(realm_url);
	CLEANUP(free_string) char *shown = text_escaped(redacted);

	error_set(err, ERROR_INVALID, "token server %s is not trusted with the credentials of %s: %s", shown,
		  registry_url, why);
	return error_advise(err,
			    "the registry's WWW-Authenticate header names it, ask who runs the registry");
}

static bool is_host_or_below(const char *host, const char *domain)
{
	size_t length = strlen(host), domain_length = strlen(domain);

	if (length < domain_length || strcmp(host + length - domain_length, domain) != 0)
		return false;
	return length == domain_length || host[length - domain_length - 1] == '.';
}

/* Registries whose token server is known to be on another domain. */
static bool is_known_pair(const struct origin *registry, const struct origin *realm)
{
	static const struct {
		const char *registry, *realm;
	} pairs[] = {
		{"lscr.io", "ghcr.io"}, /* LinuxServer's name for its place at GitHub */
		{"nvcr.io", "authn.nvidia.com"},
		{"redhat.io", "sso.redhat.com"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
		if (is_host_or_below(registry->host, pairs[i].registry) &&
		    strcmp(realm->host, pairs[i].realm) == 0 && !realm->is_http)
			return true;
	return false;
}

int realm_check(const char *registry_url, const char *realm_url, bool is_insecure, struct error *err)
{
	CLEANUP(origin_release) struct origin registry = ORIGIN_INIT;
	CLEANUP(origin_release) struct origin realm = ORIGIN_INIT;

	if (origin_parse(&registry, registry_url, err) < 0)
		return -1;
	if (origin_parse(&realm, realm_url, err) < 0)
		return error_wrap(err, "token server that %s names", registry_url);
	if (realm.is_http && !registry.is_http)
		return refuse(registry_url, realm_url, "it speaks http, the registry https", err);
	if (origin_same_host(&registry, &realm)) {
		/* Behind the ports of an address may be anybody, another user's or a forwarded one:
		 * unless its certificate says that it is the address, or the user that it does not
		 * matter. */
		if (!origin_is_address(&realm) || !realm.is_http || is_insecure ||
		    strcmp(registry.port, realm.port) == 0)
			return 0;
		return refuse(registry_url, realm_url, "it is on another port of an address", err);
	}
	if (origin_same_domain(&registry, &realm) || is_known_pair(&registry, &realm))
		return 0;
	return refuse(registry_url, realm_url,
		      origin_is_address(&realm) ? "it is on another address" : "it is on another domain",
		      err);
}
