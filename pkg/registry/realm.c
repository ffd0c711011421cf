/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/realm.h"

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

int realm_check(const char *registry_url, const char *realm_url, struct error *err)
{
	CLEANUP(origin_release) struct origin registry = ORIGIN_INIT;
	CLEANUP(origin_release) struct origin realm = ORIGIN_INIT;

	if (origin_parse(&registry, registry_url, err) < 0)
		return -1;
	if (origin_parse(&realm, realm_url, err) < 0)
		return error_wrap(err, "token server that %s names", registry_url);
	if (realm.is_http && !registry.is_http)
		return refuse(registry_url, realm_url, "it speaks http, the registry https", err);
	if (origin_same_host(&registry, &realm) || origin_same_domain(&registry, &realm))
		return 0;
	return refuse(registry_url, realm_url, "it is on another domain", err);
}
