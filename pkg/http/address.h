/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that only mean something on this machine or its link: a redirect from a registry out there
 * has no business with them (cloud metadata services, local daemons). Private networks are not among
 * them: a mirror registry's object storage is often there.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "http/url.h"

/* Loopback, link-local or unspecified. */
bool address_is_local(const struct sockaddr *address);

/* "localhost" or such an address in any notation that a resolver takes (127.1, 0x7f000001, [::1]).
 * Other names are not looked up. */
bool address_is_local_host(const char *host);

/* Whether libcurl will ask a proxy for this URL, as the environment says: then the addresses of
 * connections are the proxy's, and what it will contact is not known here. */
bool address_is_of_proxy(const struct url *url);
